"""The 13 directions in which two neighbours among 26 can lie, and how to look along one."""

from __future__ import annotations

import itertools

import numpy as np

from AutoLabelLib.worker.features.region import Levels

# Of a direction and its opposite, the one whose first step that is not 0 is forward.
DIRECTIONS = tuple(step for step in itertools.product((-1, 0, 1), repeat=3) if step > (0, 0, 0))


def framed(levels: Levels) -> Levels:
    """Return levels (I, J, K) with a frame of zeros one voxel wide, contiguous.

    In it, a step in any direction from any voxel of the region is one offset in memory, and never leaves the array.
    """
    return np.pad(levels, 1)


def memory_offsets(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return for each direction how far apart two neighbours lie in a contiguous array of a shape."""
    return tuple((i * shape[1] + j) * shape[2] + k for i, j, k in DIRECTIONS)
