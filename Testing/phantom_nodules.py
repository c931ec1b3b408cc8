"""Add synthetic nodules of known volume to a case list: `python Testing/phantom_nodules.py CASES [--output NEW]`.

Readers draw nodules larger than they are: where LIDC-IDRI's consensus mask of a solid nodule of 6 to 12 mm is compared
with the voxels above half of its contrast, it holds about 1.6 times as many. A model that has seen nothing else
repeats that. So boxes cut from rendered chests, whose truth is known, are added, in a folder beside the new list; each
chest is one group. If the list has splits, every fifth chest is a test case. Seeds start far from the demonstration's.
With --output, rendered boxes of the list are replaced; without, the list grows.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path

import numpy as np

from AutoLabelLib.core.affine import cropped_affine, index_from_ras
from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import write_image
from AutoLabelLib.phantom.chest import ChestPhantom, chest_phantom
from AutoLabelLib.phantom.placement import Plan

NODULES_PER_CHEST = 10
BOX_MM = 56.0
_PREFIX = "PHANTOM-"
_KINDS = ("solid", "solid", "lobulated", "sub-solid", "pleural", "vessel-attached")


def render(seed: int) -> ChestPhantom:
    """Return a chest with random nodules, slices and noise."""
    rng = np.random.default_rng(seed)
    # Half of them are small, where a rim of half a voxel already is a third of the volume.
    largest_mm = rng.permutation([11.0, 25.0] * (NODULES_PER_CHEST // 2))
    plans = tuple(
        Plan(str(rng.choice(_KINDS)), float(np.exp(rng.uniform(np.log(4.5), np.log(largest)))))
        for largest in largest_mm
    )
    pixel_mm = float(rng.uniform(0.6, 0.9))
    slice_mm = float(rng.choice([0.75, 1.0, 1.25, 1.5, 2.0, 2.5]))
    shape = (round(336 / pixel_mm), round(240 / pixel_mm), round(150 / slice_mm))
    return chest_phantom(seed, plans, shape, (pixel_mm, pixel_mm, slice_mm), float(rng.uniform(8, 38)))


def write_boxes(phantom: ChestPhantom, name: str, folder: Path) -> list[tuple[Path, Path]]:
    """Write a box of image and mask around each nodule, and return their paths."""
    affine, shape = phantom.image.affine, phantom.image.spatial_shape
    half = BOX_MM / 2 / np.asarray(phantom.image.spacing_mm)
    written = []
    for nodule, segment in zip(phantom.nodules, phantom.truth.segments, strict=True):
        mask = phantom.truth.mask(segment)
        if not mask.any():
            continue
        middle = index_from_ras(affine, nodule.center_ras_mm)
        low = np.maximum(np.round(middle - half), 0).astype(int)
        high = np.minimum(np.round(middle + half), shape).astype(int)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        paths = (folder / "images" / f"{name}_{nodule.name}.nii.gz", folder / "masks" / f"{name}_{nodule.name}.nii.gz")
        for path, array in zip(paths, (phantom.image.array[0][box], mask[box].astype(np.uint8)), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, Image(array[None], cropped_affine(affine, low)))
        written.append(paths)
    return written


def main(cases: Path, output: Path, chests: int, first_seed: int) -> int:
    """Render, write the boxes, and write the list."""
    with cases.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(rows[0])
    if output != cases:
        rows = [row for row in rows if not row["group"].startswith(_PREFIX)]
    columns += ["exact"] if "exact" not in columns else []
    for row in rows:
        row |= {key: os.path.relpath(cases.parent / row[key], output.parent) for key in ("image", "label")}
    for seed in range(first_seed, first_seed + chests):
        name = f"{_PREFIX}{seed}"
        split = {"split": "train" if seed % 5 else "test"} if "split" in columns else {}
        for paths in write_boxes(render(seed), name, output.parent / "phantom_nodules"):
            image, label = (os.path.relpath(path, output.parent) for path in paths)
            rows.append({"image": image, "label": label, "group": name, "exact": "yes", **split})
        print(f"{name}: {len(rows)} cases so far", flush=True)
    with output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--output", type=Path, help="write the list with its boxes there instead")
    parser.add_argument("--chests", type=int, default=14)
    parser.add_argument("--seed", type=int, default=7000, help="of the first chest")
    options = parser.parse_args()
    sys.exit(main(options.cases, options.output or options.cases, options.chests, options.seed))
