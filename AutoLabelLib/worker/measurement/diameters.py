"""Diameters as a radiologist takes them: the longest line across an axial slice, and the longest one upright to it.

Source: Eisenhauer et al., New response evaluation criteria in solid tumours (RECIST 1.1), Eur J Cancer 2009;45:228-247:
the longest diameter in the plane of measurement, and the short axis perpendicular to it. Bankier et al.,
Recommendations for measuring pulmonary nodules at CT (Fleischner Society), Radiology 2017;285:584-600: both on the same
image, and their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, ras_from_index
from AutoLabelLib.core.finding import Line
from AutoLabelLib.worker.measurement.axial_sections import axial_sections, cuts, outlines

_SAME_MM = 1e-6  # lengths that differ by less are equal, so that rounding does not choose between them


@dataclass(frozen=True)
class AxialAxes:
    """The two lines that are drawn on one axial slice.

    Attributes:
        long_ras_mm: Ends of the longest line across one connected part of a slice, in the slice where it is longest.
        short_ras_mm: Ends of the longest line upright to it, in the same part of that slice.
    """

    long_ras_mm: Line
    short_ras_mm: Line

    @property
    def long_mm(self) -> float:
        """Length of the long axis."""
        return _length_mm(self.long_ras_mm)

    @property
    def short_mm(self) -> float:
        """Length of the short axis, which is never longer than the long one, not even by rounding."""
        return min(_length_mm(self.short_ras_mm), self.long_mm)


def axial_axes(mask: NDArray[np.bool_], affine: Affine) -> AxialAxes:
    """Return the axes of a mask.

    Args:
        mask: (I, J, K); not empty, and empty at the faces of the array.
        affine: (4, 4), index to RAS mm.
    """
    sections = axial_sections(mask, affine)
    middle = (sections.inside.shape[2] - 1) / 2
    found, parts = cuts(sections)
    best: tuple[float, float, Line] | None = None  # how much shorter than nothing, how far from the middle, ends
    drawn: list[NDArray[np.float64]] = []
    for cut in found:
        if best is not None and cut.longest_mm < -best[0] - _SAME_MM:
            break  # none of the rest, sorted by how long it can be at most, is longer
        lines = list(outlines(sections, cut, parts))
        line = _longest(np.concatenate(lines))
        candidate = (-round(_length_mm(line) / _SAME_MM) * _SAME_MM, abs(cut.plane - middle), line)
        if best is None or candidate < best:
            best, drawn = candidate, lines
    assert best is not None  # a mask that is not empty has a cut
    return AxialAxes(best[2], _longest_upright(drawn, best[2]))


def longest_mm(mask: NDArray[np.bool_], affine: Affine) -> float:
    """Return the largest distance between two positions on the surface of a mask, in any direction.

    Args:
        mask: (I, J, K); not empty.
        affine: (4, 4), index to RAS mm.
    """
    return float(_farthest(_hull(ras_from_index(affine, _line_ends(mask))))[0])


def _line_ends(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the first and last edge of a mask on each line of voxels, as indices (N, 3): one of them is farthest."""
    ends = []
    for axis in range(3):
        lines = np.nonzero(mask.any(axis=axis))
        first = mask.argmax(axis=axis)[lines] - 0.5
        last = mask.shape[axis] - 0.5 - np.flip(mask, axis).argmax(axis=axis)[lines]
        places = np.stack(lines, axis=1).astype(np.float64)
        ends += [np.insert(places, axis, end, axis=1) for end in (first, last)]
    return np.concatenate(ends)


def _longest(positions_ras_mm: NDArray[np.float64]) -> Line:
    """Return the longest line between positions of one axial plane; the first in RAS of those that are equally long."""
    corners = _hull(positions_ras_mm, dimensions=2)
    length_mm, distances_mm = _farthest(corners[:, :2])
    pairs = np.argwhere(np.triu(distances_mm) > length_mm - _SAME_MM)
    return min(_line(corners[first], corners[second]) for first, second in pairs)


def _longest_upright(lines: list[NDArray[np.float64]], long_axis: Line) -> Line:
    """Return the longest line across an outline at a right angle to an axis; it begins to the axis' left."""
    start, end = np.array(long_axis)
    along = (end - start)[:2] / np.linalg.norm((end - start)[:2])
    across = np.array([-along[1], along[0]])
    edges = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])  # (E, 2, 3)
    u, v = (edges[..., :2] - start[:2]) @ along, (edges[..., :2] - start[:2]) @ across
    low, high = u.min(axis=1), u.max(axis=1)
    run = np.where(u[:, 1] == u[:, 0], 1.0, u[:, 1] - u[:, 0])
    slope = np.where(u[:, 1] == u[:, 0], 0.0, (v[:, 1] - v[:, 0]) / run)
    best = (-1.0, 0.0, 0.0, 0.0)
    for place in np.unique(
        u
    ):  # a chord is longest at a corner of the outline, because between corners edges are straight
        met = (low <= place) & (place <= high)
        crossed = np.concatenate([v[met, 0] + slope[met] * (place - u[met, 0]), v[met & (low == high), 1]])
        length_mm = float(crossed.max() - crossed.min())
        if length_mm > best[0] + _SAME_MM:
            best = (length_mm, float(place), float(crossed.min()), float(crossed.max()))
    _, place, below, above = best
    ends = [start + np.append(place * along + side * across, 0.0) for side in (below, above)]
    return _line(*ends)


def _hull(positions: NDArray[np.float64], dimensions: int = 3) -> NDArray[np.float64]:
    from scipy.spatial import ConvexHull

    return positions[ConvexHull(positions[:, :dimensions]).vertices]


def _farthest(positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the largest distance between positions, and the distances (N, N) of all of them."""
    from scipy.spatial.distance import cdist

    distances = cdist(positions, positions)
    return float(distances.max()), distances


def _line(first: NDArray[np.float64], second: NDArray[np.float64]) -> Line:
    one, other = sorted([tuple(first.tolist()), tuple(second.tolist())])
    return (one, other)


def _length_mm(line: Line) -> float:
    return float(np.linalg.norm(np.subtract(*line)))
