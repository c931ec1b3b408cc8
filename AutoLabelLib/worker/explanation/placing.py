"""Values from one grid onto another, in physical space: whatever the axes, turns and spacings of either."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, cropped_affine, index_from_ras, ras_from_index
from AutoLabelLib.core.crop import IndexBox, found_box
from AutoLabelLib.worker.classification.resampling import resampled

Shape = tuple[int, int, int]


def placed(values: NDArray[Any], affine: Affine, onto_affine: Affine, onto_shape: Shape) -> NDArray[np.float32]:
    """Return values of one grid at the voxels of another, linear in between; 0 beyond the faces of the first.

    Args:
        values: (I, J, K).
        affine: (4, 4), index of its voxel centres to RAS mm.
        onto_affine: (4, 4), of the other grid.
        onto_shape: Number of voxels of the other grid.
    """
    result = np.zeros(onto_shape, np.float32)
    box = _covered(values.shape, affine, onto_affine, onto_shape)
    if box is not None:  # a patch in a large volume: only the part that it covers is computed
        part_affine = cropped_affine(onto_affine, box.start_ijk)
        result[box.slices] = resampled(values[np.newaxis], affine, part_affine, box.shape_ijk, 0.0).values[0].numpy()
    return result


def mask_on(mask: NDArray[np.bool_], affine: Affine, onto_affine: Affine, onto_shape: Shape) -> NDArray[np.bool_]:
    """Return a mask at the voxels of another grid; one too small for these becomes the voxel nearest to its middle.

    Args:
        mask: (I, J, K), not empty.
        affine: (4, 4), index of its voxel centres to RAS mm.
        onto_affine: (4, 4), of the other grid.
        onto_shape: Number of voxels of the other grid.
    """
    box = found_box(mask[np.newaxis])
    found = placed(mask[box.slices], cropped_affine(affine, box.start_ijk), onto_affine, onto_shape) >= 0.5
    if not found.any():
        middle = ras_from_index(affine, np.argwhere(mask).mean(axis=0))
        index = np.rint(index_from_ras(onto_affine, middle)).astype(int)
        if (index >= 0).all() and (index < onto_shape).all():
            found[tuple(index)] = True
    return found


def inside_of(affine: Affine, shape: Shape, other_affine: Affine, other_shape: Shape) -> NDArray[np.bool_]:
    """Return which voxels of a grid lie at least half within the faces of another one."""
    nothing = np.broadcast_to(np.zeros(1, np.float32), (1, *other_shape))
    return np.asarray(resampled(nothing, other_affine, affine, shape).inside.numpy() >= 0.5)


def _covered(shape: tuple[int, ...], affine: Affine, onto_affine: Affine, onto_shape: Shape) -> IndexBox | None:
    """Return the box of another grid that a grid's faces enclose; None if they do not meet."""
    faces = np.array(list(itertools.product(*((-0.5, n - 0.5) for n in shape))))
    index = index_from_ras(onto_affine, ras_from_index(affine, faces))
    low = np.clip(np.floor(index.min(axis=0)), 0, onto_shape).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, 0, onto_shape).astype(int)
    if (high <= low).any():
        return None
    i, j, k = (int(start) for start in low)
    size_i, size_j, size_k = (int(size) for size in high - low)
    return IndexBox((i, j, k), (size_i, size_j, size_k))
