"""Signed distances of simple solids, exact or good to some per cent near the surface; negative inside, in mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from AutoLabelLib.phantom.canvas import Field, Solid


def ellipse(a: Field, b: Field, half_a: ArrayLike, half_b: ArrayLike, power: float = 2.0) -> Field:
    """Return the distance to a (super-)ellipse in a plane, measured along the ray from its centre.

    Args:
        a: First coordinate relative to the centre, mm.
        b: Second coordinate relative to the centre, mm.
        half_a: Half axis along a; may vary from point to point.
        half_b: Half axis along b.
        power: 2 for an ellipse; the larger, the nearer to a rectangle.
    """
    scaled = (np.abs(a / half_a) ** power + np.abs(b / half_b) ** power) ** (1.0 / power)
    return np.sqrt(a * a + b * b) * (1 - 1 / np.maximum(scaled, 1e-3))


def ellipsoid(center_ras_mm: ArrayLike, half_axes_mm: ArrayLike, axes: ArrayLike | None = None) -> Solid:
    """Return the distance function of an ellipsoid.

    Args:
        center_ras_mm: (3,) centre.
        half_axes_mm: (3,) half axes.
        axes: (3, 3), its own directions as rows; None: along RAS.
    """
    cx, cy, cz = np.asarray(center_ras_mm, np.float32)
    half = np.asarray(half_axes_mm, np.float32)
    rows = np.eye(3, dtype=np.float32) if axes is None else np.asarray(axes, np.float32)

    def distance(x: Field, y: Field, z: Field) -> Field:
        dx, dy, dz = x - cx, y - cy, z - cz
        # |p| / half and its gradient give a first-order distance without the ray's error at flat ellipsoids.
        value: Field | np.float32 = np.float32(1e-10)
        slope: Field | np.float32 = value / half.max() ** 2
        for row, h in zip(rows, half, strict=True):
            along = dx * row[0] + dy * row[1] + dz * row[2]
            value = value + (along / h) ** 2
            slope = slope + (along / (h * h)) ** 2
        root = np.sqrt(value)
        return np.asarray(root * (root - 1) / np.sqrt(slope))

    return distance


def capsule(start_ras_mm: ArrayLike, end_ras_mm: ArrayLike, start_radius_mm: float, end_radius_mm: float) -> Solid:
    """Return the distance function of a round tube between two points whose radius changes evenly."""
    sx, sy, sz = np.asarray(start_ras_mm, np.float32)
    ux, uy, uz = np.asarray(end_ras_mm, np.float32) - np.asarray(start_ras_mm, np.float32)
    length_squared = max(float(ux * ux + uy * uy + uz * uz), 1e-6)

    def distance(x: Field, y: Field, z: Field) -> Field:
        dx, dy, dz = x - sx, y - sy, z - sz
        along = np.clip((dx * ux + dy * uy + dz * uz) / np.float32(length_squared), 0, 1)
        across = np.sqrt((dx - along * ux) ** 2 + (dy - along * uy) ** 2 + (dz - along * uz) ** 2)
        return across - (start_radius_mm + along * np.float32(end_radius_mm - start_radius_mm))

    return distance


def smooth_union(first: Field, second: Field, blend_mm: float) -> Field:
    """Return the distance of two solids merged with a fillet of about a given width."""
    weight = np.clip(0.5 + 0.5 * (second - first) / blend_mm, 0, 1)
    return second + (first - second) * weight - np.float32(blend_mm) * weight * (1 - weight)


def turned(angle: float) -> Field:
    """Return axes, as rows, turned about z by an angle in radians (counter-clockwise seen from above)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], np.float32)
