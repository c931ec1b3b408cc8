"""Streaks of equal grey level: the family "glrlm", IBSI's grey level run length matrix (TP0I), 3D, merged."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.counted import Terms, features_of_counts
from AutoLabelLib.worker.features.directions import DIRECTIONS, framed, memory_offsets
from AutoLabelLib.worker.features.region import Levels, Region
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_TERMS = Terms(
    "glrlm_",
    (
        "short_runs_emphasis",
        "long_runs_emphasis",
        "low_grey_level_run_emphasis",
        "high_grey_level_run_emphasis",
        "short_run_low_grey_level_emphasis",
        "short_run_high_grey_level_emphasis",
        "long_run_low_grey_level_emphasis",
        "long_run_high_grey_level_emphasis",
        "grey_level_non_uniformity",
        "normalised_grey_level_non_uniformity",
        "run_length_non_uniformity",
        "normalised_run_length_non_uniformity",
        "run_percentage",
        "grey_level_variance",
        "run_length_variance",
        "run_entropy",
    ),
    "streaks of equal brightness",
    "short",
    "long",
)


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return _TERMS.descriptions()


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's runs in all directions; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    levels, lengths = runs(region.levels)
    values = features_of_counts(levels, lengths, region.intensities.size * len(DIRECTIONS))
    return dict(zip(_TERMS.descriptions(), values, strict=True))


def runs(levels: Levels) -> tuple[Levels, Levels]:
    """Return grey level (N,) and length (N,) in voxels of every run in every direction.

    Along one line, positions in memory differ by multiples of the direction's offset. Sorted by the remainder, so that
    lines stay together, starts and ends of runs follow each other in pairs.
    """
    padded = framed(levels)
    flat = padded.ravel()
    positions = np.flatnonzero(flat)
    here = flat[positions]
    found_levels, found_lengths = [], []
    for offset in memory_offsets(padded.shape):
        starts = positions[flat[positions - offset] != here]
        ends = positions[flat[positions + offset] != here]
        kind = np.uint16 if offset < 2**16 else np.int64  # of two bytes are sorted in linear time
        starts = starts[np.argsort((starts % offset).astype(kind), kind="stable")]
        ends = ends[np.argsort((ends % offset).astype(kind), kind="stable")]
        found_levels.append(flat[starts])
        found_lengths.append((ends - starts) // offset + 1)
    return np.concatenate(found_levels), np.concatenate(found_lengths)
