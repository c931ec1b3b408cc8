"""What lies beyond a tight volume of interest, made up in a way that gives nothing away.

Lung nodule data come as small boxes that end where the nodule ends. A network trained on them as they are learns
where the box ends, and fails in a whole CT. So each box is set into invented surroundings: its own tissue without the
nodule, mirrored at its faces; another patient's (or a rendered chest's) tissue, seamless or not; or nothing at all, as
when the box itself is what the user has. Boxes are cut smaller at random, so that their faces do not tell where the
middle is. Beyond the faces the label is background, which is what the raters said by ending there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
        whole_fraction: Share of the foreign ones that come from a case large enough to fill the patch, if there is any.
        hard_fraction: Share of the foreign ones that start at the face itself, without any transition.
        tries: Of so many foreign patches, the one is taken that goes on best where the own tissue gives way.
        crop_fraction: Share of the examples whose box is cut closer to its object.
        crop_margin_mm: Least distance from the object to a face that was cut.
        decoy_fraction: Share of the foreign ones whose nodule stays in: it was not clicked, so it is background.
        fade_mm: Largest length over which the object itself fades beyond a face, as blurred slices show it.
        blend_mm: Distance over which the own tissue gives way to the foreign one.
        label_threshold: Share of the object from which a voxel of the patch belongs to it. Interpolation rounds
            corners off: at 0.5 the patches of small nodules hold 1.5 % too few voxels, at 0.45 1.7 % too many, which
            the way back onto the image's own grid takes away again. Less teaches the generous outlines of readers.
        exact_label_threshold: The same for boxes whose mask is known to be true; None: as for the others.
    """

    nothing_fraction: float = 0.35
    foreign_fraction: float = 0.35
    whole_fraction: float = 0.0
    hard_fraction: float = 0.0
    tries: int = 1
    crop_fraction: float = 0.0
    crop_margin_mm: float = 1.5
    decoy_fraction: float = 0.5
    fade_mm: float = 1.0
    blend_mm: float = 4.0
    label_threshold: float = 0.5
    exact_label_threshold: float | None = None

    def threshold_of(self, box: Box) -> float:
        """Return the share of a box's object from which a voxel of the patch belongs to it."""
        wished = self.exact_label_threshold if box.exact else None
        return self.label_threshold if wished is None else wished


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
    label = (mask >= options.threshold_of(box)) & ~outside
    if not bool(outside.any()):
        return image, label
    draw = rng.random()
    if draw < options.nothing_fraction:
        return torch.where(outside, image.new_tensor(float(box.image.min())), image), label
    around = sample(box.empty[None], grid, "reflection")[0]
    strength = rng.uniform(0, 0.6) * torch.exp(-outside_mm / max(1e-3, rng.uniform(0, options.fade_mm)))
    around = around + strength * (image - around)
    if draw < options.nothing_fraction + options.foreign_fraction:
        if rng.random() < options.hard_fraction:
            return torch.where(outside, foreign_patch(), image), label
        weight = ((outside_mm - rng.uniform(0.5, 6.0)) / options.blend_mm).clamp(0, 1)
        seam = (weight > 0) & (weight < 1)
        foreign = min(
            (foreign_patch() for _ in range(options.tries)),
            key=lambda patch: float(((patch - around).abs() * seam).sum()),
        )
        around = around + weight * (foreign - around)
    return torch.where(outside, around, image), label


def cropped(box: Box, rng: np.random.Generator, options: Surroundings) -> tuple[Box, NDArray[np.intp]]:
    """Return a box cut closer to its object at random, or as it is, and the index (3,) at which it starts.

    The object itself is never cut.
    """
    start = np.zeros(3, np.intp)
    if rng.random() >= options.crop_fraction:
        return box, start
    window = []
    for axis in range(3):
        hit = np.flatnonzero(box.mask.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = int(np.ceil(options.crop_margin_mm / box.spacing_mm[axis]))
        low = int(rng.integers(0, max(0, hit[0] - margin) + 1))
        high = int(rng.integers(min(box.mask.shape[axis], hit[-1] + 1 + margin), box.mask.shape[axis] + 1))
        window.append(slice(low, high))
        start[axis] = low
    cut = (window[0], window[1], window[2])
    return replace(box, image=box.image[cut], empty=box.empty[cut], mask=box.mask[cut]), start
