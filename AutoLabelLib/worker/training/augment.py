"""Random variation of an example: MONAI transforms, chosen by how strong the recipe wants each kind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from AutoLabelLib.core.errors import InputError

if TYPE_CHECKING:
    import torch
    from monai.transforms import Compose

IMAGE, LABEL = "image", "label"


@dataclass(frozen=True)
class Augmentation:
    """How much an example may vary; zero switches a kind off.

    Attributes:
        foreground_fraction: Share of the patches that are centred at a voxel of a segment, each segment equally often;
            for volumes much larger than the patch, where a patch anywhere would mostly show background.
        mirror_axes: Axes (0, 1, 2) of the model's grid along which an example is mirrored half of the time.
        quarter_turn_axes: Axes about which an example of a classifier is turned by a random number of quarter turns.
        affine_probability: Of the next four together.
        rotation_radians: Largest angle about each axis.
        scale: Largest relative change of size per axis.
        shear: Largest shear factor.
        shift_voxels: Largest shift per axis.
        elastic_probability: Of a smooth random deformation.
        elastic_sigma_voxels: Smoothness of that deformation, (least, most).
        elastic_magnitude: Its strength before smoothing, (least, most).
        noise_probability: Of Gaussian noise.
        noise_std: Largest standard deviation (the image's own is about 1).
        blur_probability: Of a Gaussian blur.
        blur_sigma_voxels: (least, most).
        gamma_probability: Of a change of contrast.
        gamma: (least, most) exponent.
        contrast: Largest relative change of the values, half of the time.
        brightness: Largest shift of the values, half of the time.
        bias_probability: Of a smooth bias field, as an MR coil makes it.
        bias: Largest coefficient of its polynomial.
        low_resolution_probability: Of simulating a coarser acquisition.
        low_resolution: Smallest zoom of it.
    """

    foreground_fraction: float = 0.0
    mirror_axes: tuple[int, ...] = ()
    quarter_turn_axes: tuple[int, ...] = ()
    affine_probability: float = 0.8
    rotation_radians: float = 0.26
    scale: float = 0.15
    shear: float = 0.0
    shift_voxels: float = 3.0
    elastic_probability: float = 0.0
    elastic_sigma_voxels: tuple[float, float] = (3.0, 6.0)
    elastic_magnitude: tuple[float, float] = (50.0, 200.0)
    noise_probability: float = 0.15
    noise_std: float = 0.1
    blur_probability: float = 0.15
    blur_sigma_voxels: tuple[float, float] = (0.4, 0.8)
    gamma_probability: float = 0.3
    gamma: tuple[float, float] = (0.7, 1.5)
    contrast: float = 0.25
    brightness: float = 0.1
    bias_probability: float = 0.0
    bias: float = 0.15
    low_resolution_probability: float = 0.0
    low_resolution: float = 0.5


def from_recipe(entries: dict[str, Any]) -> Augmentation:
    """Return the augmentation that a recipe states.

    Raises:
        InputError: If an entry is unknown.
    """
    known = {item.name for item in fields(Augmentation)}
    unknown = sorted(set(entries) - known)
    if unknown:
        raise InputError(f"Unknown augmentation: {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")
    values: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in entries.items()}
    return Augmentation(**values)


class Augmenter:
    """Vary examples; the same seed gives the same variation.

    Args:
        augmentation: How much.
        patch_voxels: (3,) of the examples that come out; larger volumes are cropped, smaller ones padded with 0.
    """

    def __init__(self, augmentation: Augmentation, patch_voxels: tuple[int, int, int]) -> None:
        self._transforms = compose(augmentation, patch_voxels)
        self._foreground_fraction = augmentation.foreground_fraction
        self._patch_voxels = patch_voxels

    def __call__(self, image: torch.Tensor, segments: torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a varied patch of an image and of the segments on it.

        Args:
            image: (C, I, J, K) float32.
            segments: (S, I, J, K) float32, one channel of 0 and 1 per segment. Being moved by linear interpolation
                and rounded afterwards, their surfaces stay smooth where nearest neighbours would leave stairs.
            seed: Of the variation, below 2**32.

        Returns:
            image (C, patch) float32 and label (1, patch) int64: 0 background, n + 1 segment number n.
        """
        rng = np.random.default_rng(seed)
        if rng.random() < self._foreground_fraction:
            window = (slice(None), *around_a_segment(segments, self._patch_voxels, rng))
            image, segments = image[window], segments[window]
        self._transforms.set_random_state(seed)
        varied = self._transforms({IMAGE: image, LABEL: segments})
        return plain(varied[IMAGE]).float(), label_from_segments(plain(varied[LABEL]))


def compose(augmentation: Augmentation, patch_voxels: tuple[int, int, int]) -> Compose:
    """Return the MONAI transforms for {"image", "label"}; mirrored and moved together, values of the image only."""
    from monai import transforms as mt

    both = (IMAGE, LABEL)
    cut = [mt.SpatialPadd(both, patch_voxels), mt.RandSpatialCropd(both, patch_voxels, random_size=False)]
    return mt.Compose([*cut, *movements(augmentation), *value_changes(augmentation)])


def movements(a: Augmentation, beyond: str = "zeros") -> list[Any]:
    """Return the transforms that move image and label together; beyond the image: "zeros" or its "border"."""
    from monai import transforms as mt

    both = (IMAGE, LABEL)
    linear: dict[str, Any] = {"mode": "bilinear", "padding_mode": beyond}
    steps: list[Any] = [mt.RandFlipd(both, 0.5, axis) for axis in a.mirror_axes]
    if a.affine_probability:
        ranges: dict[str, Any] = {
            "rotate_range": (a.rotation_radians,) * 3,
            "scale_range": (a.scale,) * 3,
            "shear_range": (a.shear,) * 6,
            "translate_range": (a.shift_voxels,) * 3,
        }
        steps.append(mt.RandAffined(both, prob=a.affine_probability, **ranges, **linear))
    if a.elastic_probability:
        sigma, magnitude = a.elastic_sigma_voxels, a.elastic_magnitude
        steps.append(mt.Rand3DElasticd(both, sigma, magnitude, prob=a.elastic_probability, **linear))
    return steps


def value_changes(a: Augmentation) -> list[Any]:
    """Return the transforms that change the image's values."""
    from monai import transforms as mt

    steps: list[Any] = []
    if a.low_resolution_probability:
        zoom = (a.low_resolution, 1.0)
        steps.append(mt.RandSimulateLowResolutiond(IMAGE, a.low_resolution_probability, zoom_range=zoom))
    if a.blur_probability:
        sigma = a.blur_sigma_voxels
        steps.append(mt.RandGaussianSmoothd(IMAGE, sigma, sigma, sigma, prob=a.blur_probability))
    if a.bias_probability:
        steps.append(mt.RandBiasFieldd(IMAGE, prob=a.bias_probability, coeff_range=(0.0, a.bias)))
    if a.gamma_probability:
        steps.append(mt.RandAdjustContrastd(IMAGE, a.gamma_probability, gamma=a.gamma, retain_stats=True))
    if a.noise_probability:
        steps.append(mt.RandGaussianNoised(IMAGE, a.noise_probability, std=a.noise_std))
    if a.contrast:
        steps.append(mt.RandScaleIntensityd(IMAGE, (-a.contrast, a.contrast), prob=0.5))
    if a.brightness:
        steps.append(mt.RandShiftIntensityd(IMAGE, (-a.brightness, a.brightness), prob=0.5))
    return steps


def around_a_segment(
    segments: torch.Tensor, patch_voxels: tuple[int, int, int], rng: np.random.Generator
) -> tuple[slice, slice, slice]:
    """Return a window of at most the patch's size, as central as the volume allows at a random voxel of a segment.

    Args:
        segments: (S, I, J, K) of 0 and 1; where all are empty, the middle of the volume is taken.
        patch_voxels: (3,).
        rng: Source of randomness.
    """
    shape = segments.shape[1:]
    centre = [size // 2 for size in shape]
    present = [index for index, segment in enumerate(segments) if bool(segment.any())]
    if present:
        voxels = segments[int(rng.choice(present))].nonzero()
        centre = voxels[int(rng.integers(len(voxels)))].tolist()
    starts = [
        min(max(0, middle - wanted // 2), max(0, size - wanted))
        for middle, wanted, size in zip(centre, patch_voxels, shape, strict=True)
    ]
    window = [slice(start, start + wanted) for start, wanted in zip(starts, patch_voxels, strict=True)]
    return window[0], window[1], window[2]


def label_from_segments(segments: torch.Tensor) -> torch.Tensor:
    """Return (1, I, J, K) int64: the strongest of the segments (S, I, J, K), or 0 where the background is."""
    import torch

    background = 1.0 - segments.sum(0, keepdim=True)
    return torch.cat([background, segments]).max(0, keepdim=True)[1]


def plain(tensor: Any) -> torch.Tensor:
    """Return a MetaTensor as an ordinary tensor, which is faster in the loop."""
    return tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
