"""A list of labelled cases that takes a moment to make: small and smooth blobs, large and speckled ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from Testing.grids import make_affine

SPACING_MM = (0.8, 0.8, 2.0)


def write_labelled_phantoms(folder: Path, patients: int = 12, seed: int = 0) -> Path:
    """Write two cases per patient, the path of whose list (image, mask, label, group, attribute:size) is returned.

    "large" are on average larger and speckled, but overlap with "small" in size; a last case has no label.
    """
    rng = np.random.default_rng(seed)
    affine = make_affine("LPS", SPACING_MM, (10, -7, 5), origin_mm=(3, 4, 5))
    rows = []
    for number in range(2 * patients + 1):
        is_large = number // 2 % 2 == 1
        radius_mm = rng.normal(5.5 if is_large else 4.2, 0.6)
        center = np.array([9.0, 9, 4]) + rng.uniform(-0.5, 0.5, 3)
        index = np.stack(np.meshgrid(*(np.arange(n) for n in (18, 18, 9)), indexing="ij"), axis=-1)
        mask = np.linalg.norm((index - center) * SPACING_MM, axis=-1) < radius_mm
        voxels = rng.normal(0, 10, mask.shape) - 800 + mask * (800 + rng.normal(0, 70 if is_large else 20, mask.shape))
        image, labelmap = folder / f"case{number:02}.nii.gz", folder / f"mask{number:02}.nii.gz"
        write_image(image, Image(voxels.astype(np.int16)[np.newaxis], affine))
        write_labelmap(labelmap, Labelmap(mask[np.newaxis].astype(np.uint8), affine, (Segment("blob", 1),)))
        label = "" if number == 2 * patients else "large" if is_large else "small"
        rows.append((image.name, labelmap.name, label, f"patient {number // 2}", f"{radius_mm:.2f}"))
    path = folder / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("image", "mask", "label", "group", "attribute:size"), *rows])
    return path
