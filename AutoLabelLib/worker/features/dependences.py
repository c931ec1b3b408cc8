"""How many neighbours a voxel is like: the family "ngldm", IBSI's neighbouring grey level dependence matrix (REK0).

Neighbours are the 26 voxels around one; it is like those of its own grey level (IBSI's coarseness 0).
"""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.counted import Terms, features_of_counts, shares
from AutoLabelLib.worker.features.directions import framed, memory_offsets
from AutoLabelLib.worker.features.region import Levels, Region
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_TERMS = Terms(
    "ngldm_",
    (
        "low_dependence_emphasis",
        "high_dependence_emphasis",
        "low_grey_level_count_emphasis",
        "high_grey_level_count_emphasis",
        "low_dependence_low_grey_level_emphasis",
        "low_dependence_high_grey_level_emphasis",
        "high_dependence_low_grey_level_emphasis",
        "high_dependence_high_grey_level_emphasis",
        "grey_level_non_uniformity",
        "normalised_grey_level_non_uniformity",
        "dependence_count_non_uniformity",
        "normalised_dependence_count_non_uniformity",
        "dependence_count_percentage",
        "grey_level_variance",
        "dependence_count_variance",
        "dependence_count_entropy",
    ),
    "neighbourhoods of equal brightness",
    "thin",
    "solid",
)
_ENERGY = {"ngldm_dependence_count_energy": "how regular neighbourhoods of equal brightness are"}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return {**_TERMS.descriptions(), **_ENERGY}


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's dependences; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    levels, counts = dependences(region.levels)
    values = features_of_counts(levels, counts, region.intensities.size)
    energy = float(np.sum(shares(levels, counts) ** 2))
    return {**dict(zip(_TERMS.descriptions(), values, strict=True)), "ngldm_dependence_count_energy": energy}


def dependences(levels: Levels) -> tuple[Levels, Levels]:
    """Return grey level (N,) of each voxel, and how many voxels (N,) of the 27 around it have the same, itself too."""
    padded = framed(levels)
    flat = padded.ravel()
    positions = np.flatnonzero(flat)
    here = flat[positions]
    counts = np.ones(len(positions), np.int64)
    for offset in memory_offsets(padded.shape):
        counts += flat[positions + offset] == here
        counts += flat[positions - offset] == here
    return here, counts
