"""Patches out of a volume: turned, zoomed and resampled in one interpolation, centred anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


def patch_grid(
    patch_voxels: tuple[int, ...],
    patch_spacing_mm: tuple[float, ...],
    shape_ijk: tuple[int, ...],
    spacing_mm: tuple[float, ...],
    centre_ijk: NDArray[np.float64],
    turn: NDArray[np.float64],
) -> torch.Tensor:
    """Return where the voxels of a patch lie in a source array, as `torch.nn.functional.grid_sample` reads it.

    Args:
        patch_voxels: (3,) of the patch.
        patch_spacing_mm: (3,) of the patch.
        shape_ijk: Shape of the source in voxels.
        spacing_mm: (3,) of the source.
        centre_ijk: (3,), continuous source index of the middle of the patch.
        turn: (3, 3), offset in mm in the patch to offset in mm in the source.

    Returns:
        (1, I, J, K, 3) float32, the last axis in the order k, j, i; -1 and 1 are the source's outer faces.
    """
    import torch
    from torch.nn.functional import affine_grid

    size = np.asarray(shape_ijk, dtype=np.float64)
    half_mm = np.asarray(patch_voxels) * np.asarray(patch_spacing_mm) / 2
    theta = np.empty((3, 4))
    theta[:, :3] = (turn * half_mm) / np.asarray(spacing_mm)[:, None] * (2 / size)[:, None]
    theta[:, 3] = (2 * centre_ijk + 1) / size - 1
    theta[:, :3] = theta[::-1, 2::-1]  # torch wants x = k first
    theta[:, 3] = theta[::-1, 3].copy()
    matrix = torch.from_numpy(theta).float()[None]
    return affine_grid(matrix, [1, 1, *patch_voxels], align_corners=False)


def sample(channels: NDArray[np.float32], grid: torch.Tensor, beyond: str) -> torch.Tensor:
    """Return channels (C, I, J, K) at a `patch_grid`; beyond the faces: "border" or "reflection"."""
    import torch
    from torch.nn.functional import grid_sample

    source = torch.from_numpy(np.ascontiguousarray(channels))[None]
    return grid_sample(source, grid, mode="bilinear", padding_mode=beyond, align_corners=False)[0]


def beyond_mm(grid: torch.Tensor, shape_ijk: tuple[int, ...], spacing_mm: tuple[float, ...]) -> torch.Tensor:
    """Return how far in mm each voxel (I, J, K) of a patch lies beyond the faces of a box; 0 inside."""
    half_mm = grid.new_tensor([n * mm / 2 for n, mm in zip(shape_ijk, spacing_mm, strict=True)][::-1])
    return ((grid[0].abs() - 1) * half_mm).amax(dim=-1).clamp(min=0)
