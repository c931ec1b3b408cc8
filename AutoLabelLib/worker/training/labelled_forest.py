"""Members of a classifier that are grown from the cases' features at once, instead of being trained in epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification.forest import FeatureForest
from AutoLabelLib.worker.training import network
from AutoLabelLib.worker.training.recipe import Recipe

if TYPE_CHECKING:
    from AutoLabelLib.worker.training.labelled_objects import LabelledObject


def is_grown(recipe: Recipe) -> bool:
    """Return whether a recipe's network is a forest."""
    return str(recipe.network_def.get("_target_", "")).endswith(f".{FeatureForest.__name__}")


def grown(recipe: Recipe, objects: Sequence[LabelledObject]) -> dict[str, torch.Tensor]:
    """Return the weights of a forest that has learned from objects.

    Args:
        recipe: Its network is a forest; its seed decides the trees.
        objects: With features; those without a class are left out.

    Raises:
        InputError: If there are no features, or not as many as the recipe's network reads.
    """
    forest = network.build(recipe.network_def)
    assert isinstance(forest, FeatureForest)
    given = [one.features for one in objects if one.features is not None]
    if len(given) < len(objects) or len(given[0]) != forest.count:
        raise InputError(
            f'The forest of the recipe "{recipe.name}" reads {forest.count} features, but '
            f"{len(given[0]) if given else 0} are measured.",
            "Name them in the recipe's classification, under features, and give every case a mask.",
        )
    targets = torch.stack([one.target for one in objects])
    forest.grow(torch.stack(given), targets, recipe.training.seed)
    return forest.state_dict()
