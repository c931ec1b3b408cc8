"""Boxes and lassos around an object: where it can be, and a first shape of it.

A box holds an ellipsoid that touches its faces. A lasso lies in one plane; the shape is as thick there as the loop is
wide, and gets thinner away from the plane, as a ball does. Either shape is then moved to what the intensities say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import cropped_affine, index_from_ras, ras_from_index
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.prompt import Box, Lasso
from AutoLabelLib.worker.classical.marks import Plane, is_inside

_FILLING = 0.85  # radius of the first shape, as a part of the box's
_WIDENING = 0.5  # how much wider than its loop an object may be, per millimetre away from the plane
_RASTER = 128  # points across a loop, for the depth inside it


@dataclass(frozen=True, eq=False)
class Outline:
    """What a box or a lasso says of each voxel of a grid.

    Attributes:
        possible: (I, J, K) where the object can be.
        likely: (I, J, K) a first shape, not empty.
    """

    possible: NDArray[np.bool_]
    likely: NDArray[np.bool_]


def extent_of(outlines: Sequence[Box | Lasso], grid: HasGrid) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the first voxel (3,) of the box of a grid in which outlined objects can be, and one beyond the last."""
    corners = np.concatenate([_corners_ras_mm(outline) for outline in outlines])
    index = index_from_ras(grid.affine, corners)
    shape = np.asarray(grid.spatial_shape)
    low = np.clip(np.floor(index.min(axis=0) - 0.5).astype(int), 0, shape - 1)
    return low, np.clip(np.ceil(index.max(axis=0) + 1.5).astype(int), low + 1, shape)


def outlined(
    outlines: Sequence[Box | Lasso], grid: HasGrid, low_ijk: ArrayLike, high_ijk: ArrayLike, step: ArrayLike
) -> Outline:
    """Return what several outlines say together of a view's voxels: the object can be in any of them.

    Args:
        outlines: At least one.
        grid: The image's.
        low_ijk: (3,) first voxel of the view.
        high_ijk: (3,) one beyond its last.
        step: (3,) voxels of the image per voxel of the view.
    """
    low, step = np.asarray(low_ijk), np.asarray(step)
    shape = -(-(np.asarray(high_ijk) - low) // step)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    affine = cropped_affine(grid.affine, low)
    positions = ras_from_index(affine, (index + 0.5) * step - 0.5)
    voxel_mm = affine[:3, :3] * step  # columns
    parts = [
        _in_box(outline, positions, voxel_mm) if isinstance(outline, Box) else _in_lasso(outline, positions, voxel_mm)
        for outline in outlines
    ]
    return Outline(
        np.logical_or.reduce([part.possible for part in parts]), np.logical_or.reduce([part.likely for part in parts])
    )


def _in_box(box: Box, positions: NDArray[np.float64], voxel_mm: NDArray[np.float64]) -> Outline:
    low, high = np.asarray(box.low_ras_mm), np.asarray(box.high_ras_mm)
    half = np.maximum((high - low) / 2, np.abs(voxel_mm).sum(axis=1) / 2)  # a flat box is one voxel thick
    off = np.abs(positions - (low + high) / 2) / half
    return _outline((off <= 1 + 1e-6).all(axis=-1), (off**2).sum(axis=-1) / _FILLING**2)


def _in_lasso(lasso: Lasso, positions: NDArray[np.float64], voxel_mm: NDArray[np.float64]) -> Outline:
    loop = np.asarray(lasso.path_ras_mm, dtype=np.float64)
    plane = Plane.through(loop)
    depth = _depth_mm(plane.flat(loop), plane.flat(positions))
    least = float(np.abs(plane.normal @ voxel_mm).sum()) / 2  # the slice that was drawn in has a thickness
    height = np.maximum(np.abs(plane.height(positions)) - least, 0)
    deepest = max(float(depth.max()), least)
    possible = (depth >= -_WIDENING * height) & (height <= 2 * deepest)
    # A ball of radius R is sqrt(R^2 - r^2) high where its depth in the middle plane is R - r.
    thickness = np.sqrt(np.maximum(depth * (2 * deepest - depth), 0))
    return _outline(possible, np.where(depth > 0, (height / np.maximum(thickness, 1e-6)) ** 2, np.inf))


def _outline(possible: NDArray[np.bool_], off: NDArray[np.float64]) -> Outline:
    """Return an outline, given how far off the middle of the shape each voxel is: up to 1 it is in it."""
    likely = possible & (off <= 1)
    if not likely.any():
        likely.flat[int(np.argmin(off))] = True
    return Outline(possible | likely, likely)


def _depth_mm(polygon: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how deep positions (..., 2) lie inside a polygon (M, 2), negative outside of it."""
    from scipy.ndimage import distance_transform_edt, map_coordinates

    size = polygon.max(axis=0) - polygon.min(axis=0)
    low, pixel = polygon.min(axis=0) - size, max(float(size.max()), 1e-6) / _RASTER
    count = np.ceil(3 * size / pixel).astype(int) + 2
    u, v = np.meshgrid(*(start + pixel * np.arange(n) for start, n in zip(low, count, strict=True)), indexing="ij")
    inside = is_inside(u, v, polygon)
    depth = (distance_transform_edt(inside) - distance_transform_edt(~inside)) * pixel
    places = np.moveaxis((positions - low) / pixel, -1, 0)
    return np.asarray(map_coordinates(depth, places, order=1, mode="nearest"))


def _corners_ras_mm(outline: Box | Lasso) -> NDArray[np.float64]:
    """Return positions (N, 3) around everything that an outline lets an object fill."""
    if isinstance(outline, Box):
        sides = zip(outline.low_ras_mm, outline.high_ras_mm, strict=True)
        return np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 3)
    loop = np.asarray(outline.path_ras_mm, dtype=np.float64)
    plane = Plane.through(loop)
    width = np.ptp(plane.flat(loop), axis=0)
    reach = float(width.min()) * plane.normal  # twice the largest depth that a loop of this width can have
    u, v = _WIDENING * np.linalg.norm(reach) * plane.axes
    asides = (u + v, u - v, v - u, -u - v)  # a square around how far it can widen
    return np.concatenate([loop + sign * reach + aside for sign in (-1, 1) for aside in asides])
