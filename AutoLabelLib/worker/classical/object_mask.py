"""A mask on an image's grid, held as the box around it: an object is small against the image that it lies in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.crop import found_box
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.labelmap import Labelmap


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """Voxels of one object.

    Attributes:
        mask: (I, J, K) bool; outside of this box there are none.
        start_ijk: (3,) index on the image's grid of its first voxel.
    """

    mask: NDArray[np.bool_]
    start_ijk: NDArray[np.int_]

    @classmethod
    def empty(cls) -> ObjectMask:
        """Return a mask without voxels."""
        return cls(np.zeros((0, 0, 0), bool), np.zeros(3, int))

    @classmethod
    def trimmed(cls, mask: NDArray[np.bool_], start_ijk: ArrayLike) -> ObjectMask:
        """Return a mask without the empty planes around it."""
        if not mask.any():
            return cls.empty()
        box = found_box(mask[np.newaxis])
        return cls(np.array(mask[box.slices]), np.asarray(start_ijk, dtype=int) + np.array(box.start_ijk))

    @classmethod
    def of_labelmap(cls, start: Labelmap | None, grid: HasGrid) -> ObjectMask:
        """Return everything that is labelled in a box of a grid; nothing for None.

        Raises:
            InputError: If it is not a box of that grid.
        """
        if start is None:
            return cls.empty()
        low = np.rint(index_from_ras(grid.affine, start.affine[:3, 3])).astype(int)
        here = np.allclose(index_from_ras(grid.affine, start.affine[:3, 3]), low, atol=0.01)
        if not here or not np.allclose(start.affine[:3, :3], grid.affine[:3, :3], atol=1e-4):
            raise InputError("The mask to start from is not on the image's grid.", "Resample it to the image first.")
        return cls.trimmed(np.asarray(start.array.any(axis=0)), low)

    @property
    def is_empty(self) -> bool:
        """Whether it has no voxels."""
        return self.mask.size == 0

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return int(self.mask.nbytes)

    @property
    def end_ijk(self) -> NDArray[np.int_]:
        """Index one beyond its last voxel, (3,)."""
        return self.start_ijk + self.mask.shape

    def read(self, low_ijk: ArrayLike, high_ijk: ArrayLike) -> NDArray[np.bool_]:
        """Return a box (I, J, K) of the grid, from low up to high, as a new array."""
        low, high = np.asarray(low_ijk), np.asarray(high_ijk)
        result = np.zeros(tuple(high - low), bool)
        first, last = np.maximum(low, self.start_ijk), np.minimum(high, self.end_ijk)
        if (last > first).all():
            result[_slices(first - low, last - low)] = self.mask[_slices(first - self.start_ijk, last - self.start_ijk)]
        return result

    def written(self, low_ijk: ArrayLike, values: NDArray[np.bool_]) -> ObjectMask:
        """Return the mask with a box of the grid replaced."""
        low = np.asarray(low_ijk)
        high = low + values.shape
        if self.is_empty or ((low <= self.start_ijk) & (high >= self.end_ijk)).all():
            return ObjectMask.trimmed(values, low)
        all_low, all_high = np.minimum(low, self.start_ijk), np.maximum(high, self.end_ijk)
        mask = self.read(all_low, all_high)
        mask[_slices(low - all_low, high - all_low)] = values
        return ObjectMask.trimmed(mask, all_low)

    def holds(self, index_ijk: NDArray[np.int_]) -> NDArray[np.bool_]:
        """Return for each index (N, 3) of the grid whether it belongs to the object."""
        own = index_ijk - self.start_ijk
        inside = ((own >= 0) & (own < self.mask.shape)).all(axis=1)
        result = np.zeros(len(index_ijk), bool)
        result[inside] = self.mask[tuple(own[inside].T)]
        return result


def _slices(low: NDArray[np.int_], high: NDArray[np.int_]) -> tuple[slice, slice, slice]:
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (i, j, k)
