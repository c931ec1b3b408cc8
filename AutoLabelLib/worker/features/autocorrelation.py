"""How alike intensities near each other are: Moran's I and Geary's C over all pairs of voxels, in one convolution."""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.region import Region, Values

_MOST_VOXELS = 2**21  # of a box; larger ones are thinned out, because the transform needs some hundred bytes for each


def spatial_autocorrelation(region: Region) -> tuple[float, float]:
    """Return Moran's I and Geary's C of a region's intensities; NaN where it has not two different ones.

    Pairs weigh the inverse of their distance in mm. That depends on the offset alone, so that sums over all pairs are
    convolutions, exact and fast.

    Source: IBSI, N365 and NPT7, which allow to sample the voxels of a large region.
    """
    thinned = _thinning(region)
    mask = region.intensity_mask[thinned]
    count = int(np.count_nonzero(mask))
    if count < 2 or not np.ptp(region.voxels[thinned][mask]):
        return math.nan, math.nan
    values = np.where(mask, region.voxels[thinned] - region.voxels[thinned][mask].mean(), 0.0)
    spacing_mm = region.spacing_mm * [part.step for part in thinned]
    near_mask, near_values = _weighted_sums(np.stack([mask, values]), spacing_mm)
    weights = float(np.sum(near_mask[mask]))
    products = float(np.sum(values * near_values))
    squares = float(np.sum(values**2 * near_mask))
    spread = float(np.sum(values**2))
    # The sum of w (a - b)² over ordered pairs is twice the sum of w a² minus twice that of w a b.
    return count / weights * products / spread, (count - 1) / (2 * weights) * 2 * (squares - products) / spread


def _thinning(region: Region) -> tuple[slice, slice, slice]:
    step = math.ceil((region.mask.size / _MOST_VOXELS) ** (1 / 3))
    return (slice(None, None, step),) * 3


def _weighted_sums(fields: Values, spacing_mm: Values) -> Values:
    """Return for each voxel the sum over all others of fields (N, I, J, K), weighted by inverse distance."""
    from scipy import fft

    shape = fields.shape[1:]
    padded = tuple(fft.next_fast_len(2 * n - 1, real=True) for n in shape)
    offsets_mm = np.meshgrid(
        *(np.minimum(np.arange(n), n - np.arange(n)) * mm for n, mm in zip(padded, spacing_mm, strict=True)),
        indexing="ij",
        sparse=True,
    )
    distances_mm = np.sqrt(sum(offset**2 for offset in offsets_mm))
    distances_mm[0, 0, 0] = math.inf  # a voxel is not its own neighbour
    axes = (-3, -2, -1)
    single = np.float32  # half the time of double precision, and right to six digits
    spectrum = fft.rfftn(fields.astype(single), padded, axes) * fft.rfftn((1 / distances_mm).astype(single))
    i, j, k = shape
    return fft.irfftn(spectrum, padded, axes)[:, :i, :j, :k].astype(np.float64)
