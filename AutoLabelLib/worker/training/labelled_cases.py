"""The list of cases that a classifier is trained on or measured on: a CSV or JSON file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training import case_entries as entries

NO_CLASS = "none"  # the label of a case that was looked at, and of which none of several possible classes is true
_CLASS_SEPARATOR = ";"
_ATTRIBUTE, _PROBABILITY = "attribute:", "probability:"
_COLUMNS = ("image", "mask", "segment", "label", "group", "split")


@dataclass(frozen=True)
class LabelledCase:
    """One image, or one object in it, with its class.

    Attributes:
        images: One file per channel, or one file that holds them all.
        mask: Labelmap with the object; None where the whole image is judged.
        label: Name of the class; several are separated by ";", `NO_CLASS` says that none is true, "" that nobody
            has said (such a case can still teach attributes).
        group: What must stay on one side of a split, usually the patient; the image's path where none is given.
        split: "train", "validation", "test", or "" where the recipe's rule decides.
        attributes: Rating per attribute, as far as it is known.
        segment: Name or label value of the object in the mask; "" for everything that is not 0.
        probabilities: How probable a class is, where that is known better than by a label; a classifier learns these.
    """

    images: tuple[Path, ...]
    mask: Path | None
    label: str
    group: str
    split: str = ""
    attributes: Mapping[str, float] = field(default_factory=dict)
    segment: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the image file without its extensions, and of the segment, for messages and tables."""
        return " ".join(filter(None, (self.images[0].name.partition(".")[0], self.segment)))

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that are true; empty where there are none, or where nobody has said."""
        names = (name.strip() for name in self.label.split(_CLASS_SEPARATOR))
        return tuple(name for name in names if name and name != NO_CLASS)


def read_labelled_cases(path: str | Path) -> list[LabelledCase]:
    """Return the cases of a list, in its order.

    A CSV has the column image, and may have mask, segment, label, group, split and any number of columns
    attribute:NAME and probability:CLASS with numbers; a JSON holds a list of objects with these keys (or
    {"cases": [...]}). Several channels are separated by ";" in CSV and form a list in JSON. Relative paths start at the
    list's folder.

    Raises:
        FileError: If the list or one of its files is missing or cannot be read.
        InputError: If an entry has no image or a rating that is no number, an object is listed twice, or a patient is
            in more than one split.
    """
    path = Path(path)
    cases = [
        _case(entry, f'Entry {number} of the case list "{path.name}"', path.parent)
        for number, entry in enumerate(entries.read_entries(path, "image,mask,label"), start=1)
    ]
    _refuse_doubles(cases, path)
    files = [file for case in cases for file in (*case.images, case.mask) if file is not None]
    entries.refuse_missing(dict.fromkeys(files), path)
    entries.refuse_torn_groups(cases, path)
    return cases


def write_labelled_cases(path: Path, cases: Iterable[LabelledCase]) -> None:
    """Write a case list that `read_labelled_cases` reads, with paths that start at its folder.

    Raises:
        FileError: If it cannot be written.
    """
    cases = list(cases)
    names = list(dict.fromkeys(name for case in cases for name in case.attributes))
    classes = list(dict.fromkeys(name for case in cases for name in case.probabilities))
    rows = [
        _row(case, path.parent) + _cells(case.attributes, names) + _cells(case.probabilities, classes) for case in cases
    ]
    columns = (*_COLUMNS, *(_ATTRIBUTE + name for name in names), *(_PROBABILITY + name for name in classes))
    entries.write_rows(path, columns, rows)


def class_names(cases: Iterable[LabelledCase]) -> tuple[str, ...]:
    """Return the classes that occur in a list, sorted: numbers by value, before words."""
    names = {name for case in cases for name in case.classes}
    return tuple(sorted(names, key=_by_value))


def _by_value(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _row(case: LabelledCase, folder: Path) -> list[str]:
    own_group = case.group == str(case.images[0])
    return [
        entries.joined(case.images, folder),
        entries.relative(case.mask, folder) if case.mask else "",
        case.segment,
        case.label,
        "" if own_group else case.group,
        case.split,
    ]


def _cells(numbers: Mapping[str, float], names: list[str]) -> list[str]:
    return [f"{numbers[name]:g}" if name in numbers else "" for name in names]


def _case(entry: dict[str, Any], where: str, folder: Path) -> LabelledCase:
    files, mask = entries.image_files(entry, folder), entries.text(entry, "mask")
    if not files:
        raise InputError(f"{where} has no image.", "It needs the column image, and mask where an object is judged.")
    return LabelledCase(
        files,
        folder / mask if mask else None,
        _label(entry),
        entries.text(entry, "group") or str(files[0]),
        entries.split_of(entry, where),
        _numbers(entry, _ATTRIBUTE, where),
        entries.text(entry, "segment"),
        _probabilities(entry, where),
    )


def _label(entry: dict[str, Any]) -> str:
    label = entry.get("label")
    if isinstance(label, list):
        return _CLASS_SEPARATOR.join(map(str, label)) or NO_CLASS
    return entries.text(entry, "label")


def _probabilities(entry: dict[str, Any], where: str) -> dict[str, float]:
    found = _numbers(entry, _PROBABILITY, where)
    wrong = [name for name, value in found.items() if not 0 <= value <= 1]
    if wrong:
        raise InputError(f"{where} has a probability of {wrong[0]} that is not from 0 to 1.")
    return found


def _numbers(entry: dict[str, Any], prefix: str, where: str) -> dict[str, float]:
    """Return the numbers of an entry's columns with that prefix, by the rest of the column's name."""
    found = {}
    for column in entry:
        value = entries.text(entry, column) if str(column).startswith(prefix) else ""
        if not value:
            continue
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f'{where} has "{value}" for {column}.', "Write a number, or leave it empty.")
        found[str(column).removeprefix(prefix)] = number
    return found


def _refuse_doubles(cases: list[LabelledCase], path: Path) -> None:
    seen: set[tuple[object, ...]] = set()
    for case in cases:
        key = (tuple(file.resolve() for file in case.images), case.mask and case.mask.resolve(), case.segment)
        if key in seen:
            raise InputError(
                f'The case "{case.name}" is listed twice in "{path.name}".',
                "Several objects of one image need masks, or segments of one mask, of their own.",
            )
        seen.add(key)
