"""What the benchmarks run on: synthetic volumes, and bundles with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.image import Image


def volume(shape: tuple[int, int, int], seed: int, modality: str) -> Image:
    """Return a volume of blobs in noise, int16, 1 mm; equal seeds give equal volumes."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 400, [-(-n // 16) for n in shape]).astype(np.float32)
    for axis in range(3):
        coarse = coarse.repeat(16, axis)
    array = coarse[: shape[0], : shape[1], : shape[2]] + rng.standard_normal(shape, np.float32) * 60
    # Slicer's arrays lie with i fastest.
    fortran = np.asfortranarray(array.astype(np.int16))
    return Image(fortran[None], np.eye(4), modality, unit="HU" if modality == "CT" else None)


def automatic_bundle(folder: Path, classes: int, window_voxels: int) -> Path:
    """Write and trust a bundle like hippocampus_mr, with other classes and window; return its folder."""
    return _bundle(
        "hippocampus_mr",
        folder,
        name=f"benchmark_{classes}_classes",
        segments=[{"name": f"class {n}", "label_value": n} for n in range(1, classes + 1)],
        patch_voxels=[window_voxels] * 3,
        inference={"overlap": 0.25, "mode": "gaussian"},
    )


def click_bundle(folder: Path) -> Path:
    """Write and trust a bundle like lung_nodule_ct that finds nothing, so that it looks once; return its folder."""
    return _bundle("lung_nodule_ct", folder, finds_nothing=True, name="benchmark_click")


def _bundle(recipe_name: str, folder: Path, finds_nothing: bool = False, **changes: Any) -> Path:
    import torch

    from AutoLabelLib.worker.training import export, network
    from AutoLabelLib.worker.training import recipe as recipes
    from AutoLabelLib.worker.training.split import Split

    like = recipes.load(recipe_name)
    entries = {name: value for name, value in vars(like).items() if name != "training"} | changes
    network_def = {**like.network_def, "out_channels": len(entries["segments"]) + 1}
    recipe = recipes.from_dict({**entries, "network_def": network_def})
    torch.manual_seed(0)
    weights = [network.build(member.network_def).state_dict() for member in recipe.networks]
    if finds_nothing:
        for one in weights:
            one["output_block.conv.conv.bias"][0] += 100.0  # of the background
    bundle = export.export_bundle(recipe, weights, folder / recipe.name, [Split((), (), ())])
    catalogue.trust(bundle)
    return bundle
