"""A training problem that takes a second: a bright box in noise, on volumes of a few voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import write_image
from AutoLabelLib.worker.training import recipe as recipes

SHAPE = (14, 18, 12)
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])


def recipe_entries(**changes: Any) -> dict[str, Any]:
    """Return a small recipe as it stands in a JSON file; changes replace its entries."""
    entries: dict[str, Any] = {
        "name": "tiny",
        "channels": [{"name": "T1", "modality": "MR", "unit": None}],
        "segments": [{"name": "box", "label_value": 3}, {"name": "lid", "label_value": 7}],
        "spacing_mm": [1.0, 1.0, 1.0],
        "patch_voxels": [16, 16, 16],
        "normalisation": [{"_target_": "NormalizeIntensityd", "keys": "image"}],
        "network_def": {
            "_target_": "monai.networks.nets.DynUNet",
            "spatial_dims": 3,
            "in_channels": 1,
            "out_channels": 3,
            "kernel_size": [3, 3, 3],
            "strides": [1, 2, 2],
            "upsample_kernel_size": [2, 2],
            "filters": [4, 8, 8],
            "norm_name": ["INSTANCE", {"affine": True}],
            "deep_supervision": True,
            "deep_supr_num": 1,
        },
        "training": {"epochs": 4, "batch_size": 2, "seed": 5},
        "augmentation": {"mirror_axes": [0]},
        "inference": {"mirror_axes": [0]},
        "card": {"description": "A box.", "licence": "CC0", "commands": ["autolabel train --recipe tiny"]},
    }
    return {**entries, **changes}


def recipe(**changes: Any) -> recipes.Recipe:
    """Return the small recipe, checked."""
    return recipes.from_dict(recipe_entries(**changes))


def write_case(folder: Path, number: int, label: np.ndarray | None = None, image: np.ndarray | None = None) -> str:
    """Write one case and return its line of a case list."""
    rng = np.random.default_rng(number)
    values = rng.normal(0, 0.3, SHAPE).astype(np.float32) if image is None else image
    mask = np.zeros(SHAPE, np.uint8) if label is None else label
    if label is None:
        start = rng.integers(2, 5, 3)
        inside = tuple(slice(a, a + 5) for a in start)
        mask[inside] = 3
        mask[inside[0], inside[1], start[2] + 5 : start[2] + 7] = 7
        values += 1.0 * (mask == 3) + 2.0 * (mask == 7)
    write_image(folder / f"image_{number}.nii.gz", Image(values[None], AFFINE))
    write_image(folder / f"label_{number}.nii.gz", Image(mask[None], AFFINE))
    return f"image_{number}.nii.gz,label_{number}.nii.gz,patient_{number}"


def write_cases(folder: Path, count: int = 4) -> Path:
    """Write some cases with their list and return the list's path."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_list(folder, [write_case(folder, number) for number in range(count)])


def write_list(folder: Path, lines: list[str]) -> Path:
    """Write a case list with the columns image, label and group, and return its path."""
    path = folder / "cases.csv"
    path.write_text("\n".join(["image,label,group", *lines]) + "\n", encoding="utf-8")
    return path
