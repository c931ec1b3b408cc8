"""Measure a promptable model with a simulated user: `python Testing/measure_interaction.py DATA_FOLDER`.

The user clicks in the middle of the object, and then again and again in the middle of the largest region where the
result errs, as a correction. Each answer is a worker job with all prompts up to then. Cases of DATA_FOLDER:

    nodules        lung_nodule_ct, the consensus masks
    hippocampus    hippocampus_mr, both parts as one object
    organs         ct/torso_ct_3mm, every label with at least 150 voxels

Every second patient (of the torso, every second label) is in the half "tune", on which the method's constants were
chosen; the others are in the half "report". With --first box, scribble or lasso, the first prompt is that instead: the
box around the object grown by 2 mm, a stroke along the longest row of its largest slice, or a loop around that slice
grown by 2 mm.

With --start MODEL and the set "hippocampus", each part that MODEL labels is a case of its own, and the first prompt
corrects what MODEL found. The cases are then those that it never saw: every 6th by name.

Prints the mean Dice after 1, 2, 3, 5 and 10 prompts with 95 % bootstrap intervals over patients; --output writes JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompt, Prompts, Scribble
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.simulated_user import next_correction
from AutoLabelLib.worker.evaluation.statistics import mean_interval
from AutoLabelLib.worker.tasks import segmentation

SETS = ("nodules", "hippocampus", "organs")
HALVES = ("tune", "report")
FIRSTS = ("point", "box", "scribble", "lasso")
AFTER = (0, 1, 2, 3, 5, 10)
_FEWEST_VOXELS = 150
_HELD_OUT_EVERY, _HELD_OUT_FROM = 6, 5  # as the recipe hippocampus_mr says
_MARGIN_MM = 2.0


@dataclass(frozen=True)
class Case:
    """An object to be found.

    Attributes:
        name: Of its file or label.
        group: Patient.
        image: The image.
        truth: (I, J, K) bool.
        start: What is corrected; None: the first prompt finds the object.
    """

    name: str
    group: str
    image: Image
    truth: NDArray[np.bool_]
    start: Labelmap | None = None

    @property
    def found(self) -> NDArray[np.bool_]:
        """What there is before the first prompt, (I, J, K) bool."""
        return np.zeros_like(self.truth) if self.start is None else self.start.array[0] > 0


def cases_of(data: Path, name: str, half: str, most: int) -> Iterator[Case]:
    """Yield the cases of a set that are in a half; at most so many, evenly spread."""
    first = HALVES.index(half)
    if name == "organs":
        image = read_image(data / "ct" / "torso_ct_3mm.nii.gz", modality="CT")
        labels = read_voxels(data / "ct" / "torso_ct_3mm_labels.nii.gz").array[0]
        values = [v for v in np.unique(labels)[1:] if np.count_nonzero(labels == v) >= _FEWEST_VOXELS]
        for value in spread(values[first::2], most):
            yield Case(f"label {value}", f"label {value}", image, labels == value)
        return
    folder, masks, modality = (
        ("lung_nodule_ct", "masks", "CT") if name == "nodules" else ("hippocampus_mr", "labels", "MR")
    )
    paths = sorted((data / folder / "images").glob("*.nii.gz"))
    patients = sorted({patient_of(path) for path in paths})
    chosen = [path for path in paths if patient_of(path) in set(patients[first::2])]
    for path in spread(chosen, most):
        truth = read_voxels(data / folder / masks / path.name).array[0] > 0
        yield Case(path.name, patient_of(path), read_image(path, modality=modality), truth)


def started_cases(data: Path, model: str, half: str, most: int) -> Iterator[Case]:
    """Yield each part that a model finds in the hippocampi that it never saw, to be corrected."""
    spec = catalogue.find(model)
    paths = sorted((data / "hippocampus_mr" / "images").glob("*.nii.gz"))[_HELD_OUT_FROM::_HELD_OUT_EVERY]
    for path in spread(paths if half == "all" else paths[HALVES.index(half) :: 2], most):
        image = read_image(path, modality="MR")
        labels = read_voxels(data / "hippocampus_mr" / "labels" / path.name).array[0]
        job = Job("segmentation", str(spec.folder), (image,), options={"device": "cpu"})
        found = segmentation.run(job, TaskContext()).labelmaps[0]
        for segment in found.segments:
            mask = found.mask(segment).astype(np.uint8)[np.newaxis]
            start = Labelmap(mask, image.affine, (Segment(segment.name, 1),))
            truth = labels == segment.label_value
            yield Case(f"{path.name} {segment.name}", path.name, image, truth, start)


def patient_of(path: Path) -> str:
    """Return the patient that a file is of: "LIDC-IDRI-0003_R_2.nii.gz" is of "LIDC-IDRI-0003"."""
    name = path.name.removesuffix(".nii.gz")
    return name.split("_")[0] if name.startswith("LIDC") else name


def spread(items: list[Any], most: int) -> list[Any]:
    """Return at most so many items, evenly spread."""
    step = max(1, -(-len(items) // most))
    return items[::step]


def first_prompt(kind: str, case: Case) -> Prompt | None:
    """Return the prompt that a user begins with who knows the truth; None if nothing is wrong."""
    affine, spacing = case.image.affine, case.image.spacing_mm
    if case.start is not None:
        return correction(case, case.found)
    if kind == "point":
        found = next_correction(np.zeros_like(case.truth), case.truth, spacing)
        assert found is not None
        return Point(position(affine, found.index_ijk))
    if kind == "box":
        corners = ras_from_index(affine, np.argwhere(case.truth))
        return Box(tuple(corners.min(axis=0) - _MARGIN_MM), tuple(corners.max(axis=0) + _MARGIN_MM))
    k = int(np.argmax(np.count_nonzero(case.truth, axis=(0, 1))))
    if kind == "scribble":
        j = int(np.argmax(np.count_nonzero(case.truth[:, :, k], axis=0)))
        row = np.flatnonzero(ndimage.binary_erosion(case.truth[:, j, k], border_value=1))
        row = row if len(row) else np.flatnonzero(case.truth[:, j, k])
        return Scribble(tuple(position(affine, (i, j, k)) for i in row))
    away = ndimage.distance_transform_edt(~case.truth[:, :, k], sampling=spacing[:2])
    inside = np.argwhere(away <= _MARGIN_MM)
    return Lasso(tuple(position(affine, (i, j, k)) for i, j in hull(inside)))


def hull(points: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return the corners of the convex hull of points (N, 2), in order."""
    from scipy.spatial import ConvexHull

    return points[ConvexHull(points).vertices]


