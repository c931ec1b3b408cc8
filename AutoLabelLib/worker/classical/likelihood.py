"""Which intensities belong to an object rather than to what lies around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BINS_PER_NOISE = 2.0
_MOST_BINS = 256
_FEWEST_BINS = 16
_FLOOR = 1e-4  # probability of an intensity that was never seen
_LARGEST = 3.0  # an intensity alone never decides
_BROAD = 0.1
_BREADTH = 0.2
_QUANTILES = (0.3, 0.5, 0.7)  # a stroke may end on an edge
_FEW = 3
_CALM = 0.1
_AROUND_MM = 2.5
_MOST_AROUND = 3  # voxels
_SAMPLE = 100_000
_SIGMA_PER_MAD = 1.4826
_BEND_PER_SIGMA = 6**0.5  # a second difference is a - 2 b + c
_LEAST_NOISE = 0.02


def contrast_of(values: NDArray[np.generic]) -> float:
    """Return the range of an image's intensities (I, J, K), without the few that are far off."""
    sample = np.asarray(values[tuple(slice(None, None, -(-n // 64)) for n in values.shape)], dtype=np.float64)
    low, high = np.quantile(sample, [0.01, 0.99])
    return float(high - low) or float(sample.max() - sample.min())


def noise_of(values: NDArray[np.float32], contrast: float) -> float:
    """Return the noise of a part of an image, or what is as small as noise against the image's contrast.

    So an image without noise, such as a rendered one, has a scale, too.

    Args:
        values: (I, J, K), lightly smoothed.
        contrast: Of the whole image.
    """
    bends = np.diff(values, n=2, axis=int(np.argmax(values.shape))).ravel()
    bends = bends[:: max(1, bends.size // _SAMPLE)]
    spread = float(np.median(np.abs(bends - np.median(bends)))) if bends.size else 0.0
    return max(_SIGMA_PER_MAD * spread / _BEND_PER_SIGMA, _LEAST_NOISE * contrast, 1e-30)


def intensities_at(
    values: NDArray[np.float32], seeds: NDArray[np.int_], spacing_mm: tuple[float, ...]
) -> tuple[NDArray[np.float64], float]:
    """Return the typical intensities around seeds (N, 3), and their spread around one of them."""
    nearby = 2 * min(spacing_mm)
    reach = [min(max(int(_AROUND_MM / spacing), int(spacing < nearby)), _MOST_AROUND) for spacing in spacing_mm]
    middles, spreads = [], []
    for seed in seeds[:: -(-len(seeds) // 64)]:
        box = tuple(slice(max(0, int(c) - r), int(c) + r + 1) for c, r in zip(seed, reach, strict=True))
        middles.append(float(np.median(values[box])))
        spreads.append(float(values[box].std()))
    typical = middles if len(middles) <= _FEW else np.quantile(middles, _QUANTILES)
    return np.unique(typical), float(np.quantile(spreads, _CALM))


def unlikeness_of(values: NDArray[np.float32], typical: NDArray[np.float64], scale: float) -> NDArray[np.float32]:
    """Return how far intensities are from the nearest typical one, in units of a scale."""
    result = np.full(values.shape, np.inf, np.float32)
    for intensity in typical:
        np.minimum(result, np.abs(values - np.float32(intensity)), out=result)
    return result / np.float32(scale)


def log_likelihood_ratio(
    values: NDArray[np.float32], inner: NDArray[np.bool_], outer: NDArray[np.bool_], noise: float
) -> NDArray[np.float64]:
    """Return for each intensity the logarithm of how much likelier it is inside than outside; 0 if nobody knows.

    Args:
        values: (I, J, K).
        inner: (I, J, K) voxels that belong to the object.
        outer: (I, J, K) voxels around it.
        noise: Intensities that differ by less are alike.
    """
    from scipy.ndimage import gaussian_filter1d

    if not (inner.any() and outer.any()):
        return np.zeros(values.shape)
    low, high = float(values.min()), float(values.max())
    count = int(np.clip((high - low) / noise * _BINS_PER_NOISE, _FEWEST_BINS, _MOST_BINS))
    bins = np.minimum(((values - low) * (count / max(high - low, 1e-30))).astype(np.int32), count - 1)
    shares = []
    apart = abs(float(np.median(bins[inner])) - float(np.median(bins[outer])))
    for part in (inner, outer):
        histogram = np.bincount(bins[part], minlength=count) / np.count_nonzero(part)
        sharp = gaussian_filter1d(histogram, _BINS_PER_NOISE, mode="nearest")
        # Intensities in between, which voxels on the boundary have, belong to the nearer of the two.
        broad = gaussian_filter1d(histogram, max(_BINS_PER_NOISE, _BREADTH * apart), mode="nearest")
        shares.append((1 - _BROAD) * sharp + _BROAD * broad + _FLOOR)
    table = np.clip(np.log(shares[0] / shares[1]), -_LARGEST, _LARGEST)
    return np.asarray(table[bins])
