"""Clicks are obeyed: where one contradicts a network's answer, the level at which the answer is cut moves around it.

Users click in the middle of what is wrong. Seen from the present outline the true one then lies twice as far as the
click, and so, as answers fade evenly across an outline, does the level: it moves by twice what the click is off, and
less with the distance from the click. Measured on nodules, this adds to what a network learns from corrections, most
if each correction reaches less far than the one before: what is wrong most is mended first, and what is left is small.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Click = tuple[NDArray[np.float64], bool]
"""Continuous index (3,) of a click, and whether it is positive."""

_GAIN = 2.0
_MOST = 6.0  # logits; a network that is surer than this of the contrary is moved only so far
_REACH_SIGMAS = 3.5  # beyond, the weight is below 0.3 %
_SUREST = 1e-6  # least probability of either side
_SHRINKS = 0.8  # from one correction to the next


def obeying(
    probability: torch.Tensor, clicks: Sequence[Click], axes_mm: NDArray[np.float64], reaches_mm: Sequence[float]
) -> torch.Tensor:
    """Return probabilities (I, J, K) that are moved around the clicks they contradict, in the order of the clicks.

    Args:
        probability: (I, J, K) float32 of the object; above one half a voxel belongs to it.
        clicks: Corrections; those outside the grid are left out. The first click is none: it says where to look.
        axes_mm: (3, 3), its columns the steps of the grid in mm.
        reaches_mm: Standard deviation of the weight around each click; 0: a click moves nothing.
    """
    if not clicks:
        return probability
    logits = torch.logit(probability, _SUREST)
    for (index, positive), reach_mm in zip(clicks, reaches_mm, strict=True):
        voxel = tuple(int(value) for value in np.rint(index))
        if reach_mm <= 0 or not all(0 <= i < n for i, n in zip(voxel, logits.shape, strict=True)):
            continue
        off = float(logits[voxel])
        if off == 0 or (off > 0) != positive:
            _move(logits, index, max(-_MOST, min(_MOST, -_GAIN * off)), axes_mm, reach_mm)
    return torch.sigmoid(logits)


def shrinking(reach_mm: float, count: int) -> list[float]:
    """Return how far each of some corrections reaches: the first as far as is said, each other less than the last."""
    return [reach_mm * _SHRINKS**number for number in range(count)]


def _move(
    logits: torch.Tensor, index: NDArray[np.float64], by: float, axes_mm: NDArray[np.float64], reach_mm: float
) -> None:
    """Add a Gaussian hill of a height to logits (I, J, K), in place."""
    reach_voxels = _REACH_SIGMAS * reach_mm * np.linalg.norm(np.linalg.inv(axes_mm), axis=1)
    low = np.maximum(np.ceil(index - reach_voxels), 0).astype(int)
    high = np.minimum(np.floor(index + reach_voxels) + 1, logits.shape).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    offsets = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
    squared_mm = (((offsets - index) @ axes_mm.T) ** 2).sum(axis=-1)
    logits[box] += by * torch.from_numpy(np.exp(squared_mm / (-2 * reach_mm**2)).astype(np.float32))
