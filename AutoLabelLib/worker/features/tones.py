"""How far voxels differ from what surrounds them: the family "ngtdm", IBSI's neighbourhood grey tone difference (IPET).

Neighbours are the 26 voxels around one, as far as their intensities count.
"""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.directions import framed, memory_offsets
from AutoLabelLib.worker.features.region import Levels, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no two voxels of the segment are neighbours"

_WORDS = {
    "ngtdm_coarseness": "how coarse the texture is",
    "ngtdm_contrast": "how strong the contrast with the surrounding voxels is",
    "ngtdm_busyness": "how busily the brightness changes from place to place",
    "ngtdm_complexity": "how complex the texture is",
    "ngtdm_strength": "how strong, large and clear-cut its patterns are",
}
_MOST_COARSE = 1e6  # IBSI's value where nothing differs


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's tone differences; none where no two voxels are neighbours."""
    chances, differences, count = tone_differences(region.levels)
    if not count:
        return {}
    level = np.flatnonzero(chances).astype(np.float64)  # of grey levels that occur
    chance, difference = chances[chances > 0], differences[chances > 0]
    apart = level[:, None] - level
    weighted = float(chance @ difference)
    total = float(difference.sum())
    mixed = (chance * difference)[:, None] + chance * difference
    either = chance[:, None] + chance
    busy = float(np.abs((level * chance)[:, None] - level * chance).sum())
    kinds = len(level)
    spread = float(chance @ apart**2 @ chance) / (kinds * (kinds - 1)) if kinds > 1 else 0.0
    return {
        "ngtdm_coarseness": min(_MOST_COARSE, 1 / weighted) if weighted else _MOST_COARSE,
        "ngtdm_contrast": spread * total / count,
        "ngtdm_busyness": weighted / busy if busy else 0.0,
        "ngtdm_complexity": float(np.sum(np.abs(apart) * mixed / either)) / count,
        "ngtdm_strength": float(np.sum(either * apart**2)) / total if total else 0.0,
    }


def tone_differences(levels: Levels) -> tuple[Values, Values, int]:
    """Return per grey level its share and its summed difference, and the number of voxels that have a neighbour."""
    padded = framed(levels)
    flat = padded.ravel()
    positions = np.flatnonzero(flat)
    sums, neighbours = np.zeros(len(positions)), np.zeros(len(positions))
    for offset in memory_offsets(padded.shape):
        for step in (offset, -offset):
            there = flat[positions + step]
            sums += there
            neighbours += there > 0
    has = neighbours > 0
    own = flat[positions[has]]
    count = len(own)
    per_level = np.bincount(own, np.abs(own - sums[has] / neighbours[has])) if count else np.zeros(1)
    return np.bincount(own) / max(count, 1), np.asarray(per_level, dtype=np.float64), count
