"""What an evaluation compares: pairs in the job, files in a list, or cases that a model shall segment first.

A list is a CSV or JSON file, or the entries themselves. Its columns or keys are `prediction` and `reference` (or
`label`); where a model makes the predictions, `image` and `label`, as for training. `group` (the patient) and `split`
are optional. Relative paths start at the list's folder.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.worker.training import cases as case_lists
from AutoLabelLib.worker.training.case_entries import fold_of
from AutoLabelLib.worker.training.split import AnyCase, cross_validation, labelled_by_fold

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class JudgedCase:
    """One case of an evaluation.

    Attributes:
        name: What a table calls it.
        group: What it belongs to, usually the patient.
        reference: The truth, or its file.
        prediction: What is judged, or its file; None where a model makes it from the images.
        images: Files, one per channel, or one that holds them all.
        network: Number, from 0 on, of the model's network that is judged; None: the model as a whole.
    """

    name: str
    group: str
    reference: Labelmap | Path
    prediction: Labelmap | Path | None = None
    images: tuple[Path, ...] = ()
    network: int | None = None


def judged_cases(job: Job, split: str = "") -> list[JudgedCase]:
    """Return the cases that a job names.

    Args:
        job: With labelmaps (prediction, reference, prediction, reference, …) or the option "cases".
        split: Only "train", "validation" or "test" cases; "" for all. In a list with folds, as a cross-validation
            writes it, all are test cases, each of the network that has not seen it.

    Raises:
        InputError: If there is none, an entry is incomplete, or the split is not known.
        FileError: If the list cannot be read.
    """
    if split and split not in SPLITS:
        raise InputError(f'There is no split "{split}".', f"Use one of: {', '.join(SPLITS)}.")
    if job.labelmaps:
        return _pairs(job.labelmaps)
    source = job.options.get("cases")
    if not source:
        raise InputError("There is nothing to evaluate.", "Give a prediction and a reference, or a list of cases.")
    if job.model_folder and isinstance(source, str):
        cases = _listed(case_lists.read_cases(source), split, Path(job.model_folder))
    else:
        cases = _from_entries(*_entries(source), split, bool(job.model_folder))
    if not cases:
        raise InputError(f'No case of the list is in the split "{split}".', "Check the list's column split.")
    return _distinctly_named(cases)


def _distinctly_named(cases: list[JudgedCase]) -> list[JudgedCase]:
    """Return cases with names of their own: some data sets give each patient a folder of equally named files."""
    names = [case.name for case in cases]
    folders = [case.reference.parent.parts if isinstance(case.reference, Path) else () for case in cases]
    for depth in range(1, 1 + max(map(len, folders), default=0)):
        if len(set(names)) == len(names):
            break
        names = ["/".join((*parts[-depth:], case.name)) for parts, case in zip(folders, cases, strict=True)]
    if len(set(names)) < len(names):  # several predictions of one reference
        names = [f"{number}: {name}" for number, name in enumerate(names, start=1)]
    return [replace(case, name=name) for case, name in zip(cases, names, strict=True)]


def _pairs(labelmaps: Sequence[Labelmap]) -> list[JudgedCase]:
    if len(labelmaps) % 2:
        raise InputError(f"Expected pairs of a prediction and a reference, got {len(labelmaps)} labelmaps.")
    pairs = zip(labelmaps[::2], labelmaps[1::2], strict=True)
    return [JudgedCase(f"case {n}", f"case {n}", true, predicted) for n, (predicted, true) in enumerate(pairs, start=1)]


def _listed(cases: Sequence[case_lists.Case], split: str, model_folder: Path) -> list[JudgedCase]:
    """Return the cases of a split; of a list with folds, all as test cases, each of the network of its fold."""
    labelled = _labelled(cases, model_folder) if split else cases
    if split == "test" and any(fold_of(case.split) is not None for case in labelled):
        return [_from_case(case, fold_of(case.split)) for case in labelled]
    return [_from_case(case) for case in labelled if not split or case.split == split]


def _from_case(case: case_lists.Case, network: int | None = None) -> JudgedCase:
    return JudgedCase(case.name, case.group, case.label, images=case.images, network=network)


def of_split(cases: Sequence[AnyCase], split: str, model_folder: Path) -> Sequence[AnyCase]:
    """Return the cases of a split, all for "": as the list says, or by the rule that the model was trained with.

    Raises:
        InputError: If neither the list nor the model says which cases are in which split.
    """
    return [case for case in _labelled(cases, model_folder) if case.split == split] if split else cases


def _labelled(cases: Sequence[AnyCase], model_folder: Path) -> Sequence[AnyCase]:
    """Return cases that say which split they are in: as the list says, or by the rule the model was trained with."""
    if any(case.split for case in cases):
        return cases
    return labelled_by_fold(cross_validation(cases, _holdout(model_folder)))


def _holdout(model_folder: Path) -> dict[str, Any]:
    """Return the rule that set cases apart when a model was trained; `autolabel train` leaves it in the bundle."""
    try:
        return dict(json.loads((model_folder / "docs" / "training.json").read_text(encoding="utf-8"))["holdout"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f'Neither the list nor the model "{model_folder.name}" says which cases are in which split.',
            "Add a column split to the list.",
        ) from problem


def _entries(source: str | Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], Path]:
    """Return the entries of a list, and the folder at which its relative paths start."""
    if not isinstance(source, str):
        return [dict(entry) for entry in source], Path()
    path = Path(source)
    try:
        if path.suffix.lower() == ".json":
            content = json.loads(path.read_text(encoding="utf-8"))
            entries = content["cases"] if isinstance(content, dict) else content
        else:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                entries = list(csv.DictReader(stream))
        return [dict(entry) for entry in entries], path.parent
    except FileNotFoundError as problem:
        raise FileError(f'There is no case list "{path}".', "Write a CSV with prediction,reference.") from problem
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as problem:
        raise FileError(f'The case list "{path.name}" cannot be read: {problem}.') from problem


def _from_entries(entries: list[dict[str, Any]], folder: Path, split: str, has_model: bool) -> list[JudgedCase]:
    if not entries:
        raise InputError("The list of cases is empty.")
    chosen = [(n, entry) for n, entry in enumerate(entries, start=1) if not split or entry.get("split") == split]
    return [_from_entry(entry, number, folder, has_model) for number, entry in chosen]


def _from_entry(entry: Mapping[str, Any], number: int, folder: Path, has_model: bool) -> JudgedCase:
    reference = entry.get("reference") or entry.get("label")
    wanted = entry.get("image") if has_model else entry.get("prediction")
    if not reference or not wanted:
        column = "image" if has_model else "prediction"
        raise InputError(f"Entry {number} of the list has no {column} or no reference.", "Give a file for both.")
    path = folder / str(reference)
    name = str(entry.get("name") or path.name.partition(".")[0])
    group = str(entry.get("group") or path)
    if has_model:
        files = wanted.split(";") if isinstance(wanted, str) else wanted
        return JudgedCase(name, group, path, images=tuple(folder / str(file).strip() for file in files))
    return JudgedCase(name, group, path, folder / str(wanted))
