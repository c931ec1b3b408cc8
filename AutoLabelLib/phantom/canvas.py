"""A volume to paint on: soft-edged solids given by signed distances, in RAS mm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, as_affine

Field = NDArray[Any]
"""Values at points: float32 for voxels, float64 for a few points. A distance is negative inside, in mm."""

Solid = Callable[[Field, Field, Field], Field]
"""Distance of points whose RAS x, y, z in mm are given as arrays that broadcast."""

Corner = tuple[float, float, float]


def inside_fraction(distance_mm: Field, edge_mm: float = 1.0) -> Field:
    """Return how much of a voxel lies inside a surface, from the distance of its centre.

    Args:
        distance_mm: Distance of voxel centres to the surface, negative inside.
        edge_mm: Width over which the fraction goes from 1 to 0; about one voxel.
    """
    return np.clip(np.float32(0.5) - distance_mm / np.float32(edge_mm), 0, 1)


@dataclass(frozen=True)
class Canvas:
    """Voxels of one value each and where they are, or a part of them.

    Attributes:
        values: (I, J, K) float32, painted in place.
        x: (I, 1, 1) RAS x of the voxel centres in mm.
        y: (1, J, 1) RAS y.
        z: (1, 1, K) RAS z.
    """

    values: Field
    x: Field
    y: Field
    z: Field

    @property
    def coordinates(self) -> tuple[Field, Field, Field]:
        """The three coordinates, to be passed to a `Solid`."""
        return self.x, self.y, self.z

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel."""
        steps_mm = [abs(float(line.ravel()[1] - line.ravel()[0])) for line in self.coordinates]
        return steps_mm[0] * steps_mm[1] * steps_mm[2] / 1000.0

    def part(self, low_ras_mm: Corner, high_ras_mm: Corner) -> Canvas:
        """Return the part inside a box, sharing the voxels; it may be empty."""
        lines = [line.ravel() for line in self.coordinates]
        cut = []
        for line, low, high in zip(lines, low_ras_mm, high_ras_mm, strict=True):
            hits = np.flatnonzero((line >= low) & (line <= high))
            cut.append(slice(int(hits[0]), int(hits[-1]) + 1) if hits.size else slice(0, 0))
        return Canvas(self.values[tuple(cut)], self.x[cut[0]], self.y[:, cut[1]], self.z[:, :, cut[2]])

    def paint(
        self, distance_mm: Field, value: float | Field, amount: float | Field = 1.0, edge_mm: float = 1.0
    ) -> None:
        """Paint a solid over what is there, with a soft edge.

        Args:
            distance_mm: Its distance at the voxel centres.
            value: What its voxels become.
            amount: Opacity, 0 to 1.
            edge_mm: Width of the edge.
        """
        share = inside_fraction(distance_mm, edge_mm) * np.asarray(amount, np.float32)
        np.add(self.values, share * (np.asarray(value, np.float32) - self.values), out=self.values)


def blank_canvas(
    shape_ijk: tuple[int, int, int], spacing_mm: tuple[float, float, float], value: float
) -> tuple[Canvas, Affine]:
    """Return an even canvas in the order of a CT (i to the left, j to the back, k up), centred on the origin.

    Returns:
        The canvas, and the (4, 4) affine from the index of a voxel's centre to RAS mm.
    """
    half_mm = [(n - 1) / 2 * step for n, step in zip(shape_ijk, spacing_mm, strict=True)]
    x, y, z = (np.linspace(-half, half, n, dtype=np.float32) for half, n in zip(half_mm, shape_ijk, strict=True))
    matrix = np.diag([-spacing_mm[0], -spacing_mm[1], spacing_mm[2], 1.0])
    matrix[:3, 3] = half_mm[0], half_mm[1], -half_mm[2]
    values = np.full(shape_ijk, value, np.float32)
    return Canvas(values, x[::-1, None, None], y[None, ::-1, None], z[None, None, :]), as_affine(matrix)
