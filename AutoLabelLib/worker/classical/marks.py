"""Points and strokes as voxels of an image's grid, in the order in which they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.prompt import Lasso, Point, Prompt, Prompts, Scribble

_STEP_VOXELS = 0.5  # along a stroke: no voxel that it crosses for more than a moment is left out


@dataclass(frozen=True, eq=False)
class Mark:
    """What one prompt marks.

    Attributes:
        prompt: The prompt.
        voxels: (N, 3) int, each once.
    """

    prompt: Prompt
    voxels: NDArray[np.int_]

    @property
    def positive(self) -> bool:
        """Whether they belong to the object."""
        return self.prompt.positive


def marks_of(prompts: Prompts, grid: HasGrid) -> list[Mark]:
    """Return points, scribbles and negative lassos as voxels: strokes first, as it is not known when they were drawn.

    Positive lassos and boxes say where the object is, not which voxels belong to it; see `outline`.
    """
    strokes: list[Prompt] = [*(lasso for lasso in prompts.lassos if not lasso.positive), *prompts.scribbles]
    return [Mark(prompt, _voxels(prompt, grid)) for prompt in (*strokes, *prompts.points)]


def _voxels(prompt: Prompt, grid: HasGrid) -> NDArray[np.int_]:
    if isinstance(prompt, Point):
        index = index_from_ras(grid.affine, [prompt.position_ras_mm])
    elif isinstance(prompt, Scribble):
        index = _along(index_from_ras(grid.affine, prompt.path_ras_mm))
    elif isinstance(prompt, Lasso):
        index = _inside(index_from_ras(grid.affine, prompt.path_ras_mm))
    else:
        raise TypeError(f"A {type(prompt).__name__} marks no voxels.")
    voxels = np.clip(np.rint(index).astype(int), 0, np.asarray(grid.spatial_shape) - 1)
    return np.unique(voxels, axis=0)


def _along(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (N, 3) along a polyline of continuous indices (M, 3)."""
    points = [path[:1]]
    for start, end in pairwise(path):
        count = max(1, int(np.ceil(np.abs(end - start).max() / _STEP_VOXELS)))
        points.append(start + np.linspace(0, 1, count + 1)[1:, None] * (end - start))
    return np.concatenate(points)


def _inside(loop: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (N, 3) on and inside a closed loop of continuous indices (M, 3), in its own plane."""
    plane = Plane.through(loop)
    flat = plane.flat(loop)
    low, high = flat.min(axis=0), flat.max(axis=0)
    axes = [np.arange(a, b + _STEP_VOXELS, _STEP_VOXELS) for a, b in zip(low, high, strict=True)]
    u, v = np.meshgrid(*axes, indexing="ij")
    inside = is_inside(u, v, flat)
    within = plane.centre + np.stack([u[inside], v[inside]], axis=1) @ plane.axes
    return np.concatenate([_along(np.concatenate([loop, loop[:1]])), within])


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane that fits a loop best.

    Attributes:
        centre: (3,) in it.
        axes: (2, 3) directions in it, of length 1.
        normal: (3,), of length 1.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    normal: NDArray[np.float64]

    @classmethod
    def through(cls, loop: NDArray[np.float64]) -> Plane:
        """Return the plane of a loop (M, 3)."""
        centre = loop.mean(axis=0)
        directions = np.linalg.svd(loop - centre)[2]
        return cls(centre, directions[:2], directions[2])

    def flat(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions (..., 3) as coordinates (..., 2) in the plane."""
        return np.asarray((positions - self.centre) @ self.axes.T)

    def height(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance (...) of positions (..., 3) from the plane, with its sign."""
        return np.asarray((positions - self.centre) @ self.normal)


def is_inside(u: NDArray[np.float64], v: NDArray[np.float64], polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points (u, v) lie inside a polygon (M, 2), by the even-odd rule."""
    inside = np.zeros(u.shape, bool)
    for (u1, v1), (u2, v2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if v1 != v2:
            crosses = (v1 > v) != (v2 > v)
            inside ^= crosses & (u < (u2 - u1) * (v - v1) / (v2 - v1) + u1)
    return inside
