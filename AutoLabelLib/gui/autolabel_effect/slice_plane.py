"""What a drag in a slice view spans: geometry alone, in world RAS mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from AutoLabelLib.core.prompt import Box, Position

# A box is at least that many slices thick.
_FEWEST_SLICES = 3.0


def box_of_drag(first: ArrayLike, last: ArrayLike, slice_to_ras: ArrayLike, slice_mm: float, positive: bool) -> Box:
    """Return the box that a drag from one corner of a rectangle to the opposite one stands for.

    A drag says nothing of the third direction. An object is about as deep as it is wide, and a box that is too
    small cuts it off: so the box reaches, to both sides of the slice, as far as half of the rectangle's *longer*
    side, and is never thinner than three slices. Its sides run along the RAS axes; in an oblique slice it is the
    smallest such box around the drawn one. It can be adjusted by its handles afterwards.

    Args:
        first: Where the button was pressed, world RAS mm.
        last: Where it was released, world RAS mm.
        slice_to_ras: (4, 4), of the slice view; its columns are the view's directions.
        slice_mm: Distance between two slices of the view.
        positive: Sign of the prompt.
    """
    axes = np.asarray(slice_to_ras, dtype=np.float64)[:3, :3]
    axes = axes / np.linalg.norm(axes, axis=0)
    start, drag = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64) - np.asarray(first)
    across, along = axes[:, 0] * (drag @ axes[:, 0]), axes[:, 1] * (drag @ axes[:, 1])
    depth_mm = max(np.linalg.norm(across), np.linalg.norm(along), _FEWEST_SLICES * slice_mm)
    through = axes[:, 2] * depth_mm / 2
    rectangle = [start, start + across, start + along, start + across + along]
    corners = np.array([corner + side * through for corner in rectangle for side in (-1.0, 1.0)])
    return Box(tuple(corners.min(axis=0)), tuple(corners.max(axis=0)), positive)


def rectangle_of_drag(first_xy: tuple[int, int], last_xy: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the closed outline of the rectangle between two corners, in pixels of a view."""
    (x, y), (other_x, other_y) = first_xy, last_xy
    return [(x, y), (other_x, y), (other_x, other_y), (x, other_y), (x, y)]


def thinned(path_ras_mm: Sequence[Position], step_mm: float) -> list[Position]:
    """Return a path without the positions that follow the one before by less than a step; its ends stay."""
    kept = list(path_ras_mm[:1])
    for position in path_ras_mm[1:]:
        if np.linalg.norm(np.subtract(position, kept[-1])) >= step_mm:
            kept.append(position)
    last = path_ras_mm[-1]
    if kept[-1] != last:
        kept.append(last)
    return kept
