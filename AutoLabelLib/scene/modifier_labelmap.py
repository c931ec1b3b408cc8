"""A model's mask as the Segment Editor takes it: a labelmap on the editor's grid.

The editor draws on its *reference geometry*: the grid of the segmentation's first source volume as a rule, but it may
be finer or coarser, tilted, or of another volume; and volume and segmentation may be under different transforms.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import index_from_ras, ras_from_index
from AutoLabelLib.scene.nodes import Node, load_slicer
from AutoLabelLib.scene.transforms import matrix_between, transform_between
from AutoLabelLib.scene.voxels import (
    Corner,
    affine_of,
    bounding_box,
    empty_image,
    extent,
    oriented_image,
    overlap,
    start_of,
    view_of,
)

# Voxels of two grids are the same voxels if they lie closer together than this.
_TOLERANCE_VOXELS = 1e-3
# Positions along each axis of a box at which a non-linear transform is looked at, and room for what lies in between.
_LOOKS = 7
_MARGIN_VOXELS = 3
# A mask is resampled as shades of grey, and cut at one half: smooth where the editor's grid is finer.
_INSIDE, _HALF = 255, 128


def modifier_labelmap(
    mask: NDArray[Any],
    start_ijk: Corner,
    local_affine: ArrayLike,
    volume_node: Node,
    segmentation_node: Node,
    reference: Any,
) -> Any:
    """Return a mask on the Segment Editor's grid, as a vtkOrientedImageData; None where nothing of it lies on that.

    Voxels are copied where the grid is the volume's own, and resampled only where it is not.

    Args:
        mask: (I, J, K), what is not 0 is inside; a box of the volume's grid.
        start_ijk: Index on that grid of its first voxel.
        local_affine: (4, 4), index of that grid to the volume's local RAS mm.
        volume_node: Volume whose grid it is; its parent transform counts.
        segmentation_node: Segmentation that is edited; its parent transform counts.
        reference: vtkOrientedImageData with the editor's grid and extent, in the segmentation's local RAS mm.
    """
    box = bounding_box(np.asarray(mask))
    if box is None:
        return None
    inside = np.asarray(mask)[box] != 0
    start = np.asarray(start_ijk) + [side.start for side in box]
    to_segmentation = matrix_between(volume_node, segmentation_node)
    if to_segmentation is not None:
        shift = _shift_between(to_segmentation @ np.asarray(local_affine), affine_of(reference), start, inside.shape)
        if shift is not None:
            return _cut_out(inside, start + shift, reference)
    return _resampled(inside, start, local_affine, transform_between(volume_node, segmentation_node), reference)


def _shift_between(
    affine: NDArray[np.float64], other_affine: NDArray[np.float64], start: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.int_] | None:
    """Return what is added to an index of one grid to get that of the same voxel of another; None if they differ."""
    sides = ((0, size - 1) for size in shape)
    corners = np.array(list(itertools.product(*sides))) + start
    shifts = index_from_ras(other_affine, ras_from_index(affine, corners)) - corners
    shift = np.rint(shifts[0])
    return None if np.abs(shifts - shift).max() > _TOLERANCE_VOXELS else shift.astype(int)


def _cut_out(inside: NDArray[np.bool_], start: NDArray[Any], reference: Any) -> Any:
    parts = overlap(start, inside.shape, start_of(reference), reference.GetDimensions())
    if parts is None or not inside[parts[0]].any():
        return None
    low = start + [side.start for side in parts[0]]
    return oriented_image(inside[parts[0]].astype(np.uint8), affine_of(reference), low)


def _resampled(
    inside: NDArray[np.bool_], start: NDArray[Any], local_affine: ArrayLike, transform: Any, reference: Any
) -> Any:
    slicer = load_slicer()
    grey = np.pad(inside, 1).astype(np.uint8) * np.uint8(_INSIDE)  # a dark rim, because the edge counts, too
    image = oriented_image(grey, local_affine, start - 1)
    low, high = _extent_on(reference, start - 1, grey.shape, local_affine, transform)
    if (high <= low).any():
        return None
    target, resampled = empty_image(affine_of(reference)), slicer.vtkOrientedImageData()
    target.SetExtent(extent(low, high - low))
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(
        image, target, resampled, True, False, transform
    )
    found = view_of(resampled)[0] >= _HALF
    if not found.any():
        return None
    return oriented_image(found.astype(np.uint8), affine_of(reference), start_of(resampled))


def _extent_on(
    reference: Any, start: NDArray[Any], shape: tuple[int, ...], local_affine: ArrayLike, transform: Any
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the box (low, high) of the reference grid in which a box of another one lies."""
    steps = [np.linspace(low - 0.5, low + size - 0.5, _LOOKS) for low, size in zip(start, shape, strict=True)]
    lattice = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    moved = [transform.TransformPoint(position) for position in ras_from_index(local_affine, lattice).tolist()]
    index = index_from_ras(affine_of(reference), np.array(moved))
    first = np.array(start_of(reference))
    low = np.floor(index.min(axis=0)).astype(int) - _MARGIN_VOXELS
    high = np.ceil(index.max(axis=0)).astype(int) + _MARGIN_VOXELS + 1
    return np.maximum(low, first), np.minimum(high, first + np.array(reference.GetDimensions()))
