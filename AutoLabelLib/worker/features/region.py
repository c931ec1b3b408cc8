"""The voxels that features are computed from: cropped, resampled if wished, with their grey levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.metrics import union_box

Mask = NDArray[np.bool_]
Levels = NDArray[np.int64]
Values = NDArray[np.float64]

_MOST_LEVELS = 2048  # the co-occurrence matrix of more would not fit into memory, nor mean anything


@dataclass(frozen=True, eq=False)
class Region:
    """A segment and the image under it, in a box.

    Attributes:
        voxels: (I, J, K), the image, in the box around the mask, and a margin where a family needs one.
        mask: (I, J, K), the segment.
        spacing_mm: (3,), between voxel centres.
        settings: How grey levels are made.
    """

    voxels: Values
    mask: Mask
    spacing_mm: Values
    settings: FeatureSettings

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


def region_of(
    voxels: ArrayLike, mask: ArrayLike, spacing_mm: ArrayLike, settings: FeatureSettings, margin_mm: float = 0.0
) -> Region:
    """Return the region of a mask, checked, cropped and resampled.

    Args:
        voxels: (I, J, K), the image.
        mask: (I, J, K), the segment.
        spacing_mm: (3,), between voxel centres; the axes are orthogonal.
        settings: How.
        margin_mm: How far beyond the mask the families look.

    Raises:
        InputError: If the shapes differ, the mask is empty or vanishes on the grid resampled to, or the spacing is
            none.
        UnsupportedVolumeError: If a voxel of the segment is NaN or infinite.
    """
    image, segment = np.asarray(voxels), np.asarray(mask).astype(bool)
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    _check(image, segment, spacing)
    box = _widened(union_box(segment, segment), np.ceil(margin_mm / spacing).astype(int) + 1, image.shape)
    image, segment = image[box].astype(np.float64), segment[box]
    if not np.isfinite(image[segment]).all():
        raise UnsupportedVolumeError(
            "The image holds voxels that are NaN or infinite inside the segment.",
            "Replace them first, or take them out of the segment.",
        )
    image = np.nan_to_num(image, nan=float(image[segment].min()), posinf=None, neginf=None)
    if settings.resample_mm is not None:
        image, segment, spacing = _resampled(image, segment, spacing, settings.resample_mm)
    box = _widened(union_box(segment, segment), np.ceil(margin_mm / spacing).astype(int), image.shape)
    return Region(image[box], segment[box], spacing, settings)


def _check(image: NDArray[np.generic], segment: Mask, spacing: Values) -> None:
    if image.ndim != 3 or image.shape != segment.shape:
        raise InputError(f"An image {image.shape} and a mask {segment.shape} are no pair of the same three axes.")
    if spacing.shape != (3,) or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise InputError(f"A spacing is three positive numbers in mm, got {spacing.tolist()}.")
    if not segment.any():
        raise InputError("The segment is empty, so it has no features.", "Choose a segment with voxels in it.")


def _widened(
    box: tuple[slice, slice, slice], margin: NDArray[np.int_], shape: tuple[int, ...]
) -> tuple[slice, slice, slice]:
    i, j, k = (
        slice(max(0, part.start - int(more)), min(count, part.stop + int(more)))
        for part, more, count in zip(box, margin, shape, strict=True)
    )
    return (i, j, k)


def _resampled(image: Values, segment: Mask, spacing: Values, edge_mm: float) -> tuple[Values, Mask, Values]:
    """Return image and mask, linear between voxels, on cubic voxels whose grid has the same centre.

    Source: IBSI, "Notes on interpolation": as many voxels as cover the old ones, centres aligned, mask from 0.5 on.
    """
    from scipy.ndimage import map_coordinates

    counts = np.maximum(1, np.ceil(np.array(image.shape) * spacing / edge_mm - 1e-6)).astype(int)
    positions = [
        (old - 1) / 2 + (np.arange(new) - (new - 1) / 2) * edge_mm / own_mm
        for old, new, own_mm in zip(image.shape, counts, spacing, strict=True)
    ]
    grid = np.meshgrid(*positions, indexing="ij")
    new_image = map_coordinates(image, grid, order=1, mode="nearest")
    new_segment = map_coordinates(segment.astype(np.float64), grid, order=1, mode="constant") >= 0.5 - 1e-6
    if not new_segment.any():
        raise InputError(
            f"The segment is so small that nothing of it is left on voxels of {edge_mm:g} mm.",
            "Use a smaller resampling spacing, or none.",
        )
    return new_image, new_segment, np.full(3, edge_mm)
