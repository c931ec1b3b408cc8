"""Patches of equal grey level: the family "glszm", IBSI's grey level size zone matrix (9SAK), 3D, 26 neighbours."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.counted import Terms, features_of_counts
from AutoLabelLib.worker.features.region import Levels, Region
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_TERMS = Terms(
    "glszm_",
    (
        "small_zone_emphasis",
        "large_zone_emphasis",
        "low_grey_level_zone_emphasis",
        "high_grey_level_zone_emphasis",
        "small_zone_low_grey_level_emphasis",
        "small_zone_high_grey_level_emphasis",
        "large_zone_low_grey_level_emphasis",
        "large_zone_high_grey_level_emphasis",
        "grey_level_non_uniformity",
        "normalised_grey_level_non_uniformity",
        "zone_size_non_uniformity",
        "normalised_zone_size_non_uniformity",
        "zone_percentage",
        "grey_level_variance",
        "zone_size_variance",
        "zone_size_entropy",
    ),
    "patches of equal brightness",
    "small",
    "large",
)


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return _TERMS.descriptions()


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's zones; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    zone_of_voxel = zones(region.levels)
    sizes = np.bincount(zone_of_voxel.ravel())[1:]
    values = features_of_counts(levels_of_zones(zone_of_voxel, region.levels), sizes, region.intensities.size)
    return dict(zip(_TERMS.descriptions(), values, strict=True))


def zones(levels: Levels) -> Levels:
    """Return which zone of equal grey level (I, J, K) a voxel belongs to, from 1 on; 0 outside."""
    from skimage.measure import label

    return np.asarray(label(levels, background=0, connectivity=3), dtype=np.int64)


def levels_of_zones(zone_of_voxel: Levels, levels: Levels) -> Levels:
    """Return the grey level (N,) of each zone, in the order of their numbers."""
    found = np.zeros(int(zone_of_voxel.max(initial=0)) + 1, np.int64)
    found[zone_of_voxel] = levels
    return found[1:]
