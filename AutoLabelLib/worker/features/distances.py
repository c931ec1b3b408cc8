"""How deep patches of equal grey level lie: the family "gldzm", IBSI's grey level distance zone matrix (VMDZ), 3D."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.counted import Terms, features_of_counts
from AutoLabelLib.worker.features.region import Levels, Mask, Region
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.features.zones import levels_of_zones, zones

UNDEFINED = "no voxel of the segment lies within the intensity range"

_TERMS = Terms(
    "gldzm_",
    (
        "small_distance_emphasis",
        "large_distance_emphasis",
        "low_grey_level_zone_emphasis",
        "high_grey_level_zone_emphasis",
        "small_distance_low_grey_level_emphasis",
        "small_distance_high_grey_level_emphasis",
        "large_distance_low_grey_level_emphasis",
        "large_distance_high_grey_level_emphasis",
        "grey_level_non_uniformity",
        "normalised_grey_level_non_uniformity",
        "zone_distance_non_uniformity",
        "normalised_zone_distance_non_uniformity",
        "zone_percentage",
        "grey_level_variance",
        "zone_distance_variance",
        "zone_distance_entropy",
    ),
    "patches of equal brightness",
    "superficial",
    "deep",
)


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return _TERMS.descriptions()


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's zones by their distance to its border; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    zone_of_voxel = zones(region.levels)
    levels = levels_of_zones(zone_of_voxel, region.levels)
    inside = zone_of_voxel > 0
    distances = np.full(len(levels) + 1, np.iinfo(np.int64).max)
    np.minimum.at(distances, zone_of_voxel[inside], border_distances(region.mask)[inside])
    values = features_of_counts(levels, distances[1:], region.intensities.size)
    return dict(zip(_TERMS.descriptions(), values, strict=True))


def border_distances(mask: Mask) -> Levels:
    """Return how many steps (I, J, K) lead from a voxel across faces out of a mask; 1 at its border."""
    from scipy.ndimage import distance_transform_cdt

    distances = distance_transform_cdt(np.pad(mask, 1), metric="taxicab")
    return np.asarray(distances[1:-1, 1:-1, 1:-1], dtype=np.int64)
