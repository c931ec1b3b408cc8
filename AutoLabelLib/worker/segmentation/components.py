"""Connected parts of a mask: the largest, or those that a user pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import index_from_ras, ras_from_index
from AutoLabelLib.core.prompt import Prompts


def positive_positions_ras_mm(prompts: Prompts) -> NDArray[np.float64]:
    """Return every position (N, 3) in RAS mm that a user called part of it: clicks, strokes, middles of boxes."""
    positions = [point.position_ras_mm for point in prompts.points if point.positive]
    positions += [corner for stroke in prompts.strokes if stroke.positive for corner in stroke.path_ras_mm]
    boxes = [box for box in prompts.boxes if box.positive]
    middles = [tuple(np.add(box.low_ras_mm, box.high_ras_mm) / 2) for box in boxes]
    return np.array([*positions, *middles], dtype=np.float64).reshape(-1, 3)


def nearest_components(
    mask: NDArray[np.bool_], affine: ArrayLike, positions_ras_mm: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return the parts of a mask (I, J, K) that hold a position or, for each position outside, the part it means.

    Meant is the part whose nearest voxel is near and which is large: the radius of the ball of its volume, less the
    distance, is largest. A speck between a click and the object that it just missed is not meant. Voxels that share a
    face are connected.

    Args:
        mask: (I, J, K).
        affine: (4, 4), index to RAS mm.
        positions_ras_mm: (N, 3); without any, the mask is returned as it is.
    """
    from scipy.ndimage import label

    if not len(positions_ras_mm) or not mask.any():
        return mask
    parts, count = label(mask)
    if count == 1:
        return mask
    voxels = np.argwhere(mask)
    part_of = parts[tuple(voxels.T)] - 1
    voxels_ras_mm = ras_from_index(affine, voxels)
    voxel_mm3 = abs(np.linalg.det(np.asarray(affine, dtype=np.float64)[:3, :3]))
    radius_mm = np.cbrt(np.bincount(part_of, minlength=count) * voxel_mm3 * 3 / (4 * np.pi))
    kept = set()
    for position, index in zip(positions_ras_mm, index_from_ras(affine, positions_ras_mm), strict=True):
        inside = tuple(np.rint(index).astype(int))
        if all(0 <= i < n for i, n in zip(inside, mask.shape, strict=True)) and mask[inside]:
            kept.add(parts[inside])
        else:
            distance_mm = np.full(count, np.inf)
            np.minimum.at(distance_mm, part_of, np.linalg.norm(voxels_ras_mm - position, axis=1))
            kept.add(1 + int(np.argmax(radius_mm - distance_mm)))
    return np.isin(parts, list(kept))


def keep_largest(
    labels: NDArray[Any], values: Sequence[int] | None = None, *, count: int = 1, together: bool = False, rank: int = 3
) -> NDArray[Any]:
    """Return labels (layers, I, J, K) in which only the largest connected parts are left.

    Args:
        labels: (layers, I, J, K); each layer is treated by itself.
        values: Label values that this is done for; the others stay. None: all.
        count: How many parts are left.
        together: Whether the values count as one mask, instead of each for itself.
        rank: 1: voxels are connected that share a face; 2: or an edge; 3: or a corner.
    """
    from scipy.ndimage import generate_binary_structure, label

    result = labels.copy()
    for layer in result:
        there = [int(value) for value in np.unique(layer) if value and (values is None or value in values)]
        for group in [there] if together else [[value] for value in there]:
            mask = np.isin(layer, group)
            parts, found = label(mask, generate_binary_structure(3, rank))
            if found > count:
                sizes = np.bincount(parts.ravel())[1:]
                kept = 1 + np.argsort(-sizes, kind="stable")[:count]
                layer[mask & ~np.isin(parts, kept)] = 0
    return result
