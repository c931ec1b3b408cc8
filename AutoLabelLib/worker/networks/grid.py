"""The grid on which a network works, the way onto it, and the way back onto the input's own grid.

A network's grid is the input's grid with axes permuted and flipped to an orientation, and then zoomed per axis. Nothing
is rotated: oblique and sheared grids stay aligned with their own voxels, so that where the spacing already fits, every
voxel arrives and returns unchanged, bit by bit. Training and inference both call this file.

Values between voxels are linear, without smoothing before a reduction, because that is how MONAI's Spacingd resampled
the images that bundles were trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core import affine as geometry

Shape = tuple[int, int, int]

_SNAP_VOXELS = 1e-5  # rounding in an affine must not turn a voxel that fits into a mixture of two


@dataclass(frozen=True, eq=False)
class ModelGrid:
    """A network's grid over a whole input; made by `model_grid`.

    Attributes:
        order: How the input's axes become the model's.
        source_shape: Shape of the input in the *model's* axis order, before the zoom.
        source_affine: (4, 4), index to RAS mm, of the input in the model's axis order, before the zoom.
        shape: Shape of the model's grid in voxels.
        affine: (4, 4), index to RAS mm, of the model's grid.
    """

    order: geometry.AxisOrder
    source_shape: Shape
    source_affine: geometry.Affine
    shape: Shape
    affine: geometry.Affine

    @property
    def is_zoomed(self) -> bool:
        """Whether the model's voxels differ in size from the input's."""
        return self.shape != self.source_shape

    def resized(self, shape: Sequence[int]) -> ModelGrid:
        """Return the grid over the same input that has a given shape; where that is not positive, the own one."""
        new = _shape([want if want > 0 else own for want, own in zip(shape, self.shape, strict=True)])
        affine = geometry.zoomed_affine(self.source_affine, self.source_shape, new)
        return ModelGrid(self.order, self.source_shape, self.source_affine, new, affine)

    def from_source(self, array: NDArray[Any]) -> torch.Tensor:
        """Return an input (C, I, J, K) on the model's grid, as (C, I', J', K') float32.

        A copy, even where nothing changes: transforms may work in place.
        """
        values = reordered(array, self.order)
        if not self.is_zoomed:
            return values
        return torch.nn.functional.interpolate(values[None], self.shape, mode="trilinear", align_corners=False)[0]

    def to_source(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array (..., *source_shape) in the input's own axis order, contiguous."""
        return np.ascontiguousarray(self.order.inverse().apply(array))


def reordered(array: NDArray[Any], order: geometry.AxisOrder) -> torch.Tensor:
    """Return a copy of an array (C, I, J, K) with its axes reordered, as a contiguous float32 tensor."""
    return torch.from_numpy(np.array(order.apply(array), dtype=np.float32, order="C"))


def model_grid(
    affine: ArrayLike, shape_ijk: Sequence[int], axcodes: str | None = "RAS", spacing_mm: Sequence[float] | None = None
) -> ModelGrid:
    """Return the grid that a network wants, over a given input.

    Args:
        affine: (4, 4), voxel-centre index of the input to RAS mm; any handedness, oblique, sheared.
        shape_ijk: (3,), shape of the input in voxels.
        axcodes: Orientation of the model's grid; None keeps the input's.
        spacing_mm: (3,), in the model's axis order; None, or a number that is not positive, keeps the input's.

    Raises:
        GeometryError: If the affine is singular or axcodes is no orientation.
    """
    affine = geometry.as_affine(affine)
    order = geometry.axis_order(affine, axcodes or geometry.orientation(affine))
    source_affine = order.apply_to_affine(affine, tuple(shape_ijk))
    source_shape = _shape([shape_ijk[axis] for axis in order.axes])
    own_mm = geometry.spacing_mm(source_affine)
    # MONAI's Spacingd reads a pixdim of -1 or 0 as "leave this axis alone".
    wanted_mm = tuple(new if new > 0 else own for new, own in zip(spacing_mm or own_mm, own_mm, strict=True))
    shape = geometry.zoomed_shape(source_affine, source_shape, wanted_mm)
    return ModelGrid(
        order, source_shape, source_affine, shape, geometry.zoomed_affine(source_affine, source_shape, shape)
    )


def zoom_positions(source_count: int, model_count: int) -> NDArray[np.float64]:
    """Return where the source's voxels of one axis lie among the model's: continuous indices (source_count,).

    The outer faces of both grids coincide, as in `torch.nn.functional.interpolate(align_corners=False)`.
    """
    positions = (np.arange(source_count) + 0.5) * (model_count / source_count) - 0.5
    return np.clip(positions, 0, model_count - 1)


