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


def print_columns(
    rows: Sequence[Sequence[Any]], header: Sequence[str], decimals: Mapping[str, int] | None = None
) -> None:
    """Print rows in aligned columns, numbers to the right.

    Args:
        rows: One value per column.
        header: Title of each column.
        decimals: For the titles of columns whose numbers shall not have three decimals: how many.
    """
    places = [(decimals or {}).get(title, 3) for title in header]
    body = ([_cell(value, count) for value, count in zip(row, places, strict=True)] for row in rows)
    cells = [list(header), *body]
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


def _cell(value: Any, decimals: int) -> str:
    if value is None:
        return "–"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
