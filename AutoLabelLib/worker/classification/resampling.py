"""Voxels of an image on any other grid, through physical space: turned, zoomed, sheared or left-handed alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine

Shape = tuple[int, int, int]

_MOST_SAMPLES_PER_AXIS = 4  # within one voxel of the target; more would cost much and change little
_MARGIN_VOXELS = 1


@dataclass(frozen=True, eq=False)
class Resampled:
    """Channels on another grid.

    Attributes:
        values: (C, *shape) float32.
        inside: (*shape) float32, which part of each voxel lies within the volume, 0 to 1.
    """

    values: torch.Tensor
    inside: torch.Tensor


def resampled(
    channels: NDArray[Any], affine: Affine, target: Affine, shape: Shape, beyond: float | None = None
) -> Resampled:
    """Return channels on a target grid: linear between voxels, and the mean over a target voxel that holds several.

    Args:
        channels: (C, I, J, K), numbers or truth values.
        affine: (4, 4), index to RAS mm, of the channels.
        target: (4, 4), index to RAS mm, of the target grid.
        shape: (3,) of the target grid in voxels.
        beyond: Value outside of the volume; None repeats the outermost voxels.
    """
    index_map = np.linalg.inv(affine) @ target
    counts = np.clip(np.rint(np.abs(index_map[:3, :3]).max(axis=0)), 1, _MOST_SAMPLES_PER_AXIS).astype(int)
    fine_shape = tuple(int(n) for n in counts * np.asarray(shape))
    fine_map = index_map.copy()
    fine_map[:3, :3] /= counts
    fine_map[:3, 3] -= index_map[:3, :3] @ ((counts - 1) / (2 * counts))
    part = _needed(fine_map, fine_shape, channels.shape[1:])
    fine_map[:3, 3] -= [side.start for side in part]
    source = torch.from_numpy(np.array(channels[(slice(None), *part)], dtype=np.float32, order="C"))
    grid = _sampling_grid(fine_map, fine_shape, source.shape[1:])
    values = torch.nn.functional.grid_sample(source[None], grid, padding_mode="border", align_corners=False)
    inside = _inside(grid, part, channels.shape[1:])
    if beyond is not None:
        values = torch.where(inside > 0, values, beyond)
    pool = [int(n) for n in counts]
    return Resampled(_pooled(values, pool)[0], _pooled(inside, pool)[0, 0])


def _needed(index_map: NDArray[np.float64], shape: tuple[int, ...], source: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the part of the source that lies around the target, at least one voxel along each axis."""
    corners = np.stack(np.meshgrid(*((0, n - 1) for n in shape), indexing="ij"), axis=-1).reshape(-1, 3)
    index = corners @ index_map[:3, :3].T + index_map[:3, 3]
    last = np.asarray(source) - 1
    low = np.clip(np.floor(index.min(axis=0)) - _MARGIN_VOXELS, 0, last).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + _MARGIN_VOXELS, 0, last).astype(int)
    return tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))


def _sampling_grid(
    index_map: NDArray[np.float64], shape: tuple[int, ...], source: tuple[int, ...] | torch.Size
) -> torch.Tensor:
    """Return where the target's voxels lie in the source, as `grid_sample` reads it: -1 and 1 are the outer faces."""
    counts, size = np.asarray(shape, dtype=np.float64), np.asarray(source, dtype=np.float64)
    theta = np.empty((3, 4))
    theta[:, :3] = index_map[:3, :3] * counts / size[:, np.newaxis]
    theta[:, 3] = (2 * (index_map[:3, :3] @ ((counts - 1) / 2) + index_map[:3, 3]) + 1) / size - 1
    theta = np.concatenate([theta[::-1, 2::-1], theta[::-1, 3:]], axis=1)  # torch wants k first
    matrix = torch.from_numpy(theta)[None]
    # In float64: float32 would blur positions in a large volume by some thousandths of a voxel.
    return torch.nn.functional.affine_grid(matrix, [1, 1, *shape], align_corners=False).float()


def _inside(grid: torch.Tensor, part: tuple[slice, ...], source: tuple[int, ...]) -> torch.Tensor:
    """Return 1 where a sample lies within the faces of the whole source, (1, 1, *shape)."""
    size = grid.new_tensor([side.stop - side.start for side in part][::-1])
    start = grid.new_tensor([side.start for side in part][::-1])
    whole = grid.new_tensor(list(source)[::-1])
    index = (grid + 1) * size / 2 + start  # from the outer face of the first voxel on
    tolerance = 1e-3
    return ((index >= -tolerance) & (index <= whole + tolerance)).all(dim=-1)[:, None].float()


def _pooled(values: torch.Tensor, pool: list[int]) -> torch.Tensor:
    return torch.nn.functional.avg_pool3d(values, pool) if max(pool) > 1 else values
