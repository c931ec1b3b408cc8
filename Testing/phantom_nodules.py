"""Add synthetic nodules of known volume to a case list: `python Testing/phantom_nodules.py CASES.csv`.

Readers draw nodules larger than they are: where LIDC-IDRI's consensus mask of a solid nodule of 6 to 12 mm is compared
with the voxels above half of its contrast, it holds about 1.6 times as many. A model that has seen nothing else
repeats that. So a share of boxes cut from rendered chests, whose truth is known, is added beside the list, in a folder
of its own; each chest is one group. Their seeds start far from the demonstration's.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from AutoLabelLib.core.affine import cropped_affine, index_from_ras
from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import write_image
from AutoLabelLib.phantom.chest import ChestPhantom, chest_phantom
from AutoLabelLib.phantom.placement import Plan

CHESTS = 14
NODULES_PER_CHEST = 9
FIRST_SEED = 7000
BOX_MM = 56.0
_KINDS = ("solid", "solid", "lobulated", "sub-solid", "pleural", "vessel-attached")


def render(seed: int) -> ChestPhantom:
    """Return a chest with random nodules, slices and noise."""
    rng = np.random.default_rng(seed)
    plans = tuple(
        Plan(str(rng.choice(_KINDS)), float(np.exp(rng.uniform(np.log(4.0), np.log(25.0)))))
        for _ in range(NODULES_PER_CHEST)
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


def main(cases: Path) -> int:
    """Render, write, and append to the list."""
    folder = cases.parent / "phantom_nodules"
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + CHESTS):
        name = f"PHANTOM-{seed}"
        rows += [(image, mask, name) for image, mask in write_boxes(render(seed), name, folder)]
        print(f"{name}: {len(rows)} nodules so far", flush=True)
    with cases.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            (image.relative_to(cases.parent), mask.relative_to(cases.parent), group) for image, mask, group in rows
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
