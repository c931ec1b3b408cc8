"""What the verbs print: aligned columns for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as JSON; NaN becomes null."""
    from AutoLabelLib.files.tables import plain_json

    print(json.dumps(plain_json(value), indent=1, ensure_ascii=False, allow_nan=False))


def print_columns(rows: Sequence[Sequence[Any]], header: Sequence[str]) -> None:
    """Print rows in aligned columns, numbers to the right."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    numeric = [bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    for row in cells:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        print("  ".join(padded).rstrip())


def print_warnings(warnings: Iterable[str]) -> None:
    """Print each warning on a line of stderr."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
