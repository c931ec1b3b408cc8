"""Cases as cached volumes on the model's grid, and examples drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.errors import GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.worker.networks.grid import model_grid
from AutoLabelLib.worker.training import augment
from AutoLabelLib.worker.training.cases import Case
from AutoLabelLib.worker.training.examples import Example
from AutoLabelLib.worker.training.prepare import Normalisation
from AutoLabelLib.worker.training.recipe import Recipe

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext


@dataclass(frozen=True)
class Volume:
    """One case on the model's grid.

    Attributes:
        name: Of the case.
        image: (C, I, J, K) float32, normalised.
        segments: (S, I, J, K) uint8, one channel of 0 and 1 per segment of the recipe.
        affine: (4, 4) voxel-centre index to RAS mm.
    """

    name: str
    image: torch.Tensor
    segments: torch.Tensor
    affine: geometry.Affine


def load_volumes(cases: Sequence[Case], recipe: Recipe, context: TaskContext) -> list[Volume]:
    """Return the cases on the model's grid, prepared exactly as inference prepares an image.

    Args:
        cases: At least one.
        recipe: States the grid, the channels, the segments and the normalisation.
        context: Lets the user stop.

    Raises:
        FileError: If a file cannot be read.
        GeometryError: If image and label are not on one grid.
        UnsupportedVolumeError: If a volume holds NaN or only one value.
        InputError: If a label file holds values that no segment has, or none of the segments occurs in any case.
    """
    volumes = []
    for case in cases:
        context.check_cancelled()
        volumes.append(load_volume(case, recipe))
    if volumes and not any(bool(volume.segments.any()) for volume in volumes):
        names = ", ".join(str(segment["name"]) for segment in recipe.segments)
        raise InputError(f"None of the {len(volumes)} cases holds a voxel of {names}.", "Check the label files.")
    return volumes


def read_case(case: Case, recipe: Recipe) -> tuple[Image, Image]:
    """Return image (C, I, J, K) and label values (L, I, J, K) of one case, on one grid; raises as `load_volumes`."""
    image = stack_channels([read_image(file) for file in case.images])
    label = read_voxels(case.label)
    _check(case, image, label, recipe)
    return image, label


def load_volume(case: Case, recipe: Recipe) -> Volume:
    """Return one case on the model's grid; see `load_volumes`."""
    image, label = read_case(case, recipe)
    grid = model_grid(image.affine, image.spatial_shape, recipe.axcodes, recipe.spacing_mm)
    normalised = Normalisation(recipe.normalisation)(grid.from_source(image.array))
    masks = np.stack([(label.array == value).any(axis=0) for value in recipe.label_values])
    segments = (grid.from_source(masks) > 0.5).to(torch.uint8)
    return Volume(case.name, normalised, segments, grid.affine)


class PatchExamples:
    """Random, augmented patches of volumes, for models that need no prompt."""

    def __init__(self, volumes: Sequence[Volume], recipe: Recipe) -> None:
        self._volumes = list(volumes)
        self._augmenter = augment.Augmenter(augment.from_recipe(recipe.augmentation), recipe.patch_voxels)

    def __len__(self) -> int:
        return len(self._volumes)

    def example(self, index: int, seed: int) -> Example:
        """Return a random patch of one volume; equal arguments give equal patches."""
        volume = self._volumes[index]
        return Example(*self._augmenter(volume.image, volume.segments.float(), seed))


def _check(case: Case, image: Image, label: Image, recipe: Recipe) -> None:
    expected = len(recipe.channels)
    if image.array.shape[0] != expected:
        raise UnsupportedVolumeError(
            f'The case "{case.name}" has {image.array.shape[0]} channel(s), but the recipe wants {expected}.'
        )
    if not image.same_grid(label):
        raise GeometryError(
            f'Image {image.spatial_shape} and label {label.spatial_shape} of the case "{case.name}" '
            "are not on the same grid.",
            "Resample the label to the image.",
        )
    try:
        image.check_values()
    except UnsupportedVolumeError as problem:
        raise UnsupportedVolumeError(f'The case "{case.name}": {problem.message}', problem.hint) from problem
    unknown = sorted(set(np.unique(label.array).tolist()) - {0, *recipe.label_values})
    if unknown:
        raise InputError(
            f'The label of the case "{case.name}" holds the value(s) {", ".join(map(str, unknown))}, '
            f"but the recipe's segments have {', '.join(map(str, recipe.label_values))}.",
            "Add the segment to the recipe, or remove it from the label.",
        )
