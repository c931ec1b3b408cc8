"""The list of cases that a model is trained on or measured on: a CSV or JSON file."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import FileError, InputError

SPLITS = ("", "train", "validation", "test")
_CHANNEL_SEPARATOR = ";"  # between the files of one multi-channel case


@dataclass(frozen=True)
class Case:
    """One image with its reference.

    Attributes:
        images: One file per channel, or one file that holds them all.
        label: The reference labelmap.
        group: What must stay on one side of a split, usually the patient; the case's own name where none is given.
        split: "train", "validation", "test", or "" where the recipe's rule decides.
    """

    images: tuple[Path, ...]
    label: Path
    group: str
    split: str = ""

    @property
    def name(self) -> str:
        """Name of the label file without its extensions, for messages and tables."""
        return self.label.name.partition(".")[0]


def read_cases(path: str | Path) -> list[Case]:
    """Return the cases of a list, in its order.

    A CSV has the columns image and label, and may have group and split; a JSON holds a list of objects with these
    keys (or {"cases": [...]}). Several channels are separated by ";" in CSV and form a list in JSON. Relative paths
    start at the list's folder.

    Raises:
        FileError: If the list or one of its files is missing or cannot be read.
        InputError: If an entry is incomplete, a file is listed twice, or a split is unknown.
    """
    path = Path(path)
    try:
        entries = _read_json(path) if path.suffix.lower() == ".json" else _read_csv(path)
    except FileNotFoundError as problem:
        raise FileError(f'There is no case list "{path}".', "Write a CSV with the columns image,label.") from problem
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as problem:
        raise FileError(f'The case list "{path.name}" cannot be read: {problem}.') from problem
    if not entries:
        raise InputError(f'The case list "{path.name}" is empty.')
    cases = [_case(entry, number, path) for number, entry in enumerate(entries, start=1)]
    _refuse_doubles(cases, path)
    _refuse_missing(cases, path)
    _refuse_torn_groups(cases, path)
    return cases


def write_cases(path: Path, cases: Iterable[Case]) -> None:
    """Write a case list that `read_cases` reads, with paths that start at its folder.

    Raises:
        FileError: If it cannot be written.
    """
    rows = [
        (
            _CHANNEL_SEPARATOR.join(_relative(file, path.parent) for file in case.images),
            _relative(case.label, path.parent),
            _relative(case.label, path.parent) if case.group == str(case.label) else case.group,
            case.split,
        )
        for case in cases
    ]
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(("image", "label", "group", "split"))
            writer.writerows(rows)
    except OSError as problem:
        raise FileError(f'The case list "{path}" cannot be written: {problem.strerror}.') from problem


def _relative(file: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive of a Windows machine
        return str(file.resolve())


def _read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def _read_json(path: Path) -> list[dict[str, Any]]:
    entries = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(entries, dict):
        entries = entries.get("cases", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("expected a list of objects with image and label")
    return entries


def _case(entry: dict[str, Any], number: int, path: Path) -> Case:
    images = entry.get("image") or ""
    names = images.split(_CHANNEL_SEPARATOR) if isinstance(images, str) else images
    names = [str(name).strip() for name in names if str(name).strip()]
    label = str(entry.get("label") or "").strip()
    where = f'Entry {number} of the case list "{path.name}"'
    if not names or not label:
        raise InputError(f"{where} has no image or no label.", "It needs the columns image and label.")
    split = str(entry.get("split") or "").strip().lower()
    if split not in SPLITS:
        raise InputError(f'{where} has the split "{split}".', "Use train, validation or test, or leave it empty.")
    files = tuple(path.parent / name for name in names)
    label_file = path.parent / label
    group = str(entry.get("group") or "").strip() or str(label_file)
    return Case(files, label_file, group, split)


def _refuse_doubles(cases: list[Case], path: Path) -> None:
    for kind, files in (
        ("image", [file for case in cases for file in case.images]),
        ("label", [case.label for case in cases]),
    ):
        seen: set[Path] = set()
        for file in files:
            if file.resolve() in seen:
                raise InputError(f'The {kind} "{file.name}" is listed twice in "{path.name}".')
            seen.add(file.resolve())


def _refuse_missing(cases: list[Case], path: Path) -> None:
    missing = [file for case in cases for file in (*case.images, case.label) if not file.is_file()]
    if missing:
        raise FileError(
            f'{len(missing)} file(s) of the case list "{path.name}" do not exist, the first is "{missing[0]}".',
            "Relative paths start at the folder of the list.",
        )


def _refuse_torn_groups(cases: list[Case], path: Path) -> None:
    splits: dict[str, str] = {}
    for case in cases:
        if splits.setdefault(case.group, case.split) != case.split:
            raise InputError(
                f'The group "{case.group}" is in more than one split of "{path.name}".',
                "All cases of a patient belong on one side.",
            )
