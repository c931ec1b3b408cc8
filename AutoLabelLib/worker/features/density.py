"""How its intensities are distributed, smoothly: the family "density", a kernel density estimate.

Source: Scott 1992, Multivariate density estimation (the width of the kernel, a Gaussian).
"""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.distribution import entropy_bits
from AutoLabelLib.worker.features.region import Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "every voxel of the segment has the same intensity, or none lies within the intensity range"

_POINTS = 512
_AT = {-2: "minus_2", -1: "minus_1", 0: "0", 1: "plus_1", 2: "plus_2"}  # standard deviations from the mean
_WORDS = {
    "density_mode": "which brightness is the most common",
    "density_mode_count": "how many separate brightnesses it is made of",
    "density_bandwidth": "how finely its brightness can be told",
    "density_entropy_bits": "how widely its brightness is spread",
    "density_second_mode_height": "how strong its second most common brightness is: 0 for none, 1 for as strong",
    **{
        f"density_at_{name}_sd": f"how common a brightness {n:+d} standard deviations off is" for n, name in _AT.items()
    },
}
_LEAST_PROMINENCE = 0.05  # of a mode, relative to the highest: less is an accident of the sample


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's density; none where it has not two intensities."""
    values = region.intensities
    deviation = float(values.std()) if values.size else 0.0
    if not deviation:
        return {}
    width = deviation * len(values) ** -0.2
    positions, density = _estimate(values, width)
    modes = _modes(density)
    heights = np.sort(density[modes])[::-1]
    at = np.interp(values.mean() + np.array(list(_AT)) * deviation, positions, density, left=0.0, right=0.0)
    step = positions[1] - positions[0]
    found = (
        float(positions[np.argmax(density)]),
        float(len(modes)),
        width,
        entropy_bits(density / density.sum()) + math.log2(step),
        float(heights[1] / heights[0]) if len(heights) > 1 else 0.0,
        *(float(height * deviation) for height in at),
    )
    return dict(zip(_WORDS, found, strict=True))


def _estimate(values: Values, width: float) -> tuple[Values, Values]:
    """Return positions, evenly spaced and a little wider than the values, and the density at each."""
    from scipy.ndimage import gaussian_filter1d

    low, high = float(values.min()) - 4 * width, float(values.max()) + 4 * width
    counts, edges = np.histogram(values, _POINTS, (low, high))
    step = (high - low) / _POINTS
    density = gaussian_filter1d(counts.astype(np.float64), width / step, mode="constant")
    return (edges[:-1] + edges[1:]) / 2, density / (density.sum() * step)


def _modes(density: Values) -> np.ndarray:
    from scipy.signal import find_peaks

    return np.asarray(find_peaks(density, prominence=_LEAST_PROMINENCE * density.max())[0])
