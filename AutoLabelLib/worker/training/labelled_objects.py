"""Labelled cases as what a classifier sees of them, kept in memory, and varied examples drawn from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.files.images import read_image
from AutoLabelLib.files.labelmaps import read_labelmap
from AutoLabelLib.worker.classification import inputs, masks, networks
from AutoLabelLib.worker.training import augment, class_loss
from AutoLabelLib.worker.training.classifier_recipe import from_recipe, input_contract
from AutoLabelLib.worker.training.examples import example_seed, steps_per_epoch
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from AutoLabelLib.worker.training.recipe import Recipe
from AutoLabelLib.worker.training.turning import Turner

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext

Batch = tuple[tuple[torch.Tensor, ...], torch.Tensor]

_HALF_IS_EXACT_UP_TO = 4096.0  # within 2; more than the noise of any CT
_WIDER_FOR_TURNS = 0.2  # of the patch, on each side


@dataclass(frozen=True, eq=False)
class LabelledObject:
    """One case, as far as a classifier needs it.

    Attributes:
        case: Where it comes from.
        patch: (C, I, J, K): the image's channels, not normalised, then the mask if the networks want it; wider than
            the networks' patch by a margin for augmentation.
        features: (F,) as measured, or None.
        target: (classes + attributes,), as `class_loss.ClassLoss` wants it.
        measured: See `inputs.Prepared`.
    """

    case: LabelledCase
    patch: torch.Tensor
    features: torch.Tensor | None
    target: torch.Tensor
    measured: Mapping[str, float]


def load_objects(cases: Sequence[LabelledCase], recipe: Recipe, context: TaskContext) -> list[LabelledObject]:
    """Return the cases as objects.

    Raises:
        FileError: If a file cannot be read.
        InputError: If a mask is empty or lies elsewhere, or a rating is out of its scale.
        UnsupportedVolumeError: If an image holds NaN.
    """
    objects = []
    for number, case in enumerate(cases):
        context.progress(0.0, f"reading case {number + 1} of {len(cases)}")
        try:
            objects.append(load_object(case, recipe))
        except (InputError, UnsupportedVolumeError) as problem:
            raise type(problem)(f'The case "{case.name}": {problem.message}', problem.hint) from problem
    return objects


def load_object(case: LabelledCase, recipe: Recipe) -> LabelledObject:
    """Return one case as an object; see `load_objects`."""
    image, mask = read_object(case, from_recipe(recipe).looks_at)
    if image.array.shape[0] != len(recipe.channels):
        raise UnsupportedVolumeError(
            f"it has {image.array.shape[0]} channel(s), but the recipe wants {len(recipe.channels)}."
        )
    contract = input_contract(recipe)
    wider = tuple(n + 2 * m for n, m in zip(recipe.patch_voxels, margin_voxels(recipe), strict=True))
    prepared = inputs.prepare(image, mask, contract.widened((wider[0], wider[1], wider[2])))
    patch = torch.from_numpy(prepared.patch)
    features = None if prepared.features is None else torch.from_numpy(prepared.features)
    if float(patch.abs().max()) <= _HALF_IS_EXACT_UP_TO:
        patch = patch.half()
    return LabelledObject(case, patch, features, torch.from_numpy(_target(case, recipe)), prepared.measured)


def read_object(case: LabelledCase, looks_at: str = "segment") -> tuple[Image, NDArray[np.bool_] | None]:
    """Return the image of a case, and the mask (I, J, K) of what is judged; None for the whole image.

    Raises:
        InputError: If a file cannot be read, or the mask is empty or lies elsewhere.
    """
    image = stack_channels([read_image(file) for file in case.images])
    image.check_values()
    if case.mask is None or looks_at == "volume":
        if looks_at == "segment":
            raise InputError("it has no mask, but the model judges segments.", "Fill in the column mask.")
        return image, None
    labelmap = read_labelmap(case.mask)
    segments = masks.chosen_segments(labelmap, [case.segment] if case.segment else None)
    placed = masks.all_in([masks.on_image(labelmap, segment, image) for segment in segments])
    return image, np.any([one.mask for one in placed], axis=0)


def margin_voxels(recipe: Recipe) -> tuple[int, int, int]:
    """Return how much wider than the patch an object is kept on each side, so that it can be moved and turned."""
    if not recipe.spacing_mm:
        return (0, 0, 0)
    wish = augment.from_recipe(recipe.augmentation)
    turns = _WIDER_FOR_TURNS if wish.affine_probability and (wish.rotation_radians or wish.scale or wish.shear) else 0.0
    i, j, k = (math.ceil(wish.shift_voxels + turns * n) for n in recipe.patch_voxels)
    return (i, j, k)


def _target(case: LabelledCase, recipe: Recipe) -> NDArray[np.float32]:
    """Return the case's (classes + attributes,) target; NaN where nobody has said."""
    classes = np.full(len(recipe.classes), np.nan)
    if case.label:
        classes = np.array([name in case.classes for name in recipe.classes], dtype=float)
    if case.probabilities:
        given = np.array([case.probabilities.get(name, np.nan) for name in recipe.classes])
        lacking = np.isnan(given)
        if not from_recipe(recipe).multi_label:  # what is left is shared by those that nobody named
            given[lacking] = max(0.0, 1.0 - np.nansum(given)) / max(1, lacking.sum())
            given = given / given.sum()
        classes = given
    return np.concatenate([classes, [_rating(case, attribute) for attribute in recipe.attributes]]).astype(np.float32)


