"""Nodules of exactly known volume: their shapes, where they can lie, and how much of each voxel they fill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.canvas import Canvas, Field

_FINE = (6, 6, 12)  # points per voxel and axis
_LOBE_WIDTH = 0.18  # of a lobe, as 1 - cos of the angle at which it has fallen to 1/e


@dataclass(frozen=True, eq=False)
class Shape:
    """A lobulated ellipsoid, possibly cut off by the pleura.

    Attributes:
        center_ras_mm: (3,) its middle.
        half_axes_mm: (3,) of the smooth ellipsoid.
        axes: (3, 3) its directions as rows.
        lobes: (L, 3) unit directions of its lobes, in its own axes.
        lobe_heights: (L,) how far each lobe stands out, as a share of the radius; negative ones are dents.
        in_lung_only: Whether what lies beyond the lung's surface does not belong to it.
    """

    center_ras_mm: NDArray[np.float64]
    half_axes_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    lobes: NDArray[np.float64]
    lobe_heights: NDArray[np.float64]
    in_lung_only: bool = False

    @cached_property
    def reach_mm(self) -> float:
        """Radius of a ball around its middle that holds it."""
        turns = np.arange(2000) * np.pi * (3 - np.sqrt(5))  # a spiral of nearly even directions
        height = np.linspace(-1, 1, turns.size)
        across = np.sqrt(1 - height**2)
        border = self._border(np.cos(turns) * across, np.sin(turns) * across, height)
        return float(self.half_axes_mm.max() * border.max() * 1.01)

    def contains(self, x: Field, y: Field, z: Field) -> NDArray[np.bool_]:
        """Return which points, given by RAS x, y, z in mm, belong to it."""
        offset = (x - self.center_ras_mm[0], y - self.center_ras_mm[1], z - self.center_ras_mm[2])
        own = [
            sum(float(row[a]) * offset[a] for a in range(3)) / float(half)
            for row, half in zip(self.axes, self.half_axes_mm, strict=True)
        ]
        radius = np.sqrt(own[0] ** 2 + own[1] ** 2 + own[2] ** 2)
        over = 1 / np.maximum(radius, 1e-6)
        inside: Field = radius <= self._border(own[0] * over, own[1] * over, own[2] * over)
        if self.in_lung_only:
            inside &= thorax.lungs(x, y, z) <= 0
        return inside

    def _border(self, u: Field, v: Field, w: Field) -> Field:
        """Return the radius, relative to the smooth ellipsoid's, in a unit direction (u, v, w) of its own axes."""
        border: Field = np.ones_like(u)
        for direction, height in zip(self.lobes, self.lobe_heights, strict=True):
            along = float(direction[0]) * u + float(direction[1]) * v + float(direction[2]) * w
            border = border + float(height) * np.exp((along - 1) / _LOBE_WIDTH)
        return border


@dataclass(frozen=True)
class Nodule:
    """What is known about one nodule of a phantom.

    Attributes:
        name: Such as "N1".
        kind: "solid", "lobulated", "sub-solid", "pleural" or "vessel-attached".
        center_ras_mm: Its centre of mass.
        diameter_mm: Of the ball of the same volume.
        volume_ml: Its true volume.
    """

    name: str
    kind: str
    center_ras_mm: Position
    diameter_mm: float
    volume_ml: float


def fill_fractions(part: Canvas, shape: Shape) -> Field:
    """Return which share of each voxel of a canvas a shape fills, from points on a fine lattice in each."""
    lines = []
    for line, count in zip(part.coordinates, _FINE, strict=True):
        centers = line.ravel()
        step = centers[1] - centers[0]
        lines.append((centers[:, None] + step * ((np.arange(count) + 0.5) / count - 0.5)).astype(np.float32))
    x, y = lines[0].reshape(-1, 1, 1), lines[1].reshape(1, -1, 1)
    n_i, n_j, n_k = part.values.shape
    fractions = np.empty((n_i, n_j, n_k), np.float32)
    for k in range(n_k):  # slice by slice, for the lattice of a large nodule holds some ten million points
        inside = shape.contains(x, y, lines[2][k].reshape(1, 1, -1))
        fractions[:, :, k] = inside.reshape(n_i, _FINE[0], n_j, _FINE[1], _FINE[2]).mean(axis=(1, 3, 4))
    return fractions


def density_hu(kind: str, shape: Shape, part: Canvas) -> Field | float:
    """Return the density of a nodule's tissue at the voxels of a canvas.

    Sub-solid ones are ground glass with a denser heart, and the vessels that run through them stay visible.
    """
    if kind != "sub-solid":
        return 34.0
    x, y, z = part.coordinates
    cx, cy, cz = shape.center_ras_mm
    away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / shape.half_axes_mm.mean()
    glass = -570.0 + 330.0 * np.exp(-((away / 0.35) ** 2))
    return np.asarray(np.maximum(glass, part.values))
