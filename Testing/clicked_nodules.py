"""Segment listed nodules from one click: `python Testing/clicked_nodules.py CASES.csv OUTPUT_FOLDER`.

CASES.csv is a list of labelled nodules, as Testing/data_lists.py writes lung_nodule_malignancy_ct.csv. Every nodule is
clicked once in its middle, and lung_nodule_ct segments it in float32. OUTPUT_FOLDER gets those masks, and nodules.csv
with every nodule twice: with the given mask and with the one from the click. A click that finds nothing gives no second
row. Malignancy rated 3 has no label; --ratings DATA_FOLDER/lung_nodule_ct/nodules.csv adds how probable malignancy is
by its rating from 1 to 5 (0.03, 0.15, 0.5, 0.85, 0.97), for a classifier to learn from.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import segmentation
from AutoLabelLib.worker.training.clicks import central_voxel
from AutoLabelLib.worker.training.labelled_cases import LabelledCase, read_labelled_cases, write_labelled_cases

SEGMENTER = Path(__file__).resolve().parents[1] / "Resources" / "Models" / "lung_nodule_ct"
MALIGNANT_BY_RATING = {1: 0.03, 2: 0.15, 3: 0.5, 4: 0.85, 5: 0.97}


def clicked(case: LabelledCase) -> Labelmap:
    """Return what lung_nodule_ct segments after a click in the middle of a case's mask."""
    assert case.mask is not None
    image, mask = read_image(case.images[0]), read_voxels(case.mask).array[0] > 0
    image = Image(image.array, image.affine, modality="CT", unit="HU")
    r, a, s = ras_from_index(image.affine, central_voxel(mask, image.spacing_mm))
    prompts = Prompts(points=(Point((float(r), float(a), float(s))),))
    job = Job("segmentation", str(SEGMENTER), (image,), prompts=prompts, options={"engine": "fp32", "device": "cpu"})
    return segmentation.run(job, TaskContext()).labelmaps[0]


def with_ratings(cases: list[LabelledCase], path: Path) -> list[LabelledCase]:
    """Return cases that say how probable malignancy is by its rating."""
    with path.open(newline="", encoding="utf-8") as stream:
        rating_of: Mapping[str, int] = {row["file"]: int(row["malignancy"]) for row in csv.DictReader(stream)}
    return [
        replace(case, probabilities={"malignant": MALIGNANT_BY_RATING[rating_of[case.images[0].name]]})
        for case in cases
    ]


def main() -> None:
    """Segment the nodules of a list, and write the list with both masks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--ratings", type=Path)
    arguments = parser.parse_args()
    masks = arguments.output / "clicked"
    masks.mkdir(parents=True, exist_ok=True)
    cases = read_labelled_cases(arguments.cases)
    if arguments.ratings:
        cases = with_ratings(cases, arguments.ratings)
    both = []
    for number, case in enumerate(cases, start=1):
        both.append(case)
        path = masks / case.images[0].name
        if not path.exists():
            labelmap = clicked(case)
            if not labelmap.array.any():
                continue
            write_labelmap(path, labelmap)
        both.append(replace(case, mask=path))
        print(f"\r{number} of {len(cases)}", end="", flush=True)
    write_labelled_cases(arguments.output / "nodules.csv", both)
    print(f"\n{arguments.output / 'nodules.csv'}")


if __name__ == "__main__":
    main()
