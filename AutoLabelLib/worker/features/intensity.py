"""Intensities without discretisation: the family "stat", IBSI's intensity-based statistics (UHIW)."""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.distribution import DISTRIBUTION_WORDS, distribution_features
from AutoLabelLib.worker.features.region import Region
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range, or its mean is 0"


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return {
        **{f"stat_{name}": words for name, words in DISTRIBUTION_WORDS.items()},
        "stat_energy": "how much brightness there is in all, squared",
        "stat_root_mean_square": "how bright it is on average, dark and bright alike",
    }


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's intensities, in the image's unit; none where none counts."""
    values = region.intensities
    if not values.size:
        return {}
    energy = float(np.sum(values**2))
    return {
        **{f"stat_{name}": value for name, value in distribution_features(values).items()},
        "stat_energy": energy,
        "stat_root_mean_square": math.sqrt(energy / values.size),
    }
