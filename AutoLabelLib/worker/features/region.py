"""The voxels that features are computed from: cropped, resampled if wished, with their grey levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.worker.evaluation.metrics import union_box
from AutoLabelLib.worker.features.settings import FeatureSettings

Mask = NDArray[np.bool_]
Levels = NDArray[np.int64]
Values = NDArray[np.float64]
Box = tuple[slice, slice, slice]

_ROUNDING = 1e-6  # must not decide whether a voxel more is needed, or a mask ends
_MOST_LEVELS = 2048  # the co-occurrence matrix of more would not fit into memory, nor mean anything


@dataclass(frozen=True, eq=False)
class Region:
    """A segment and the image under it, in the box around the segment.

    Attributes:
        wide_voxels: The image in that box, and in a margin around it where a family needs one.
        wide_mask: The segment there.
        box: Where in them the box itself is.
        spacing_mm: (3,), between voxel centres.
        settings: How grey levels are made.
    """

    wide_voxels: Values
    wide_mask: Mask
    box: Box
    spacing_mm: Values
    settings: FeatureSettings

    @property
    def voxels(self) -> Values:
        """(I, J, K), the image in the box."""
        return self.wide_voxels[self.box]

    @property
    def mask(self) -> Mask:
        """(I, J, K), the segment in the box."""
        return self.wide_mask[self.box]

    def under_mask(self, wide: Values) -> Values:
        """Return which values (N,) of something as wide as `wide_voxels` lie where intensities count."""
        return wide[self.box][self.intensity_mask]

    @cached_property
    def intensity_mask(self) -> Mask:
        """(I, J, K), the part of the segment whose intensities count: that within the settings' range."""
        if self.settings.intensity_range is None:
            return self.mask
        low, high = self.settings.intensity_range
        return self.mask & (self.voxels >= low) & (self.voxels <= high)

    @cached_property
    def intensities(self) -> Values:
        """(N,), the intensities that count, in the order of the voxels."""
        return self.voxels[self.intensity_mask]

    @cached_property
    def levels(self) -> Levels:
        """(I, J, K), grey levels from 1 on; 0 where no intensity counts.

        Raises:
            InputError: If the bins are so narrow that there are thousands of levels.
        """
        levels = np.zeros(self.mask.shape, np.int64)
        if self.intensities.size:
            levels[self.intensity_mask] = grey_levels(self.intensities, self.settings)
        return levels

    @property
    def level_count(self) -> int:
        """The highest grey level, which is their number: IBSI's Ng."""
        return int(self.levels.max(initial=0))


def grey_levels(intensities: Values, settings: FeatureSettings) -> Levels:
    """Return the grey levels (N,) of intensities (N,), from 1 on.

    Bins of a given width begin at the lower end of the intensity range, or at the lowest intensity where none is set.

    Raises:
        InputError: If the bins are so narrow that there are thousands of levels.

    Source: IBSI, "fixed bin size" (Q3RU) and "fixed bin number" (K15C).
    """
    low = float(intensities.min())
    if settings.bin_count is not None:
        extent = float(intensities.max()) - low
        scaled = (intensities - low) / extent * settings.bin_count if extent else np.zeros_like(intensities)
        return np.minimum(np.floor(scaled).astype(np.int64) + 1, settings.bin_count)
    assert settings.bin_width is not None  # FeatureSettings demands one of the two
    if settings.intensity_range is not None:
        low = settings.intensity_range[0]
    scaled = np.floor((intensities - low) / settings.bin_width)
    if scaled.max() >= _MOST_LEVELS:
        raise InputError(
            f"A bin width of {settings.bin_width:g} makes {scaled.max() + 1:.0f} grey levels, "
            f"more than {_MOST_LEVELS}.",
            "Use wider bins, a bin count, or an intensity range.",
        )
    return np.asarray(scaled, dtype=np.int64) + 1


@dataclass(frozen=True)
class Margin:
    """How far beyond the mask something looks: so many mm, and so many voxels of the grid it works on.

    Attributes:
        mm: A distance.
        voxels: A number of voxels, whatever their size.
    """

    mm: float = 0.0
    voxels: int = 0

    def in_voxels(self, spacing_mm: Values) -> NDArray[np.int64]:
        """Return the margin (3,) along each axis of a grid."""
        return np.maximum(self.voxels, np.ceil(self.mm / spacing_mm - _ROUNDING)).astype(np.int64)