def _rating(case: LabelledCase, attribute: Mapping[str, object]) -> float:
    """Return where between its ends a rating lies, from 0 to 1; NaN where nobody has rated."""
    name = str(attribute["name"])
    low, high = float(str(attribute.get("low", 1.0))), float(str(attribute.get("high", 5.0)))
    if name not in case.attributes:
        return math.nan
    if not low <= case.attributes[name] <= high:
        raise InputError(f"its {name} is {case.attributes[name]:g}, which is not from {low:g} to {high:g}.")
    return (case.attributes[name] - low) / (high - low)


class LabelledExamples:
    """Random, augmented examples of objects; equal arguments give equal batches."""

    def __init__(self, objects: Sequence[LabelledObject], recipe: Recipe) -> None:
        self._objects = list(objects)
        self._wish = from_recipe(recipe)
        self._turner = Turner(recipe, margin_voxels(recipe))
        self._classes = len(recipe.classes)
        self._targets = torch.stack([one.target for one in objects])
        self._features = None if objects[0].features is None else features_of(objects)
        weights = (1.0,) * self._classes
        if self._wish.balance == "weights":
            weights = class_loss.class_weights(self._targets[:, : self._classes], self._wish.multi_label)
        self.loss = class_loss.ClassLoss(
            self._classes,
            weights,
            self._wish.multi_label,
            recipe.training.loss,
            self._wish.label_smoothing,
            self._wish.attribute_weight,
        )
        self._noise = torch.zeros(())
        if self._features is not None and self._wish.feature_noise:
            spread = torch.from_numpy(np.nan_to_num(np.nanstd(self._features.numpy().astype(np.float64), axis=0)))
            self._noise = spread.float() * self._wish.feature_noise

    def __len__(self) -> int:
        return len(self._objects)

    def introduce(self, network: torch.nn.Module) -> None:
        """Let a new network know the features of the cases."""
        if self._features is not None:
            networks.learn_features(network, self._features)

    def batches(self, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
        """Yield as many batches as show every case once; with balanced sampling, rare classes come more often.

        Yields:
            (image (B, C, I, J, K) and features (B, F) if there are any) and target (B, classes + attributes).
        """
        steps = steps_per_epoch(len(self), batch_size)
        order = self._order(np.random.default_rng((seed, epoch)), steps * batch_size)
        for step in range(steps):
            shown = order[step * batch_size : (step + 1) * batch_size]
            places = range(step * batch_size, (step + 1) * batch_size)
            seeds = [example_seed(seed, epoch, place) for place in places]
            pairs = list(zip(shown, seeds, strict=True))
            image = torch.stack([self._turner.varied(self._objects[n].patch, own_seed) for n, own_seed in pairs])
            target = self._targets[shown]
            if self._features is None:
                yield (image,), target
            else:
                yield (image, torch.stack([self._varied_features(n, own) for n, own in pairs])), target

    def _order(self, rng: np.random.Generator, count: int) -> list[int]:
        if self._wish.balance == "sampling":
            return class_loss.balanced_order(self._targets[:, : self._classes], rng.random(count).tolist())
        order = rng.permutation(len(self)).tolist()
        return [int(order[place % len(order)]) for place in range(count)]

    def _varied_features(self, number: int, seed: int) -> torch.Tensor:
        features = _of(self._objects[number])
        if not self._wish.feature_noise:
            return features
        return features + self._noise * torch.from_numpy(np.random.default_rng(seed).normal(size=len(features))).float()


def plain_batch(objects: Sequence[LabelledObject], recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return patches (B, C, I, J, K) and features (B, F) of objects as inference sees them, without variation."""
    turner = Turner(recipe, margin_voxels(recipe))
    patches = torch.stack([turner.plain(one.patch) for one in objects])
    return patches, None if objects[0].features is None else features_of(objects)


def features_of(objects: Sequence[LabelledObject]) -> torch.Tensor:
    """Return the features (N, F) of objects that have some.

    Raises:
        InputError: If one has none.
    """
    return torch.stack([_of(one) for one in objects])


def _of(one: LabelledObject) -> torch.Tensor:
    if one.features is None:
        raise InputError(f'The case "{one.case.name}" has no mask, so that its features cannot be measured.')
    return one.features