def position(affine: NDArray[np.float64], index: Any) -> tuple[float, float, float]:
    """Return a voxel's centre in RAS mm."""
    r, a, s = ras_from_index(affine, index)
    return (float(r), float(a), float(s))


def dice_per_prompt(case: Case, folder: Path, first: str, count: int) -> tuple[list[float], list[float]]:
    """Return Dice before and after each prompt, and the seconds that each took."""
    spec_prompts, seconds = Prompts(), []
    dices = [dice_of(case.found, case.truth)]
    starts = () if case.start is None else (case.start,)
    prompt: Prompt | None = first_prompt(first, case)
    while prompt is not None and len(dices) <= count:
        spec_prompts = spec_prompts.adding(prompt)
        started = time.perf_counter()
        options = {"device": "cpu"}
        result = segmentation.run(
            Job("segmentation", str(folder), (case.image,), starts, spec_prompts, options), TaskContext()
        )
        seconds.append(time.perf_counter() - started)
        found = result.labelmaps[0].array[0] > 0
        dices.append(dice_of(found, case.truth))
        prompt = correction(case, found)
    return dices + [dices[-1]] * (count + 1 - len(dices)), seconds


def dice_of(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return Dice of a result."""
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


def correction(case: Case, found: NDArray[np.bool_]) -> Point | None:
    """Return the next click; None if nothing is wrong."""
    wrong = next_correction(found, case.truth, case.image.spacing_mm)
    return None if wrong is None else Point(position(case.image.affine, wrong.index_ijk), wrong.positive)


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="any_structure")
    parser.add_argument("--start", metavar="MODEL", help="whose answers are corrected")
    parser.add_argument("--half", choices=(*HALVES, "all"), default="report")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--first", choices=FIRSTS, default="point")
    parser.add_argument("--prompts", type=int, default=10)
    parser.add_argument("--most", type=int, default=60, help="cases per set")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--output", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    folder = catalogue.find(arguments.model).folder
    assert folder is not None
    report: dict[str, Any] = {name: getattr(arguments, name) for name in ("model", "start", "half", "first", "most")}
    for name, cases in sets_of(arguments):
        rows, times, groups = [], [], []
        for case in cases:
            dices, seconds = dice_per_prompt(case, folder, arguments.first, arguments.prompts)
            rows.append(dices)
            times += seconds
            groups.append(case.group)
            if arguments.verbose:
                print(case.name, *(f"{dice:.2f}" for dice in dices), file=sys.stderr)
        after = [n for n in AFTER if n <= arguments.prompts and (n or arguments.start)]
        dice = {n: mean_interval([row[n] for row in rows], groups, seed=0).to_json() for n in after}
        report[name] = {"cases": len(rows), "dice": dice, "median_seconds": float(np.median(times))}
        print(f"{name:<12} {len(rows):>4} cases ", *(f"{n}: {dice[n]['mean']:.3f}" for n in after), end="  ")
        print(f"{np.median(times):.3f} s (longest {max(times):.2f} s) a prompt", flush=True)
    if arguments.output:
        arguments.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


def sets_of(arguments: argparse.Namespace) -> Iterator[tuple[str, list[Case] | Iterator[Case]]]:
    """Yield the sets that were asked for, by name; of a start, one for each part that its model labels."""
    if arguments.start is None:
        for name in arguments.sets:
            yield name, cases_of(arguments.data, name, arguments.half, arguments.most)
        return
    cases = list(started_cases(arguments.data, arguments.start, arguments.half, arguments.most))
    parts = [segment.name for segment in catalogue.find(arguments.start).segments]
    for part in parts:
        yield part, [case for case in cases if case.name.endswith(part)]


if __name__ == "__main__":
    sys.exit(main())
