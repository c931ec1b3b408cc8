"""How far to go from a seed: to the distance at which what lies inside differs most from what lies outside.

All levels of a distance map are judged at once. A pair of neighbouring voxels is part of the boundary of every level
between its two distances, so that sums over all boundaries are running sums over sorted levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEVELS = 256
_SATURATION = 2.0  # a step of more than some noise levels is an edge, however high it is
_WITHOUT = 0.5  # what a boundary without contrast is worth against one with all contrast
_WINDOW = 5
_PLATEAU = 0.9  # of a level's contrast, that its neighbours must have to lie on the same edge


@dataclass(frozen=True, eq=False)
class Levels:
    """Candidates for how far an object reaches.

    Attributes:
        distance: (L,) ascending; the object is what is not farther.
        contrast: (L,) mean over its boundary, from -1 to 1: how much less the outer voxels resemble the seed.
        steepness: (L,) mean over its boundary of the same without saturation, in noise levels.
        voxels: (L,) number of its voxels.
    """

    distance: NDArray[np.float64]
    contrast: NDArray[np.float64]
    steepness: NDArray[np.float64]
    voxels: NDArray[np.int_]

    def first_good(self, allowed: NDArray[np.bool_], share: float) -> tuple[float, float]:
        """Return distance and contrast of the nearest level whose contrast is a local maximum, and a high one.

        Args:
            allowed: (L,) which levels may be chosen.
            share: Of the best contrast, that a level must reach.
        """
        contrast = np.where(allowed, self.contrast, -1.0)
        smooth = np.convolve(contrast, np.full(_WINDOW, 1 / _WINDOW), "same")
        best = smooth.max()
        for level in range(2, len(smooth)):
            near = smooth[max(0, level - 8) : level + 9].max()
            if allowed[level] and smooth[level] >= near and smooth[level] >= share * best:
                break
        else:
            level = int(np.argmax(contrast))
        level = self._steepest(level, allowed)
        return float(self.distance[level]), float(contrast[level])

    def best(self, allowed: NDArray[np.bool_], size_power: float) -> float:
        """Return the distance of the level with the best contrast, large ones being preferred a little.

        Args:
            allowed: (L,) which levels may be chosen; the first one is chosen if none is.
            size_power: How much its size counts.
        """
        score = (self.contrast + _WITHOUT) * np.power(self.voxels, size_power, dtype=np.float64)
        level = self._steepest(int(np.argmax(np.where(allowed, score, -np.inf))), allowed)
        return float(self.distance[level])

    def _steepest(self, level: int, allowed: NDArray[np.bool_]) -> int:
        """Return where the boundary of a level is steepest: an edge is some voxels wide, and all of it has contrast."""
        good = allowed & (self.contrast >= _PLATEAU * self.contrast[level])
        first = last = level
        while first > 0 and good[first - 1]:
            first -= 1
        while last + 1 < len(good) and good[last + 1]:
            last += 1
        return first + int(np.argmax(self.steepness[first : last + 1]))


def levels_of(
    distance: NDArray[np.float32],
    inside: NDArray[np.bool_],
    unlikeness: NDArray[np.float32],
    spacing_mm: tuple[float, ...],
) -> Levels:
    """Return the levels of a distance map.

    Args:
        distance: (I, J, K).
        inside: (I, J, K) where the object can be; faces to elsewhere are no boundary.
        unlikeness: (I, J, K) difference from the seeds' intensities, in units of the noise.
        spacing_mm: (3,) of the grid.
    """
    reached = np.sort(distance[inside])
    # Denser near the seed: there a level more or less is much of the object.
    places = np.unique((np.linspace(0, 1, _LEVELS) ** 2 * (len(reached) - 1)).astype(int))
    edges = np.unique(reached[places]).astype(np.float64)
    count = len(edges)
    level = np.searchsorted(edges, distance).astype(np.int32)
    level[~inside] = count
    total, steep, area = (np.zeros(count + 1) for _ in range(3))
    for axis in range(3):
        face_mm2 = float(np.prod(spacing_mm)) / spacing_mm[axis]
        here, there = (np.moveaxis(level, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        is_boundary = (here != there) & (here < count) & (there < count)
        rise = np.diff(np.moveaxis(unlikeness, axis, 0), axis=0)[is_boundary]
        here, there = here[is_boundary], there[is_boundary]
        rise = np.where(there > here, rise, -rise) * face_mm2
        gain = np.tanh(rise / (_SATURATION * face_mm2)) * face_mm2
        low, high = np.minimum(here, there), np.maximum(here, there)
        total += np.bincount(low, gain, count + 1) - np.bincount(high, gain, count + 1)
        steep += np.bincount(low, rise, count + 1) - np.bincount(high, rise, count + 1)
        area += (np.bincount(low, minlength=count + 1) - np.bincount(high, minlength=count + 1)) * face_mm2
    boundary = np.maximum(np.cumsum(area)[:count], 1e-9)
    contrast, steepness = np.cumsum(total)[:count] / boundary, np.cumsum(steep)[:count] / boundary
    voxels = np.cumsum(np.bincount(level.ravel(), minlength=count + 1))[:count]
    return Levels(edges, contrast, steepness, voxels)
