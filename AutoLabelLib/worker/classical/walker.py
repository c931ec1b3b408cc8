"""A random walker near the boundary of a mask: the boundary moves to edges of the image, and becomes smooth.

Of each voxel near the boundary it is asked whether a random walk, which avoids steps across edges, would rather end in
the object or outside. A walk may also end where it is: in the object, the likelier so the more the voxel's intensity
resembles the object's and the deeper it lies in the mask. Voxels far from the boundary, and what was pointed at, are
given.

Source: Grady, Random walks for image segmentation, IEEE TPAMI 28 (2006); with priors: Grady, CVPR 2005.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_WEIGHT = 1e-3  # of a step across an edge
_STEPS = 40  # of the solver
_TOLERANCE = 1e-3


def random_walk(
    values: NDArray[np.float32],
    given: NDArray[np.float32],
    free: NDArray[np.bool_],
    prior: NDArray[np.float32],
    stay: float,
    spacing_mm: tuple[float, ...],
) -> NDArray[np.float32]:
    """Return the probability (I, J, K) of each voxel to belong to the object.

    Args:
        values: (I, J, K) intensities in units of the noise.
        given: (I, J, K) 0 or 1: what is known where voxels are not free, and where to start from elsewhere.
        free: (I, J, K) voxels to decide.
        prior: (I, J, K) probability of each free voxel by itself.
        stay: How much the prior counts against the neighbours.
        spacing_mm: (3,) of the grid.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import LinearOperator, cg

    result = given.astype(np.float32)
    count = int(np.count_nonzero(free))
    if not count:
        return result
    number = np.full(free.shape, -1, np.int32)
    number[free] = np.arange(count, dtype=np.int32)
    diagonal = np.full(count, stay)
    right = stay * prior[free].astype(np.float64)
    rows, columns, weights = [], [], []
    for axis in range(3):
        first, second, weight = _steps(values, number, axis, (min(spacing_mm) / spacing_mm[axis]) ** 2)
        ends = tuple(np.moveaxis(given, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        for one, other, end in ((first, second, ends[1]), (second, first, ends[0])):
            mine = one >= 0
            diagonal += np.bincount(one[mine], weight[mine], count)
            known = mine & (other < 0)
            right += np.bincount(one[known], weight[known] * end[known], count)
        both = (first >= 0) & (second >= 0)
        rows += [first[both], second[both]]
        columns += [second[both], first[both]]
        weights += [-weight[both]] * 2
    everyone = np.arange(count)
    matrix = coo_array(
        (
            np.concatenate([*weights, diagonal]),
            (np.concatenate([*rows, everyone]), np.concatenate([*columns, everyone])),
        ),
        shape=(count, count),
    ).tocsr()
    scaling = LinearOperator((count, count), matvec=lambda vector: vector / diagonal, dtype=np.float64)
    solution, _ = cg(matrix, right, x0=given[free].astype(float), rtol=_TOLERANCE, maxiter=_STEPS, M=scaling)
    result[free] = np.clip(solution, 0, 1)
    return result


def _steps(
    values: NDArray[np.float32], number: NDArray[np.int32], axis: int, nearness: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return both ends of the steps along an axis, as numbers of free voxels (-1: not free), and their weights.

    All three have the shape of the grid, one plane less.
    """
    planes = np.moveaxis(number, axis, 0)
    first, second = planes[:-1], planes[1:]
    weight = np.zeros(first.shape)
    near = (first >= 0) | (second >= 0)
    along = np.moveaxis(values, axis, 0)
    difference = np.abs(along[1:][near] - along[:-1][near])
    weight[near] = (np.exp(-np.minimum(difference, 50)) + _LEAST_WEIGHT) * nearness
    return first, second, weight
