"""What intensities, and grey levels likewise, have in common: moments, percentiles and deviations."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def distribution_features(values: Numbers) -> dict[str, float]:
    """Return IBSI's figures of a distribution (N,), by the end of their names; of nothing, nothing.

    Source: IBSI, intensity-based statistics; percentiles are values that occur, as in its reference.
    """
    if not values.size:
        return {}
    mean, median = float(values.mean()), float(np.median(values))
    centred = values - mean
    variance = float(np.mean(centred**2))
    p10, p25, p75, p90 = (float(p) for p in np.percentile(values, [10, 25, 75, 90], method="inverted_cdf"))
    middle = values[(values >= p10) & (values <= p90)]
    return {
        "mean": mean,
        "variance": variance,
        "skewness": float(np.mean(centred**3)) / variance**1.5 if variance else 0.0,
        "excess_kurtosis": float(np.mean(centred**4)) / variance**2 - 3 if variance else 0.0,
        "median": median,
        "minimum": float(values.min()),
        "10th_percentile": p10,
        "90th_percentile": p90,
        "maximum": float(values.max()),
        "interquartile_range": p75 - p25,
        "range": float(np.ptp(values)),
        "mean_absolute_deviation": float(np.mean(np.abs(centred))),
        "robust_mean_absolute_deviation": float(np.mean(np.abs(middle - middle.mean()))),
        "median_absolute_deviation": float(np.mean(np.abs(values - median))),
        "coefficient_of_variation": ratio(math.sqrt(variance), mean),
        "quartile_coefficient_of_dispersion": ratio(p75 - p25, p75 + p25),
    }


def ratio(numerator: float, denominator: float) -> float:
    """Return a quotient; NaN where the denominator is 0."""
    return numerator / denominator if denominator else math.nan


def entropy_bits(probabilities: Numbers) -> float:
    """Return the Shannon entropy in bits of probabilities of any shape; zeros count as nothing."""
    present = probabilities[probabilities > 0]
    return float(-np.sum(present * np.log2(present))) + 0.0  # -0.0 of a certain event becomes 0.0


DISTRIBUTION_WORDS = {
    "mean": "how bright it is on average",
    "variance": "how much the brightness varies",
    "skewness": "whether a few parts are much brighter (positive) or much darker (negative) than most",
    "excess_kurtosis": "how far extremes of brightness stick out",
    "median": "how bright its middle voxel is",
    "minimum": "how bright its darkest voxel is",
    "10th_percentile": "how bright its darker parts are",
    "90th_percentile": "how bright its brighter parts are",
    "maximum": "how bright its brightest voxel is",
    "interquartile_range": "how widely the middle half of the brightness is spread",
    "range": "how far the darkest and the brightest voxel lie apart",
    "mean_absolute_deviation": "how far the brightness lies from its mean",
    "robust_mean_absolute_deviation": "how far the brightness lies from its mean, extremes left out",
    "median_absolute_deviation": "how far the brightness lies from its median",
    "coefficient_of_variation": "how much the brightness varies for how bright it is",
    "quartile_coefficient_of_dispersion": "how widely the middle half of the brightness is spread for how bright it is",
}
