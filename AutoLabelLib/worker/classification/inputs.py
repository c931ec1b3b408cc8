"""Image and mask become what a classifier's networks see, the same for every way in which a volume may be stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.crop import found_box
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.classification.resampling import Shape, resampled
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.of_image import features_of
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.features.settings import from_mapping as feature_settings_from

Mask = NDArray[np.bool_]
Normalise = Callable[[torch.Tensor], torch.Tensor]


def unchanged(image: torch.Tensor) -> torch.Tensor:
    """Return an image as it is."""
    return image


@dataclass(frozen=True)
class InputContract:
    """What the networks want to see.

    Attributes:
        patch_voxels: (3,) of the patch.
        spacing_mm: (3,) of the patch; None: the whole image, or box, fills the patch.
        wishes: Axes, mask channel, features and surroundings.
        normalise: Intensities (C, I, J, K) to what the networks want.
    """

    patch_voxels: Shape
    spacing_mm: tuple[float, float, float] | None = None
    wishes: ClassifierContract = field(default_factory=ClassifierContract)
    normalise: Normalise = unchanged

    @cached_property
    def feature_settings(self) -> FeatureSettings:
        """How features are computed: the families that the wanted ones belong to, unless the bundle names them."""
        families = dict.fromkeys(name.partition("_")[0] for name in self.wishes.features)
        settings = feature_settings_from({"families": tuple(families), **self.wishes.feature_settings})
        unknown = sorted(set(self.wishes.features) - set(extraction.names(settings)))
        if unknown:
            raise InputError(f'There is no feature "{unknown[0]}" with these settings.')
        return settings

    def widened(self, patch_voxels: Shape) -> InputContract:
        """Return a contract for a patch of another size, without intensities being normalised."""
        return replace(self, patch_voxels=patch_voxels, normalise=unchanged)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the networks see of one object, and where it is.

    Attributes:
        patch: (C, I, J, K) float32: the image's channels, then the mask from 0 to 1 if the networks want it.
        affine: (4, 4), index of the patch's voxel centres to RAS mm.
        features: (F,) float32, as they were measured, NaN where one is not defined; None without features.
        measured: What `doubt` compares with the training cases: volume_ml, mean_value, spacing_mm and so on.
        center_ras_mm: (3,), middle of the object's box along R, A and S.
        size_mm: (3,), extent of that box.
    """

    patch: NDArray[np.float32]
    affine: geometry.Affine
    features: NDArray[np.float32] | None
    measured: Mapping[str, float]
    center_ras_mm: tuple[float, float, float]
    size_mm: tuple[float, float, float]


def prepare(image: Image, mask: Mask | None, contract: InputContract, box: Box | None = None) -> Prepared:
    """Return what the networks see of a mask, or of a box, or of the whole image.

    The patch lies along R, A and S (in the order that the contract names), centred at the middle of the mask's mass:
    it shows the same object in the same way in whatever order, spacing or direction the volume is stored.

    Args:
        image: With the channels that the model takes.
        mask: (I, J, K) on the image's grid, with at least one voxel.
        contract: What the networks want.
        box: Where to look without a mask; None: everywhere.

    Raises:
        InputError: If the mask is empty or of another shape, or a mask is needed.
        GeometryError: If the box lies outside of the volume.
    """
    wishes = contract.wishes
    if mask is None and (wishes.mask_channel or wishes.features):
        raise InputError("This model judges a segment: it needs a mask.", "Give a segmentation and name the segment.")
    low, high, center = _extent(image, mask, box)
    target = _patch_affine(contract, center, low, high)
    channels = resampled(image.array, image.affine, target, contract.patch_voxels, wishes.beyond)
    values = channels.values
    if wishes.context_mm is not None and wishes.beyond is not None:
        hidden = _hidden(contract, target, low, high, wishes.context_mm)
        values = torch.where(hidden, wishes.beyond, values)
    values = contract.normalise(values)
    parts = [values]
    measured = {"spacing_mm": max(image.spacing_mm)}
    if box is not None and mask is None:
        measured["inside_of_box"] = _inside_of_box(image, low, high)
    if mask is not None:
        soft = resampled(mask[np.newaxis], image.affine, target, contract.patch_voxels, 0.0).values
        measured |= _measured(image, mask, soft, target)
        if wishes.mask_channel:
            parts.append(soft)
    return Prepared(
        patch=torch.cat(parts).numpy(),
        affine=target,
        features=_features(image, mask, contract) if mask is not None and wishes.features else None,
        measured=measured,
        center_ras_mm=_triple((low + high) / 2),
        size_mm=_triple(high - low),
    )


