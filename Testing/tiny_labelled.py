"""A classification problem that takes a second: is the ball in the noise bright or dark, and how large."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.training import recipe as recipes
from Testing.grids import make_affine

CLASSES = ("dark", "bright")
SHAPE = (18, 17, 12)
AFFINE = make_affine("LPS", (1.0, 1.0, 1.5), origin_mm=(10.0, 20.0, 30.0))


def recipe_entries(**changes: Any) -> dict[str, Any]:
    """Return a small recipe as it stands in a JSON file; changes replace its entries."""
    entries: dict[str, Any] = {
        "name": "tiny_classes",
        "task": "classification",
        "channels": [{"name": "CT", "modality": "CT", "unit": "HU"}],
        "classes": list(CLASSES),
        "attributes": [{"name": "size", "low": 1, "high": 5, "low_meaning": "small", "high_meaning": "large"}],
        "spacing_mm": [1.0, 1.0, 1.5],
        "patch_voxels": [8, 8, 6],
        "normalisation": [
            {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": -300, "a_max": 300, "b_min": -1, "b_max": 1}
        ],
        "network_def": {
            "_target_": "AutoLabelLib.worker.classification.networks.ImageAndFeatures",
            "features": 2,
            "classes": 2,
            "attributes": 1,
            "image_network": {
                "_target_": "AutoLabelLib.worker.classification.networks.SmallResNet",
                "in_channels": 2,
                "out_channels": 8,
                "channels": [4, 8],
            },
            "width": 8,
            "hidden": 4,
        },
        "training": {"epochs": 12, "batch_size": 4, "learning_rate": 0.05, "ema_decay": 0.5, "seed": 3},
        "augmentation": {
            "mirror_axes": [0, 1],
            "quarter_turn_axes": [2],
            "affine_probability": 0.0,
            "shift_voxels": 1,
            "noise_probability": 0.0,
            "blur_probability": 0.0,
            "gamma_probability": 0.0,
        },
        "classification": {
            "mask_channel": True,
            "features": ["stat_mean", "morph_volume_mesh_ml"],
            "mirror_axes": [0],
            "beyond": -300.0,
        },
        "card": {"description": "Is the ball bright or dark?", "licence": "CC0", "commands": ["autolabel train"]},
    }
    return {**entries, **changes}


def recipe(**changes: Any) -> recipes.Recipe:
    """Return the small recipe, checked."""
    return recipes.from_dict(recipe_entries(**changes))


def write_cases(folder: Path, count: int = 12, **columns: list[str]) -> Path:
    """Write cases, two of a patient and every sixth without a label, and return their list.

    Args:
        folder: Existing.
        count: Number of cases.
        **columns: Further columns, or others than usual, one text per case.
    """
    rows = []
    for number in range(count):
        rng = np.random.default_rng(number)
        is_bright, radius = bool(number // 2 % 2), 2.0 + number % 3
        index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
        ball = np.linalg.norm((index - (8, 8, 6)) * (1, 1, 1.5), axis=-1) < radius
        voxels = rng.normal(0, 60, SHAPE) + np.where(ball, 150 if is_bright else -150, 0)
        write_image(folder / f"{number}.nii.gz", Image(voxels.astype(np.float32)[None], AFFINE))
        labelmap = Labelmap(ball.astype(np.uint8)[None], AFFINE, (Segment("ball", 1),))
        write_labelmap(folder / f"{number}_mask.nii.gz", labelmap)
        row = {
            "image": f"{number}.nii.gz",
            "mask": f"{number}_mask.nii.gz",
            "label": "" if number % 6 == 5 else CLASSES[is_bright],
            "group": f"P{number // 2}",
            "attribute:size": f"{radius - 1:g}",
        }
        rows.append({**row, **{name: values[number] for name, values in columns.items()}})
    path = folder / "labelled.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
