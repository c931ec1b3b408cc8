"""A correction changes an answer around its click, and is obeyed there.

Two ways of following a click agree best in the mean. One moves the level at which the answer is cut: users click in the
middle of what is wrong; seen from the present outline the true one then lies twice as far as the click, and so, as
answers fade evenly across an outline, does the level. It moves by twice what the click is off, and less with the
distance from the click. The other asks the network anew; around the click its new answer counts by half, and far away
not at all: who points at one place has asked for nothing elsewhere.

All this reaches the further the larger the object is, and each correction less far than the one before: what is wrong
most is mended first, and what is left is small. It belongs on the image's own grid: on a network's coarser one clicks
and outlines are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
_ANSWER_REACH = 2.0  # of the network's new answer, against that of the level
_ANSWER_SHARE = 0.5  # of it at the click
_AGAIN = 0.5  # reach of the second time, for clicks that a later one has undone
_SMALLEST_MM = 1.0  # radius of an object that is not there yet


@dataclass(frozen=True)
class Cut:
    """How a network's probabilities become an object.

    Attributes:
        reach: Standard deviation of the level's move around a correction, as a share of the radius of the ball that
            has the object's volume; 0: corrections are told to the network, and that is all.
        belongs_from: Probability from which a voxel belongs to the object. The best Dice in the mean has a cut below
            one half: at about half of the Dice that is reached (Lipton et al. 2014, Optimal thresholding of classifiers
            to maximize F1 measure).
    """

    reach: float = 0.0
    belongs_from: float = 0.5

    def __post_init__(self) -> None:
        if self.reach < 0 or not 0 < self.belongs_from < 1:
            raise ValueError(f"a reach of {self.reach}, or a cut at {self.belongs_from}, is not possible")


def standing(
    said: torch.Tensor,
    corrections: Sequence[Click],
    axes_mm: NDArray[np.float64],
    cut: Cut,
    before: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return what stands after a click: (I, J, K), above one half in the object.

    Args:
        said: (I, J, K) float32, the network's probabilities after the click.
        corrections: All clicks but the first, which says where to look, in their order; those outside the grid do
            nothing.
        axes_mm: (3, 3), its columns the steps of the grid in mm.
        cut: How the probabilities are cut.
        before: (I, J, K), what stood before the last correction; None: the answer counts everywhere.
    """
    answer = torch.logit(said, _SUREST) - float(np.log(cut.belongs_from / (1 - cut.belongs_from)))
    if not corrections or cut.reach <= 0:
        return torch.sigmoid(answer)
    stands = answer if before is None else torch.logit(before, _SUREST)
    reaches_mm = cut.reach * _radius_mm(stands, axes_mm) * _SHRINKS ** np.arange(len(corrections))
    if before is not None:
        last, _ = click = corrections[-1]
        _obey(stands, click, axes_mm, reaches_mm[-1])
        share = torch.zeros_like(stands)
        _add_hill(share, last, _ANSWER_SHARE, axes_mm, _ANSWER_REACH * reaches_mm[-1])
        stands = torch.lerp(stands, answer, share)
    for again in (1.0, _AGAIN):
        for click, reach_mm in zip(corrections, reaches_mm, strict=True):
            _obey(stands, click, axes_mm, again * reach_mm)
    return torch.sigmoid(stands)


def _radius_mm(logits: torch.Tensor, axes_mm: NDArray[np.float64]) -> float:
    """Return the radius of the ball that has the volume of an object, whose logits (I, J, K) are positive."""
    volume_mm3 = float((logits > 0).sum()) * abs(float(np.linalg.det(axes_mm)))
    return max(_SMALLEST_MM, float(np.cbrt(volume_mm3 * 3 / (4 * np.pi))))


def _obey(logits: torch.Tensor, click: Click, axes_mm: NDArray[np.float64], reach_mm: float) -> None:
    """Move logits (I, J, K) around a click that they contradict, in place."""
    index, positive = click
    voxel = tuple(int(value) for value in np.rint(index))
    if not all(0 <= i < n for i, n in zip(voxel, logits.shape, strict=True)):
        return
    off = float(logits[voxel])
    if off == 0 or (off > 0) != positive:
        _add_hill(logits, index, max(-_MOST, min(_MOST, -_GAIN * off)), axes_mm, reach_mm)


def _add_hill(
    values: torch.Tensor, index: NDArray[np.float64], height: float, axes_mm: NDArray[np.float64], sigma_mm: float
) -> None:
    """Add a Gaussian hill around an index to values (I, J, K), in place."""
    reach_voxels = _REACH_SIGMAS * sigma_mm * np.linalg.norm(np.linalg.inv(axes_mm), axis=1)
    low = np.maximum(np.ceil(index - reach_voxels), 0).astype(int)
    high = np.minimum(np.floor(index + reach_voxels) + 1, values.shape).astype(int)
    if (high <= low).any():
        return
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    offsets = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
    squared_mm = (((offsets - index) @ axes_mm.T) ** 2).sum(axis=-1)
    values[box] += height * torch.from_numpy(np.exp(squared_mm / (-2 * sigma_mm**2)).astype(np.float32))