def _extent(image: Image, mask: Mask | None, box: Box | None) -> tuple[Any, Any, Any]:
    """Return the corners of what is judged along R, A and S, and the middle of its mass, in mm."""
    half_voxel_mm = np.abs(image.affine[:3, :3]).sum(axis=1) / 2
    if mask is not None:
        if mask.shape != image.spatial_shape:
            raise InputError(f"The mask has the shape {mask.shape}, but the image {image.spatial_shape}.")
        around = found_box(mask[np.newaxis])  # looking for voxels in all of a large volume would take a second
        index = np.argwhere(mask[around.slices]) + around.start_ijk
        if not len(index):
            raise InputError("The segment is empty: there is nothing to classify.", "Choose or draw another one.")
        positions = geometry.ras_from_index(image.affine, index)
        return positions.min(axis=0) - half_voxel_mm, positions.max(axis=0) + half_voxel_mm, positions.mean(axis=0)
    corners = np.stack(np.meshgrid(*((0, n - 1) for n in image.spatial_shape)), axis=-1).reshape(-1, 3)
    positions = geometry.ras_from_index(image.affine, corners)
    low, high = positions.min(axis=0) - half_voxel_mm, positions.max(axis=0) + half_voxel_mm
    if box is not None:
        ends = np.sort([box.low_ras_mm, box.high_ras_mm], axis=0)
        if (ends[1] <= low).any() or (ends[0] >= high).any():
            raise GeometryError("The box is outside the volume.", "Draw it over the chosen volume.")
        low, high = ends
        if (high <= low).any():
            raise GeometryError("The box is flat.", "Make it larger.")
    return low, high, (low + high) / 2


def _inside_of_box(image: Image, low: Any, high: Any) -> float:
    """Return how much of a box lies within the box around the volume, 0 to 1."""
    volume_low, volume_high, _ = _extent(image, None, None)
    shared = np.minimum(high, volume_high) - np.maximum(low, volume_low)
    return float(np.prod(np.clip(shared, 0, None) / (high - low)))


def _patch_affine(contract: InputContract, center: ArrayLike, low: Any, high: Any) -> geometry.Affine:
    """Return the affine of a patch that lies along the axes of RAS around a centre."""
    order = geometry.axis_order(np.eye(4), contract.wishes.axcodes)
    directions = np.zeros((3, 3))
    for new, (axis, flip) in enumerate(zip(order.axes, order.flips, strict=True)):
        directions[axis, new] = -1.0 if flip else 1.0
    counts = np.asarray(contract.patch_voxels)
    extent_mm = (high - low)[list(order.axes)]
    spacing = np.asarray(contract.spacing_mm) if contract.spacing_mm is not None else extent_mm / counts
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = np.asarray(center) - affine[:3, :3] @ ((counts - 1) / 2)
    return geometry.as_affine(affine)


def _hidden(contract: InputContract, target: Any, low: Any, high: Any, context_mm: tuple[float, ...]) -> torch.Tensor:
    """Return which voxels (I, J, K) of the patch lie further than the context from the mask's box."""
    ends = geometry.index_from_ras(target, np.stack([low, high]))
    margin = np.asarray(context_mm) / np.asarray(geometry.spacing_mm(target))
    first, last = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    hidden = torch.zeros(contract.patch_voxels, dtype=torch.bool)
    for axis, count in enumerate(contract.patch_voxels):
        index = np.arange(count)
        outside = torch.from_numpy((index < first[axis]) | (index > last[axis]))
        hidden |= outside.reshape([-1 if other == axis else 1 for other in range(3)])
    return hidden


def _measured(image: Image, mask: Mask, soft: torch.Tensor, target: geometry.Affine) -> dict[str, float]:
    """Return what can be said of a mask without any network."""
    around = found_box(mask[np.newaxis]).slices
    inside = mask[around]
    count = int(np.count_nonzero(inside))
    volume_ml = count * geometry.voxel_volume_ml(image.affine)
    shown_ml = float(soft.sum()) * geometry.voxel_volume_ml(target)
    return {
        "voxels": float(count),
        "volume_ml": volume_ml,
        "mean_value": float(image.array[0][around][inside].mean()),
        "shown_fraction": min(1.0, shown_ml / volume_ml),
        "touches_edge": float(any(mask.take(end, axis).any() for axis in range(3) for end in (0, -1))),
    }


def _features(image: Image, mask: Mask, contract: InputContract) -> NDArray[np.float32]:
    """Return the wanted features, measured on the image's own voxels with their axes in one order for all images."""
    found = features_of(image, mask, contract.feature_settings, contract.wishes.axcodes)
    return np.array([found[name] for name in contract.wishes.features], dtype=np.float32)


def _triple(values: ArrayLike) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in np.asarray(values))
    return (first, second, third)
