"""What lies beyond a tight volume of interest, made up in a way that gives nothing away.

Lung nodule data come as small boxes that end where the nodule ends. A network trained on them as they are learns
where the box ends, and fails in a whole CT. So each box is set into invented surroundings: its own tissue without the
nodule, mirrored at its faces; another patient's tissue; or nothing at all, as when the box itself is what the user has.
Beyond the faces the label is background, which is what the raters said by ending there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.training.box import Box
from AutoLabelLib.worker.training.patches import beyond_mm, sample

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Surroundings:
    """How a box is continued.

    Attributes:
        nothing_fraction: Share of the examples that end at the box; beyond is its lowest value.
        foreign_fraction: Share of the examples with another case's tissue; the rest goes on with their own.
        decoy_fraction: Share of the foreign ones whose nodule stays in: it was not clicked, so it is background.
        fade_mm: Largest length over which the object itself fades beyond a face, as blurred slices show it.
        blend_mm: Distance over which the own tissue gives way to the foreign one.
        label_threshold: Share of the object from which a voxel of the patch belongs to it. Interpolation rounds
            corners off: at 0.5 the patches of small nodules hold 1.5 % too few voxels, at 0.45 1.7 % too many, which
            the way back onto the image's own grid takes away again.
    """

    nothing_fraction: float = 0.35
    foreign_fraction: float = 0.35
    decoy_fraction: float = 0.5
    fade_mm: float = 1.0
    blend_mm: float = 4.0
    label_threshold: float = 0.5


def without_object(
    image: NDArray[np.float32], mask: NDArray[np.bool_], spacing_mm: tuple[float, ...], margin_mm: float = 1.5
) -> NDArray[np.float32]:
    """Return the image with an object replaced by the nearest tissue around it: lung by lung, wall by wall.

    Args:
        image: (I, J, K).
        mask: (I, J, K), the object.
        spacing_mm: (3,) of both.
        margin_mm: Rim that is replaced, too, since the object's blur reaches beyond its mask.
    """
    from scipy.ndimage import distance_transform_edt

    hidden = distance_transform_edt(~mask, sampling=spacing_mm) <= margin_mm
    if hidden.all():
        return image
    nearest = distance_transform_edt(hidden, sampling=spacing_mm, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def continued_patch(
    box: Box,
    grid: torch.Tensor,
    foreign_patch: Callable[[], torch.Tensor],
    rng: np.random.Generator,
    options: Surroundings,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return image (I, J, K) float32 and label (I, J, K) bool of a patch that may reach beyond its box.

    Args:
        box: The case.
        grid: Where the patch lies in it; see `patches.patch_grid`.
        foreign_patch: Returns another case's tissue (I, J, K).
        rng: Source of randomness.
        options: How the box is continued.
    """
    import torch

    image, mask = sample(np.stack([box.image, box.mask.astype(np.float32)]), grid, "border")
    outside_mm = beyond_mm(grid, box.mask.shape, box.spacing_mm)
    outside = outside_mm > 0
    label = (mask >= options.label_threshold) & ~outside
    if not bool(outside.any()):
        return image, label
    draw = rng.random()
    if draw < options.nothing_fraction:
        return torch.where(outside, image.new_tensor(float(box.image.min())), image), label
    around = sample(box.empty[None], grid, "reflection")[0]
    strength = rng.uniform(0, 0.6) * torch.exp(-outside_mm / max(1e-3, rng.uniform(0, options.fade_mm)))
    around = around + strength * (image - around)
    if draw < options.nothing_fraction + options.foreign_fraction:
        weight = ((outside_mm - rng.uniform(0.5, 6.0)) / options.blend_mm).clamp(0, 1)
        around = around + weight * (foreign_patch() - around)
    return torch.where(outside, around, image), label
