"""Another patient, another scanner: how an example is moved away from its case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.training.box import Box

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Variation:
    """How far an example is moved away from its case.

    Attributes:
        turn_degrees: Largest rotation about the third axis; slices keep their direction but for the tilt.
        tilt_degrees: Spread of the rotation about the other two axes.
        zoom: Largest factor of size, up or down.
        flip_fraction: Chance of a mirror image along each axis.
        thick_fraction: Chance that neighbouring slices are averaged, up to thickest_mm.
        thickest_mm: Largest slice spacing that this may lead to.
        recentre_fraction: Share of patches moved from the click towards the object's middle, as in a second look.
        noise: Largest standard deviation of added noise, in units of the normalised image.
        gain: Largest relative change of contrast.
        shift: Largest change of brightness, in units of the normalised image.
        blur_fraction: Chance of a smoother reconstruction.
    """

    turn_degrees: float = 180.0
    tilt_degrees: float = 8.0
    zoom: float = 1.2
    flip_fraction: float = 0.5
    thick_fraction: float = 0.35
    thickest_mm: float = 2.6
    recentre_fraction: float = 0.2
    noise: float = 0.07
    gain: float = 0.1
    shift: float = 0.06
    blur_fraction: float = 0.25


def thicker(box: Box, rng: np.random.Generator, variation: Variation) -> Box:
    """Return a box with some neighbouring slices averaged, as a scan with thicker slices would show it, or the box."""
    most = min(int(variation.thickest_mm / box.spacing_mm[2]), box.mask.shape[2] // 2)
    if most < 2 or rng.random() >= variation.thick_fraction:
        return box
    count = int(rng.integers(2, most + 1))
    start = int(rng.integers(0, box.mask.shape[2] % count + 1))

    def thick(array: NDArray[Any]) -> NDArray[np.float32]:
        slices = (array.shape[2] - start) // count
        part = array[:, :, start : start + slices * count]
        return part.reshape(*part.shape[:2], slices, count).mean(axis=3, dtype=np.float32)

    mask = thick(box.mask) >= 0.5
    spacing_mm = (box.spacing_mm[0], box.spacing_mm[1], box.spacing_mm[2] * count)
    return Box(thick(box.image), thick(box.empty), mask, spacing_mm, box.exact) if mask.any() else box


def random_turn(rng: np.random.Generator, variation: Variation) -> NDArray[np.float64]:
    """Return a random rotation, zoom and flip (3, 3) of offsets in mm."""
    turn = np.eye(3)
    angles = (
        rng.normal(0, variation.tilt_degrees),
        rng.normal(0, variation.tilt_degrees),
        rng.uniform(-variation.turn_degrees, variation.turn_degrees),
    )
    for axis, angle in enumerate(np.deg2rad(angles)):
        first, second = [a for a in range(3) if a != axis]
        rotation = np.eye(3)
        rotation[[first, second], [first, second]] = np.cos(angle)
        rotation[first, second], rotation[second, first] = -np.sin(angle), np.sin(angle)
        turn = turn @ rotation
    flips = np.where(rng.random(3) < variation.flip_fraction, -1.0, 1.0)
    return turn * flips * variation.zoom ** rng.uniform(-1, 1)


def varied(image: torch.Tensor, rng: np.random.Generator, variation: Variation) -> torch.Tensor:
    """Return a patch (I, J, K) as another scanner might have shown it: contrast, brightness, sharpness, noise."""
    import torch
    from torch.nn.functional import avg_pool3d

    image = image * rng.uniform(1 - variation.gain, 1 + variation.gain) + rng.uniform(-1, 1) * variation.shift
    if rng.random() < variation.blur_fraction:
        smooth = avg_pool3d(image[None, None], (3, 3, 1), 1, (1, 1, 0), count_include_pad=False)[0, 0]
        image = image + rng.uniform(0.3, 1.0) * (smooth - image)
    if rng.random() < 0.5:
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        noise = torch.randn(image.shape, generator=generator)
        if rng.random() < 0.5:  # reconstruction kernels leave grains larger than a voxel
            noise = avg_pool3d(noise[None, None], (3, 3, 1), 1, (1, 1, 0))[0, 0] * 2.5
        image = image + rng.uniform(0, variation.noise) * noise
    return image