@dataclass(frozen=True, eq=False)
class Region:
    """A box of voxels around a position, its axes along the input's own; made by `region`.

    Attributes:
        grid: The input's grid in the model's orientation; only its unzoomed part is used.
        shape: Shape of the region in voxels.
        centre_ijk: (3,), continuous index of its middle in the input in the model's axis order.
        step_voxels: (3,), distance of neighbouring voxels of the region, in voxels of the input.
    """

    grid: ModelGrid
    shape: Shape
    centre_ijk: NDArray[np.float64]
    step_voxels: NDArray[np.float64]

    @property
    def affine(self) -> geometry.Affine:
        """(4, 4), index of the region's voxel centres to RAS mm."""
        index_map = np.diag([*self.step_voxels, 1.0])
        index_map[:3, 3] = self._source_index(np.zeros(3))
        return geometry.as_affine(self.grid.source_affine @ index_map)

    @property
    def support(self) -> tuple[slice, slice, slice]:
        """Voxels of the input, in the model's axis order, that `sample` reads."""
        slices = []
        for axis in range(3):
            positions = np.clip(self._positions(axis)[[0, -1]], 0, self.grid.source_shape[axis] - 1)
            slices.append(slice(int(np.floor(positions[0])), int(np.ceil(positions[1])) + 1))
        return (slices[0], slices[1], slices[2])

    @property
    def coverage(self) -> tuple[slice, slice, slice]:
        """Voxels of the input, in the model's axis order, whose centres lie within the region's faces."""
        slices = []
        for axis, count in enumerate(self.grid.source_shape):
            half = self.shape[axis] * self.step_voxels[axis] / 2
            low = int(np.ceil(self.centre_ijk[axis] - half - _SNAP_VOXELS))
            high = int(np.ceil(self.centre_ijk[axis] + half - _SNAP_VOXELS))
            slices.append(slice(max(0, low), min(count, max(0, high))))
        return (slices[0], slices[1], slices[2])

    @property
    def covered_affine(self) -> geometry.Affine:
        """(4, 4), index of the voxels that `coverage` names to RAS mm."""
        return geometry.cropped_affine(self.grid.source_affine, [part.start for part in self.coverage])

    def sample(self, support: torch.Tensor, beyond: Sequence[float]) -> torch.Tensor:
        """Return the region's voxels.

        Args:
            support: (C, ...), the voxels of the input that `support` names.
            beyond: (C,), value of each channel beyond the faces of the input.

        Returns:
            (C, *shape).
        """
        return self._sampled(support, self.support, beyond)

    def from_source(self, values: torch.Tensor) -> torch.Tensor:
        """Return values (C, ...) at the voxels of the input that `coverage` names on the region's grid, (C, *shape).

        The way back of `to_source`, as far as there is one. Beyond the faces of the input they are 0.
        """
        return self._sampled(values, self.coverage, [0.0] * len(values))

    def _sampled(self, values: torch.Tensor, box: tuple[slice, slice, slice], beyond: Sequence[float]) -> torch.Tensor:
        """Return the region's voxels (C, *shape) from a box (C, ...) of the input."""
        for axis, part in enumerate(box):
            values = interpolated(values, axis + 1, self._positions(axis) - part.start)
        for axis in range(3):
            positions, count = self._positions(axis), self.grid.source_shape[axis]
            outside = np.flatnonzero((positions < -0.5 - _SNAP_VOXELS) | (positions > count - 0.5 + _SNAP_VOXELS))
            for channel, value in enumerate(beyond):
                values[channel].index_fill_(axis, torch.from_numpy(outside), value)
        return values

    def to_source(self, values: torch.Tensor) -> torch.Tensor:
        """Return the region's values (C, *shape) at the voxels of the input that `coverage` names."""
        for axis, part in enumerate(self.coverage):
            source = np.arange(part.start, part.stop)
            middle = (self.shape[axis] - 1) / 2
            positions = (source - self.centre_ijk[axis]) / self.step_voxels[axis] + middle
            values = interpolated(values, axis + 1, positions)
        return values

    def _positions(self, axis: int) -> NDArray[np.float64]:
        """Return the continuous source indices of the region's voxels along one axis."""
        offsets = np.arange(self.shape[axis]) - (self.shape[axis] - 1) / 2
        return self.centre_ijk[axis] + offsets * self.step_voxels[axis]

    def _source_index(self, index: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.centre_ijk + (index - (np.asarray(self.shape) - 1) / 2) * self.step_voxels)


def region(
    grid: ModelGrid, centre_ras_mm: ArrayLike, patch_voxels: Sequence[int], spacing_mm: Sequence[float] | None = None
) -> Region:
    """Return the region of a shape and spacing around a position.

    Along an axis where the spacing is the input's own, the region is moved by up to half a voxel, so that its voxels
    are the input's and nothing is interpolated.

    Args:
        grid: The input's grid in the model's orientation.
        centre_ras_mm: (3,), RAS mm, of the region's middle.
        patch_voxels: (3,), shape of the region in the model's axis order.
        spacing_mm: (3,), in the model's axis order; None keeps the input's.
    """
    own_mm = np.asarray(geometry.spacing_mm(grid.source_affine))
    step = np.ones(3) if spacing_mm is None else np.asarray(spacing_mm, dtype=np.float64) / own_mm
    is_own = np.abs(step - 1) < _SNAP_VOXELS
    centre = geometry.index_from_ras(grid.source_affine, centre_ras_mm)
    to_middle = (np.asarray(patch_voxels) - 1) / 2
    centre = np.where(is_own, np.rint(centre - to_middle) + to_middle, centre)
    return Region(grid, _shape(patch_voxels), centre, np.where(is_own, 1.0, step))


def interpolated(values: torch.Tensor, axis: int, positions: NDArray[np.float64]) -> torch.Tensor:
    """Return values at continuous indices along one axis, linear between voxels, constant beyond the ends.

    At whole indices the voxel itself is returned, bit by bit. Always a new tensor.
    """
    count = values.shape[axis]
    nearest = np.rint(positions)
    positions = np.where(np.abs(positions - nearest) < _SNAP_VOXELS, nearest, positions)
    positions = np.clip(positions, 0, count - 1)
    low = np.floor(positions)
    weight = torch.from_numpy(positions - low).to(values)
    lower = values.index_select(axis, torch.from_numpy(low.astype(np.int64)).to(values.device))
    if not bool(weight.any()):
        return lower
    high = np.minimum(low + 1, count - 1).astype(np.int64)
    upper = values.index_select(axis, torch.from_numpy(high).to(values.device))
    return torch.lerp(lower, upper, weight.reshape([-1 if a == axis else 1 for a in range(values.ndim)]))


def _shape(counts: Sequence[int]) -> Shape:
    return (int(counts[0]), int(counts[1]), int(counts[2]))
