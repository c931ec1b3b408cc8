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


def write_csv(path: str | Path, rows: Sequence[Mapping[str, Any]], *, for_spreadsheets: bool = False) -> None:
    """Write rows as a CSV file with a header; a value that a row lacks, None and NaN become an empty field.

    Args:
        path: Where to.
        rows: One mapping per row; the columns are all keys, in the order in which they first occur.
        for_spreadsheets: Whether the file begins with the mark by which Excel knows UTF-8, and texts that Excel would
            take for formulas begin with an apostrophe: a text may be anyone's, and a formula can send data away.

    Raises:
        FileError: If it cannot be written.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    encoding, field = ("utf-8-sig", _spreadsheet_field) if for_spreadsheets else ("utf-8", _field)
    with replacing(path) as beside, beside.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writerow({key: field(key) for key in columns})
        writer.writerows({key: field(value) for key, value in row.items()} for row in rows)


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


def _spreadsheet_field(value: Any) -> Any:
    """Return a field that no spreadsheet runs as a formula; numbers stay numbers.

    Source: OWASP, CSV injection: fields that begin with one of these characters.
    """
    is_formula = isinstance(value, str) and value.lstrip(" \n").startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else _field(value)


def _field(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else value
