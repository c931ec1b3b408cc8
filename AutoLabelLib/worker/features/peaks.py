"""The brightest cubic centimetre: the family "loc", IBSI's local intensity features (9ST6)."""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.region import Margin, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_WORDS = {
    "loc_local_intensity_peak": "how bright the cubic centimetre around its brightest voxel is",
    "loc_global_intensity_peak": "how bright its brightest cubic centimetre is",
}
_RADIUS_MM = 10 * (3 / (4 * math.pi)) ** (1 / 3)


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(mm=_RADIUS_MM)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region; the neighbourhood of a voxel may lie outside the segment, not the image."""
    if not region.intensities.size:
        return {}
    means = region.under_mask(_sphere_means(region.wide_voxels, region.spacing_mm))
    brightest = region.intensities == region.intensities.max()
    return {
        "loc_local_intensity_peak": float(means[brightest].max()),
        "loc_global_intensity_peak": float(means.max()),
    }


def _sphere_means(voxels: Values, spacing_mm: Values) -> Values:
    """Return for each voxel the mean of those within one cubic centimetre around it, as far as there are any."""
    from scipy.signal import fftconvolve

    reach = np.floor(_RADIUS_MM / spacing_mm).astype(int)
    offsets_mm = np.meshgrid(
        *(np.arange(-n, n + 1) * mm for n, mm in zip(reach, spacing_mm, strict=True)), indexing="ij", sparse=True
    )
    sphere = (sum(offset**2 for offset in offsets_mm) <= _RADIUS_MM**2).astype(np.float64)
    lowest = voxels.min()  # taken off, so that the sums are small and rounding is, too
    sums = fftconvolve(voxels - lowest, sphere, mode="same")
    counts = np.rint(fftconvolve(np.ones_like(voxels), sphere, mode="same"))
    return np.asarray(lowest + sums / counts)
