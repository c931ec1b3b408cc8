"""Which grey levels lie beside which: the family "glcm", IBSI's grey level co-occurrence matrix (LFYI), 3D, merged."""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.directions import framed, memory_offsets
from AutoLabelLib.worker.features.distribution import entropy_bits
from AutoLabelLib.worker.features.region import Levels, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no two voxels of the segment are neighbours, or all have the same grey level"

_WORDS = {
    "glcm_joint_maximum": "how common the most common pair of neighbouring brightnesses is",
    "glcm_joint_average": "how bright pairs of neighbours are",
    "glcm_joint_variance": "how much the brightness of pairs of neighbours varies",
    "glcm_joint_entropy": "how irregular the texture is",
    "glcm_difference_average": "how different neighbours are on average",
    "glcm_difference_variance": "how unevenly neighbours differ",
    "glcm_difference_entropy": "how irregularly neighbours differ",
    "glcm_sum_average": "how bright two neighbours are together",
    "glcm_sum_variance": "how much the brightness of two neighbours together varies",
    "glcm_sum_entropy": "how irregular the brightness of two neighbours together is",
    "glcm_angular_second_moment": "how uniform the texture is",
    "glcm_contrast": "how strong the contrast between neighbours is",
    "glcm_dissimilarity": "how unlike neighbours are",
    "glcm_inverse_difference": "how alike neighbours are",
    "glcm_normalised_inverse_difference": "how alike neighbours are for the range of its brightness",
    "glcm_inverse_difference_moment": "how homogeneous it is",
    "glcm_normalised_inverse_difference_moment": "how homogeneous it is for the range of its brightness",
    "glcm_inverse_variance": "how often neighbours differ a little",
    "glcm_correlation": "how far the brightness of a voxel tells that of its neighbour",
    "glcm_autocorrelation": "how coarse and bright its texture is",
    "glcm_cluster_tendency": "how far bright and dark voxels lie in clusters",
    "glcm_cluster_shade": "whether its clusters are bright (positive) or dark (negative)",
    "glcm_cluster_prominence": "how prominent its clusters are",
    "glcm_information_correlation_1": "how far neighbours tell each other's brightness: from 0 down to -1 for wholly",
    "glcm_information_correlation_2": "how far neighbours tell each other's brightness: 0 for not at all, 1 for wholly",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's pairs of neighbours; none where no two voxels are neighbours."""
    matrix = cooccurrence_matrix(region.levels, region.level_count)
    total = matrix.sum()
    if not total:
        return {}
    joint = matrix / total
    found = {**_joint(joint), **_differences(joint), **_sums(joint), **_information(joint)}
    return {name: found[name] for name in _WORDS if name in found}


def cooccurrence_matrix(levels: Levels, count: int) -> Values:
    """Return how often levels are neighbours (count, count), symmetric, over all directions at distance 1."""
    padded = framed(levels)
    flat = padded.ravel()
    positions = np.flatnonzero(flat)
    here = flat[positions]
    counts = np.zeros((count + 1) ** 2, np.int64)
    for offset in memory_offsets(padded.shape):
        counts += np.bincount(here * (count + 1) + flat[positions + offset], minlength=(count + 1) ** 2)
    one_way = counts.reshape(count + 1, count + 1)[1:, 1:].astype(np.float64)
    return one_way + one_way.T


def _joint(joint: Values) -> dict[str, float]:
    level = np.arange(1, len(joint) + 1, dtype=np.float64)
    marginal = joint.sum(axis=1)
    mean = float(marginal @ level)
    variance = float(marginal @ (level - mean) ** 2)
    found = {
        "glcm_joint_maximum": float(joint.max()),
        "glcm_joint_average": mean,
        "glcm_joint_variance": variance,
        "glcm_joint_entropy": entropy_bits(joint),
        "glcm_angular_second_moment": float(np.sum(joint**2)),
        "glcm_autocorrelation": float(level @ joint @ level),
    }
    if variance > 0:
        found["glcm_correlation"] = float((level - mean) @ joint @ (level - mean)) / variance
    return found


def _differences(joint: Values) -> dict[str, float]:
    count = len(joint)
    level = np.arange(count)
    # The chance of each difference.
    chance = np.asarray(np.bincount(np.abs(level[:, None] - level).ravel(), joint.ravel()), dtype=np.float64)
    apart = level.astype(np.float64)
    mean = float(chance @ apart)
    return {
        "glcm_difference_average": mean,
        "glcm_difference_variance": float(chance @ (apart - mean) ** 2),
        "glcm_difference_entropy": entropy_bits(chance),
        "glcm_contrast": float(chance @ apart**2),
        "glcm_dissimilarity": mean,
        "glcm_inverse_difference": float(np.sum(chance / (1 + apart))),
        "glcm_normalised_inverse_difference": float(np.sum(chance / (1 + apart / count))),
        "glcm_inverse_difference_moment": float(np.sum(chance / (1 + apart**2))),
        "glcm_normalised_inverse_difference_moment": float(np.sum(chance / (1 + (apart / count) ** 2))),
        "glcm_inverse_variance": float(np.sum(chance[1:] / apart[1:] ** 2)),
    }


def _sums(joint: Values) -> dict[str, float]:
    count = len(joint)
    level = np.arange(1, count + 1)
    # The chance of each sum.
    chance = np.asarray(np.bincount((level[:, None] + level).ravel(), joint.ravel()), dtype=np.float64)
    together = np.arange(2 * count + 1, dtype=np.float64)
    mean = float(chance @ together)
    tendency, shade, prominence = (float(chance @ (together - mean) ** power) for power in (2, 3, 4))
    return {
        "glcm_sum_average": mean,
        "glcm_sum_variance": tendency,
        "glcm_sum_entropy": entropy_bits(chance),
        "glcm_cluster_tendency": tendency,
        "glcm_cluster_shade": shade,
        "glcm_cluster_prominence": prominence,
    }


def _information(joint: Values) -> dict[str, float]:
    """Return IBSI's two measures of information correlation (R8DG, JN9H); the first needs two grey levels."""
    marginal = joint.sum(axis=1)
    independent = np.outer(marginal, marginal)
    has_logarithm = independent > 0
    logarithm = np.log2(independent, out=np.zeros_like(independent), where=has_logarithm)
    joint_bits, bits = entropy_bits(joint), entropy_bits(marginal)
    first = -float(np.sum(joint * logarithm))
    second = -float(np.sum(independent * logarithm))
    found = {"glcm_information_correlation_2": math.sqrt(max(0.0, 1 - math.exp(-2 * (second - joint_bits))))}
    if bits > 0:
        found["glcm_information_correlation_1"] = (joint_bits - first) / bits
    return found
