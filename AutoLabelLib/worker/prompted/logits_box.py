"""A network's answer in a box of its grid, which grows as more of the grid is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.networks.grid import ModelGrid, interpolated, zoom_positions

NOWHERE = -9999.0
"""Logit of what was not looked at. Not NaN: the network's own merging spreads that."""

_SURE = 10.0  # logit of a mask that was given


@dataclass(frozen=True, eq=False)
class LogitsBox:
    """Logits on a box of a model's grid; everywhere else there is nothing.

    Attributes:
        low_ijk: (3,) index of the box's first voxel.
        logits: (I, J, K) float32.
    """

    low_ijk: NDArray[np.int_]
    logits: torch.Tensor

    @classmethod
    def empty(cls) -> LogitsBox:
        """Return a box without voxels."""
        return cls(np.zeros(3, int), torch.zeros((0, 0, 0)))

    @classmethod
    def of_mask(cls, start: ObjectMask, grid: ModelGrid) -> LogitsBox:
        """Return a mask on the input's grid as a sure answer on the model's."""
        order = grid.order
        values = torch.from_numpy(np.array(order.apply(start.mask[np.newaxis]), dtype=np.float32, order="C"))
        low: list[int] = []
        for axis, (own, is_flipped) in enumerate(zip(order.axes, order.flips, strict=True)):
            source, model = grid.source_shape[axis], grid.shape[axis]
            begin = source - start.end_ijk[own] if is_flipped else start.start_ijk[own]
            places = (np.arange(model) + 0.5) * (source / model) - 0.5  # of the model's voxels among the input's
            near = np.flatnonzero((places > begin - 1) & (places < begin + values.shape[axis + 1]))
            if not len(near):
                return cls.empty()
            padding = [int(a == axis) for a in (2, 2, 1, 1, 0, 0)]
            values = interpolated(torch.nn.functional.pad(values, padding), axis + 1, places[near] - begin + 1)
            low.append(int(near[0]))
        return cls(np.array(low), torch.where(values[0] >= 0.5, _SURE, -_SURE))

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return int(self.logits.nbytes)

    @property
    def high_ijk(self) -> NDArray[np.int_]:
        """Index one beyond its last voxel, (3,)."""
        return self.low_ijk + np.asarray(self.logits.shape)

    def read(self, low_ijk: NDArray[np.int_], shape: tuple[int, ...]) -> torch.Tensor:
        """Return a box (I, J, K) of the grid; `NOWHERE` where nothing is known."""
        result = torch.full(shape, NOWHERE)
        first, last = np.maximum(low_ijk, self.low_ijk), np.minimum(low_ijk + shape, self.high_ijk)
        if (last > first).all():
            result[_slices(first - low_ijk, last - low_ijk)] = self.logits[
                _slices(first - self.low_ijk, last - self.low_ijk)
            ]
        return result

    def written(self, low_ijk: NDArray[np.int_], logits: torch.Tensor) -> LogitsBox:
        """Return the answer with a box replaced."""
        high = low_ijk + np.asarray(logits.shape)
        if not self.logits.numel():
            return LogitsBox(low_ijk, logits)
        low, last = np.minimum(low_ijk, self.low_ijk), np.maximum(high, self.high_ijk)
        whole = self.read(low, tuple(int(n) for n in last - low))
        whole[_slices(low_ijk - low, high - low)] = logits
        return LogitsBox(low, whole)

    def goes_on(self, grid_shape: tuple[int, ...]) -> bool:
        """Return whether what was found leaves the box where the grid goes on."""
        found = self.logits > 0
        ends = [(axis, 0, self.low_ijk[axis] > 0) for axis in range(3)]
        ends += [(axis, -1, self.high_ijk[axis] < grid_shape[axis]) for axis in range(3)]
        return any(is_cut and bool(found.select(axis, side).any()) for axis, side, is_cut in ends if found.numel())

    def mask(self, grid: ModelGrid) -> NDArray[np.bool_]:
        """Return what was found on the input's own grid, (I, J, K)."""
        result = np.zeros(grid.source_shape, bool)
        if not self.logits.numel():
            return result
        values, box = torch.sigmoid(self.logits)[None], []
        for axis in range(3):
            places = zoom_positions(grid.source_shape[axis], grid.shape[axis])
            near = np.flatnonzero((places >= self.low_ijk[axis] - 0.5) & (places < self.high_ijk[axis] - 0.5))
            values = interpolated(values, axis + 1, places[near] - self.low_ijk[axis])
            box.append(slice(int(near[0]), int(near[-1]) + 1) if len(near) else slice(0, 0))
        result[tuple(box)] = (values[0] > 0.5).numpy()
        return grid.to_source(result)


def _slices(low: NDArray[np.int_], high: NDArray[np.int_]) -> tuple[slice, slice, slice]:
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (i, j, k)
