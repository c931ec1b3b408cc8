"""What an image and a labelmap have in common: they lie on a grid of voxels."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry


class HasGrid(Protocol):
    """Anything on a grid of voxels."""

    @property
    def affine(self) -> geometry.Affine:
        """(4, 4) index of a voxel's centre to RAS mm."""

    @property
    def spatial_shape(self) -> tuple[int, int, int]:
        """Number of voxels along i, j and k."""


class OnGrid:
    """Base of what holds an array (N, I, J, K) and its affine."""

    array: NDArray[Any]
    affine: geometry.Affine

    @property
    def spatial_shape(self) -> tuple[int, int, int]:
        """Number of voxels along i, j and k."""
        return (self.array.shape[1], self.array.shape[2], self.array.shape[3])

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance in mm between voxel centres along i, j and k."""
        return geometry.spacing_mm(self.affine)

    @property
    def orientation(self) -> str:
        """Nearest orientation code: where i, j and k point to, such as "RAS"."""
        return geometry.orientation(self.affine)

    def same_grid(self, other: HasGrid, tolerance_mm: float = 1e-3) -> bool:
        """Return whether another image or labelmap has the same voxels in the same places."""
        return self.spatial_shape == other.spatial_shape and geometry.same_affine(
            self.affine, other.affine, self.spatial_shape, tolerance_mm
        )
