"""Whether a classifier can be trained at all: its network, and the classes of its cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification import networks
from AutoLabelLib.worker.training import network
from AutoLabelLib.worker.training.classifier_recipe import from_recipe
from AutoLabelLib.worker.training.labelled_objects import LabelledObject
from AutoLabelLib.worker.training.recipe import Recipe

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext


@torch.no_grad()
def check_network(recipe: Recipe) -> None:
    """Raise InputError if a network does not take the recipe's patch, or does not answer with what the recipe names."""
    model = network.build(recipe.network_def).eval()
    name = type(model).__name__
    wanted = len(recipe.classes) + len(recipe.attributes)
    try:
        answer = networks.answers(model, torch.zeros(1, recipe.input_channels, *recipe.patch_voxels))
    except (RuntimeError, ValueError) as problem:
        raise InputError(
            f"The network {name} cannot take a patch of {recipe.patch_voxels} voxels with {recipe.input_channels} "
            f"channel(s): {problem}.",
            "The channels are those of the image, and one for the mask if mask_channel is true.",
        ) from problem
    if answer.shape != (1, wanted):
        raise InputError(
            f"The network {name} gives {tuple(answer.shape[1:])} numbers, but {wanted} are needed.",
            "One per class and one per attribute: change its number of outputs.",
        )
    if name == "ViT" and any(isinstance(module, torch.nn.Tanh) for module in model.modules()):
        raise InputError(
            "MONAI's ViT squeezes its answer between -1 and 1, so that no class could become probable.",
            'Add "post_activation": "none" to the network_def.',
        )


def check_classes(objects: Sequence[LabelledObject], recipe: Recipe, context: TaskContext) -> None:
    """Raise InputError if a class has no case to learn from; warn if it has only one.

    Several labels need cases of which each is true, and cases of which it is not.
    """
    targets = torch.stack([one.target for one in objects])[:, : len(recipe.classes)].nan_to_num()
    for place, name in enumerate(recipe.classes):
        count = int((targets[:, place] >= 0.5).sum())
        if not float(targets[:, place].sum()):
            raise InputError(
                f'No training case is of the class "{name}".',
                "Add cases of it, or take it out of the recipe's classes.",
            )
        if count == 1:
            context.warn(f'Only one training case is of the class "{name}": what is learned of it will hardly hold.')
    if from_recipe(recipe).multi_label and bool((targets.sum(0) == len(targets)).any()):
        raise InputError(
            "A class is true of every training case.", 'Add cases without it; the label "none" is for none.'
        )
