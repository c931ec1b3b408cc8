"""What classifiers that are being trained answer to cases, as inference would, and how good that is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.classification import calibration, networks
from AutoLabelLib.worker.classification.classifier import mirror_images
from AutoLabelLib.worker.training import network
from AutoLabelLib.worker.training.classifier_recipe import from_recipe
from AutoLabelLib.worker.training.labelled_objects import LabelledObject, plain_batch
from AutoLabelLib.worker.training.recipe import Recipe

_AT_ONCE = 16


@torch.no_grad()
def logits_of(
    recipe: Recipe, weights: Sequence[dict[str, torch.Tensor]], objects: Sequence[LabelledObject], device: str = "cpu"
) -> NDArray[np.float64]:
    """Return logits (N, classes) of objects, as inference would: the mean over networks and mirror images.

    Args:
        recipe: Its networks, repeated if there are more weights, as folds have them.
        weights: Of each network.
        objects: At least one.
        device: Such as "cpu" or "cuda".
    """
    members = recipe.networks
    repeated = [members[number % len(members)].network_def for number in range(len(weights))]
    model = network.with_weights(repeated, weights, recipe.task).to(device).eval()
    return _logits(model, recipe, objects)


@torch.no_grad()
def auc(model: torch.nn.Module, recipe: Recipe, objects: Sequence[LabelledObject]) -> float:
    """Return the area under the ROC curve of a network on labelled objects, mean over classes; 0.5 if there is none.

    Args:
        model: In evaluation mode.
        recipe: States patch and classes.
        objects: Labelled.
    """
    from AutoLabelLib.worker.classification_metrics import Predictions, figures

    multi_label = from_recipe(recipe).multi_label
    found = calibration.probabilities(_logits(model, recipe, objects), multi_label=multi_label)
    known = figures(Predictions(truth_of(objects, recipe), found, recipe.classes))
    return float(known["auc"]) if known["auc"] is not None else 0.5


def is_labelled(one: LabelledObject, recipe: Recipe) -> bool:
    """Return whether somebody has said which class an object is of."""
    return bool(one.case.label) and bool(torch.isfinite(one.target[: len(recipe.classes)]).all())


def truth_of(objects: Sequence[LabelledObject], recipe: Recipe) -> NDArray[np.intp] | NDArray[np.bool_]:
    """Return the index of the true class (N,) of labelled objects; of several labels whether each is true, (N, C)."""
    targets = torch.stack([one.target for one in objects])[:, : len(recipe.classes)].numpy()
    return targets >= 0.5 if from_recipe(recipe).multi_label else targets.argmax(axis=1)


@torch.no_grad()
def _logits(model: torch.nn.Module, recipe: Recipe, objects: Sequence[LabelledObject]) -> NDArray[np.float64]:
    device = next(itertools.chain(model.parameters(), model.buffers())).device
    views = mirror_images(from_recipe(recipe).contract.mirror_axes)
    found = []
    for start in range(0, len(objects), _AT_ONCE):
        patches, features = plain_batch(objects[start : start + _AT_ONCE], recipe)
        patches, features = patches.to(device), None if features is None else features.to(device)
        seen = [networks.answers(model, patches.flip(view) if view else patches, features).double() for view in views]
        found.append(torch.stack(seen).mean(0)[:, : len(recipe.classes)].cpu().numpy())
    return np.concatenate(found)
