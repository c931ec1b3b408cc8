"""The entries of a case list, whatever the cases are for: rows of a CSV, or objects of a JSON file."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from AutoLabelLib.core.errors import FileError, InputError

SPLITS = ("", "train", "validation", "test")
TICKED = "yes"
_NOT_TICKED = ("", "no")
_FOLD = re.compile(r"fold_([1-9][0-9]*)")
_SEPARATOR = ";"  # between the files of one multi-channel case


class Grouped(Protocol):
    """A case, as far as its side of a split goes."""

    @property
    def group(self) -> str:
        """What must stay on one side, usually the patient."""
        ...

    @property
    def split(self) -> str:
        """One of `SPLITS`, or "fold_1", "fold_2", … in a cross-validation."""
        ...


def read_entries(path: Path, columns: str) -> list[dict[str, Any]]:
    """Return the entries of a list in its order, at least one.

    Args:
        path: CSV with a header, or JSON: a list of objects, or {"cases": [...]}.
        columns: What an entry needs, for the messages, such as "image,label".

    Raises:
        FileError: If the list is missing or cannot be read.
        InputError: If it is empty.
    """
    try:
        entries = _read_json(path, columns) if path.suffix.lower() == ".json" else _read_csv(path)
    except FileNotFoundError as problem:
        raise FileError(f'There is no case list "{path}".', f"Write a CSV with the columns {columns}.") from problem
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as problem:
        raise FileError(f'The case list "{path.name}" cannot be read: {problem}.') from problem
    if not entries:
        raise InputError(f'The case list "{path.name}" is empty.')
    return entries


def text(entry: Mapping[str, Any], column: str) -> str:
    """Return an entry's text in a column, "" where there is none."""
    value = entry.get(column)
    return "" if value is None else str(value).strip()


def image_files(entry: Mapping[str, Any], folder: Path) -> tuple[Path, ...]:
    """Return the files of an entry's image, one per channel; relative paths start at the list's folder."""
    images = entry.get("image") or ""
    names = images.split(_SEPARATOR) if isinstance(images, str) else images
    return tuple(folder / str(name).strip() for name in names if str(name).strip())


def joined(files: Iterable[Path], folder: Path) -> str:
    """Return files as they stand in a CSV in that folder."""
    return _SEPARATOR.join(relative(file, folder) for file in files)


def split_of(entry: Mapping[str, Any], where: str) -> str:
    """Return which set an entry is in.

    Args:
        entry: Of the list.
        where: Which entry of which list, for the message.

    Raises:
        InputError: If it is none of `SPLITS` and no fold.
    """
    split = text(entry, "split").lower()
    if split not in SPLITS and fold_of(split) is None:
        raise InputError(f'{where} has the split "{split}".', "Use train, validation or test, or leave it empty.")
    return split


def is_ticked(entry: Mapping[str, Any], column: str, where: str) -> bool:
    """Return whether an entry says "yes" in a column; `where` names it in the message.

    Raises:
        InputError: If it says neither yes nor no, nor nothing.
    """
    said = text(entry, column).lower()
    if said not in (TICKED, *_NOT_TICKED):
        raise InputError(f'{where} has "{said}" in the column {column}.', "Write yes, or leave it empty.")
    return said == TICKED


def fold_name(number: int) -> str:
    """Return how the fold of that number, from 0 on, stands in a list."""
    return f"fold_{number + 1}"


def fold_of(split: str) -> int | None:
    """Return the number of a fold, from 0 on, as it stands in a list; None for any other split."""
    found = _FOLD.fullmatch(split)
    return int(found[1]) - 1 if found else None


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV with a header.

    Raises:
        FileError: If it cannot be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(rows)
    except OSError as problem:
        raise FileError(f'The case list "{path}" cannot be written: {problem.strerror}.') from problem


def relative(file: Path, folder: Path) -> str:
    """Return a file's path from a folder on, with slashes; its whole path where there is none."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive of a Windows machine
        return str(file.resolve())


def refuse_missing(files: Iterable[Path], path: Path) -> None:
    """Raise FileError if one of the files does not exist."""
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise FileError(
            f'{len(missing)} file(s) of the case list "{path.name}" do not exist, the first is "{missing[0]}".',
            "Relative paths start at the folder of the list.",
        )


def refuse_torn_groups(cases: Iterable[Grouped], path: Path) -> None:
    """Raise InputError if a group is in more than one split."""
    splits: dict[str, str] = {}
    for case in cases:
        if splits.setdefault(case.group, case.split) != case.split:
            raise InputError(
                f'The group "{case.group}" is in more than one split of "{path.name}".',
                "All cases of a patient belong on one side.",
            )


def _read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def _read_json(path: Path, columns: str) -> list[dict[str, Any]]:
    entries = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(entries, dict):
        entries = entries.get("cases", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"expected a list of objects with {columns.replace(',', ' and ')}")
    return entries
