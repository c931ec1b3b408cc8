"""How good a network is during training: mean Dice over validation cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from AutoLabelLib.worker.training.dataset import Volume
from AutoLabelLib.worker.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor


@torch.no_grad()
def mean_dice(network: torch.nn.Module, volumes: Sequence[Volume], recipe: Recipe) -> float:
    """Return the Dice averaged over segments and cases; a segment that is absent in both counts as 1.

    Args:
        network: In evaluation mode.
        volumes: Cases on the model's grid.
        recipe: States the window.
    """
    from monai.inferers import SlidingWindowInferer

    inferer = SlidingWindowInferer(recipe.patch_voxels, 1, float(recipe.inference.get("overlap", 0.25)), "gaussian")
    device = next(network.parameters()).device
    scores = []
    for volume in volumes:
        prediction = inferer(volume.image[None].to(device), network)[0].max(0)[1].cpu()
        scores += [_dice(prediction == index + 1, truth > 0) for index, truth in enumerate(volume.segments)]
    return float(sum(scores) / len(scores))


def _dice(first: Tensor, second: Tensor) -> float:
    total = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / total if total else 1.0
