"""Grey levels: the family "ih", IBSI's intensity histogram features (ZVCW)."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.distribution import DISTRIBUTION_WORDS, distribution_features, entropy_bits
from AutoLabelLib.worker.features.region import Region
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_WORDS = {
    "ih_mode": "which grey level is the most common",
    "ih_entropy": "how mixed its grey levels are",
    "ih_uniformity": "how far few grey levels prevail",
    "ih_maximum_gradient": "how steeply the number of voxels rises from one grey level to the next",
    "ih_maximum_gradient_grey_level": "at which grey level the number of voxels rises most steeply",
    "ih_minimum_gradient": "how steeply the number of voxels falls from one grey level to the next",
    "ih_minimum_gradient_grey_level": "at which grey level the number of voxels falls most steeply",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return {**{f"ih_{name}": f"{words}, in grey levels" for name, words in DISTRIBUTION_WORDS.items()}, **_WORDS}


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's grey levels; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    levels = region.levels[region.intensity_mask]
    counts = np.bincount(levels)[1:].astype(np.float64)
    chance = counts / counts.sum()
    gradient = np.gradient(counts) if len(counts) > 1 else np.zeros(1)
    found = {
        "ih_mode": _mode(counts, float(levels.mean())),
        "ih_entropy": entropy_bits(chance),
        "ih_uniformity": float(chance @ chance),
        "ih_maximum_gradient": float(gradient.max()),
        "ih_maximum_gradient_grey_level": float(gradient.argmax() + 1),
        "ih_minimum_gradient": float(gradient.min()),
        "ih_minimum_gradient_grey_level": float(gradient.argmin() + 1),
    }
    distribution = distribution_features(levels.astype(np.float64))
    return {**{f"ih_{name}": value for name, value in distribution.items()}, **found}


def _mode(counts: np.ndarray, mean: float) -> float:
    """Return the most common grey level; of several, the one nearest to the mean, and then the lower."""
    most = np.flatnonzero(counts == counts.max()) + 1.0
    return float(most[np.argmin(np.abs(most - mean))])
