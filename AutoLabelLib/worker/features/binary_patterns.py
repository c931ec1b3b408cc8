"""Spots, edges and flat places: the family "lbp", shares of local binary patterns in three planes.

A voxel and the ring of its eight neighbours in a plane make a pattern: which of them are at least as bright as itself.
A pattern that changes at most twice around the ring is called by how many are; all others are one more kind. Patterns
in the planes of all three pairs of axes count together, so that no axis is special.

Source: Ojala et al. 2002, Multiresolution gray-scale and rotation invariant texture classification with local binary
    patterns, on the square ring of the original of 1996, which needs no values between voxels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.features.region import Margin, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
_ROUNDING = 1e-9  # of the range: values that resampling should have made equal are equal
_MIXED = len(_RING) + 1
_WORDS = {
    "lbp_uniform_0": "how many bright spots there are",
    **{f"lbp_uniform_{n}": f"how many places there are where {n} of 8 neighbours are brighter" for n in range(1, 8)},
    "lbp_uniform_8": "how many dark spots and flat places there are",
    "lbp_mixed": "how many places without a clear pattern there are",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the share of each kind of pattern; none where no intensity counts."""
    if not region.intensities.size:
        return {}
    counts = np.zeros(_MIXED + 1)
    for across in range(3):
        first, second = (axis for axis in range(3) if axis != across)
        kinds = patterns(region.wide_voxels.transpose(across, first, second)).transpose(
            np.argsort((across, first, second))
        )
        counts += np.bincount(kinds[region.box][region.intensity_mask], minlength=_MIXED + 1)
    return dict(zip(_WORDS, (float(share) for share in counts / counts.sum()), strict=True))


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(voxels=1)


def patterns(planes: Values) -> NDArray[np.int64]:
    """Return the kind of pattern (N, H, W), from 0 to 9, of each pixel of planes (N, H, W)."""
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = planes.shape[1:]
    least = planes - _ROUNDING * np.ptp(planes)
    ring = np.stack([padded[:, 1 + a : 1 + a + height, 1 + b : 1 + b + width] >= least for a, b in _RING])
    changes = np.count_nonzero(ring != np.roll(ring, 1, axis=0), axis=0)
    return np.where(changes <= 2, np.count_nonzero(ring, axis=0), _MIXED)
