"""Tables and reports as CSV and JSON files."""

from __future__ import annotations

import csv
import json
import math
import numbers
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from AutoLabelLib.files.atomic import replacing


def write_csv(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a CSV file with a header; a value that a row lacks, None and NaN become an empty field.

    Args:
        path: Where to.
        rows: One mapping per row; the columns are all keys, in the order in which they first occur.

    Raises:
        FileError: If it cannot be written.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows({key: _field(value) for key, value in row.items()} for row in rows)


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON that every reader takes: NaN and infinity, which JSON does not know, become null.

    Raises:
        FileError: If it cannot be written.
    """
    text = json.dumps(plain_json(value), indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as beside:
        beside.write_text(text + "\n", encoding="utf-8")


def plain_json(value: Any) -> Any:
    """Return a value made of what JSON knows: paths become text, tuples lists, NaN and infinity None."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(part) for part in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):  # numpy's integers are no int
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    return str(value)


def _field(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else value
