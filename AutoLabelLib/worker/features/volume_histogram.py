"""How much of it is at least how bright: the family "ivh", IBSI's intensity-volume histogram features (P88C)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from AutoLabelLib.worker.features.region import Region, Values, grey_levels
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "every voxel of the segment has the same intensity, or none lies within the intensity range"

_WORDS = {
    "ivh_volume_at_intensity_fraction_10": "how much of it is brighter than a tenth of its range of brightness",
    "ivh_volume_at_intensity_fraction_90": "how much of it is brighter than nine tenths of its range of brightness",
    "ivh_intensity_at_volume_fraction_10": "which brightness only its brightest tenth reaches",
    "ivh_intensity_at_volume_fraction_90": "which brightness nine tenths of it reach",
    "ivh_volume_fraction_difference_between_intensity_fractions": "how much of it is neither dark nor bright",
    "ivh_intensity_fraction_difference_between_volume_fractions": "how far its brightest and darkest tenth lie apart",
}
_STEPS = 1000  # IBSI's number of bins for intensities in arbitrary units


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's intensity-volume histogram; none where it has not two intensities.

    Whole numbers are a scale of their own, with steps of 1, like HU. Others are divided into 1000 steps. Where the
    settings name a bin count, the unit is arbitrary, and intensities are returned as the number of the step.
    """
    if not region.intensities.size or not np.ptp(region.intensities):
        return {}
    values, scale = _discretised(region.intensities, settings)
    shares = 1 - np.searchsorted(np.sort(values), scale, side="left") / len(values)  # at least as bright as each step
    fractions = (scale - scale[0]) / (scale[-2] - scale[0])  # the last step lies beyond the brightest voxel
    volume_10, volume_90 = (float(shares[np.argmax(fractions >= part - 1e-9)]) for part in (0.1, 0.9))
    intensity_10, intensity_90 = (float(scale[np.argmax(shares <= part + 1e-9)]) for part in (0.1, 0.9))
    found = (volume_10, volume_90, intensity_10, intensity_90, volume_10 - volume_90, intensity_10 - intensity_90)
    return dict(zip(_WORDS, found, strict=True))


def _discretised(intensities: Values, settings: FeatureSettings) -> tuple[Values, Values]:
    """Return the values, and the steps of their scale from the lowest to one beyond the highest."""
    low, high = settings.intensity_range or (float(intensities.min()), float(intensities.max()))
    if settings.bin_count is not None:
        levels = grey_levels(intensities, replace(settings, bin_count=_STEPS))
        return levels.astype(np.float64), np.arange(1.0, _STEPS + 2)
    if (intensities == np.rint(intensities)).all():
        return intensities, np.arange(np.floor(low), np.ceil(high) + 1.5, dtype=np.float64)
    width = (high - low) / _STEPS
    step = np.minimum(np.floor((intensities - low) / width), _STEPS - 1)
    scale = np.arange(_STEPS + 1, dtype=np.float64)
    return low + (step + 0.5) * width, low + (scale + 0.5) * width
