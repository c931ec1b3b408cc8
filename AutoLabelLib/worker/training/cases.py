"""The list of cases that a segmentation model is trained on or measured on: a CSV or JSON file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training import case_entries as entries

SPLITS = entries.SPLITS


@dataclass(frozen=True)
class Case:
    """One image with its reference.

    Attributes:
        images: One file per channel, or one file that holds them all.
        label: The reference labelmap.
        group: What must stay on one side of a split, usually the patient; the case's own name where none is given.
        split: "train", "validation", "test"; "fold_1", "fold_2", … in a cross-validation, where each case is a test
            case of one network; or "" where the recipe's rule decides.
        exact: Whether the label is known to be true, as in a rendered image, rather than drawn by a reader.
    """

    images: tuple[Path, ...]
    label: Path
    group: str
    split: str = ""
    exact: bool = False

    @property
    def name(self) -> str:
        """Name of the label file without its extensions, for messages and tables."""
        return self.label.name.partition(".")[0]


def read_cases(path: str | Path) -> list[Case]:
    """Return the cases of a list, in its order.

    A CSV has the columns image and label, and may have group, split and exact ("yes"); a JSON holds a list of objects
    with these keys (or {"cases": [...]}). Several channels are separated by ";" in CSV and form a list in JSON.
    Relative paths start at the list's folder.

    Raises:
        FileError: If the list or one of its files is missing or cannot be read.
        InputError: If an entry is incomplete, a file is listed twice, or a split is unknown.
    """
    path = Path(path)
    cases = [
        _case(entry, f'Entry {number} of the case list "{path.name}"', path.parent)
        for number, entry in enumerate(entries.read_entries(path, "image,label"), start=1)
    ]
    _refuse_doubles(cases, path)
    entries.refuse_missing((file for case in cases for file in (*case.images, case.label)), path)
    entries.refuse_torn_groups(cases, path)
    return cases


def write_cases(path: Path, cases: Iterable[Case]) -> None:
    """Write a case list that `read_cases` reads, with paths that start at its folder.

    Raises:
        FileError: If it cannot be written.
    """
    rows = [
        (
            entries.joined(case.images, path.parent),
            entries.relative(case.label, path.parent),
            entries.relative(case.label, path.parent) if case.group == str(case.label) else case.group,
            case.split,
            entries.TICKED if case.exact else "",
        )
        for case in cases
    ]
    # Only lists with a rendered case have the last column.
    columns = ("image", "label", "group", "split", "exact")[: 5 if any(row[-1] for row in rows) else 4]
    entries.write_rows(path, columns, [row[: len(columns)] for row in rows])


def _case(entry: dict[str, Any], where: str, folder: Path) -> Case:
    files, label = entries.image_files(entry, folder), entries.text(entry, "label")
    if not files or not label:
        raise InputError(f"{where} has no image or no label.", "It needs the columns image and label.")
    label_file = folder / label
    group, split = entries.text(entry, "group") or str(label_file), entries.split_of(entry, where)
    return Case(files, label_file, group, split, entries.is_ticked(entry, "exact", where))


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