def region_of(
    voxels: ArrayLike, mask: ArrayLike, spacing_mm: ArrayLike, settings: FeatureSettings, margin: Margin | None = None
) -> Region:
    """Return the region of a mask, checked, cropped and resampled.

    What comes out does not depend on how much of the image was given, as long as it holds the margin.

    Args:
        voxels: (I, J, K), the image.
        mask: (I, J, K), the segment.
        spacing_mm: (3,), between voxel centres; the axes are orthogonal.
        settings: How.
        margin: How far beyond the mask the families look.

    Raises:
        InputError: If the shapes differ, the mask is empty or vanishes on the grid resampled to, or the spacing is
            none.
        UnsupportedVolumeError: If a voxel of the segment is NaN or infinite.
    """
    image, segment = np.asarray(voxels), np.asarray(mask).astype(bool)
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    _check(image, segment, spacing)
    box, margin = union_box(segment, segment), margin or Margin()
    if settings.resample_mm is not None:
        return _resampled(image, segment, box, spacing, settings, margin)
    wide = _widened(box, margin.in_voxels(spacing), image.shape)
    i, j, k = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, wide, strict=True))
    return Region(_finite(image[wide], segment[wide]), segment[wide], (i, j, k), spacing, settings)


def _check(image: NDArray[np.generic], segment: Mask, spacing: Values) -> None:
    if image.ndim != 3 or image.shape != segment.shape:
        raise InputError(f"An image {image.shape} and a mask {segment.shape} are no pair of the same three axes.")
    if spacing.shape != (3,) or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise InputError(f"A spacing is three positive numbers in mm, got {spacing.tolist()}.")
    if not segment.any():
        raise InputError("The segment is empty, so it has no features.", "Choose a segment with voxels in it.")


def _finite(image: NDArray[np.generic], segment: Mask) -> Values:
    """Return voxels in double precision; what is not finite beside the segment is as dark as its darkest voxel."""
    values = np.array(image, dtype=np.float64)
    is_finite = np.isfinite(values)
    if not is_finite[segment].all():
        raise UnsupportedVolumeError(
            "The image holds voxels that are NaN or infinite inside the segment.",
            "Replace them first, or take them out of the segment.",
        )
    values[~is_finite] = values[segment].min()
    return values


def _widened(box: Box, margin_voxels: NDArray[np.int64], shape: tuple[int, ...]) -> Box:
    i, j, k = (
        slice(max(0, part.start - int(more)), min(count, part.stop + int(more)))
        for part, more, count in zip(box, margin_voxels, shape, strict=True)
    )
    return (i, j, k)


def _resampled(
    image: NDArray[np.generic], segment: Mask, box: Box, spacing: Values, settings: FeatureSettings, margin: Margin
) -> Region:
    """Return the region on cubic voxels around the same centre, linear between voxels, the mask from 0.5 on.

    Source: IBSI, "Notes on interpolation": as many voxels as cover the old ones, centres aligned. The centre is that of
        the segment's box, not of the image as there, whose size would decide.
    """
    from scipy.ndimage import map_coordinates

    assert settings.resample_mm is not None  # `region_of` asks before
    cubic_mm = np.full(3, settings.resample_mm)
    around = margin.in_voxels(cubic_mm)
    wide = _widened(box, np.ceil((around + 1) * cubic_mm / spacing).astype(np.int64) + 1, image.shape)
    counts = [
        int(np.ceil((part.stop - part.start) * old / new - _ROUNDING))
        for part, old, new in zip(box, spacing, cubic_mm, strict=True)
    ]
    positions = [
        (part.start + part.stop - 1) / 2 - crop.start + (np.arange(-more, count + more) - (count - 1) / 2) * new / old
        for part, crop, count, more, old, new in zip(box, wide, counts, around, spacing, cubic_mm, strict=True)
    ]
    grid = np.meshgrid(*positions, indexing="ij")
    values = map_coordinates(_finite(image[wide], segment[wide]), grid, order=1, mode="nearest")
    inside = map_coordinates(segment[wide].astype(np.float64), grid, order=1, mode="grid-constant") >= 0.5 - _ROUNDING
    if not inside.any():
        raise InputError(
            f"The segment is so small that nothing of it is left on voxels of {settings.resample_mm:g} mm.",
            "Use a smaller resampling spacing, or none.",
        )
    return Region(values, inside, union_box(inside, inside), cubic_mm, settings)
