"""The sliding window that a bundle asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """The sliding window that a bundle asks for.

    Attributes:
        patch_voxels: (3,), in the model's axis order; None: the whole volume at once.
        overlap: Part of a window that its neighbour shares, from 0 to below 1.
        mode: "gaussian" or "constant": how much a voxel's place in its window counts.
        fill: Value around a volume that is smaller than the window.
    """

    patch_voxels: tuple[int, int, int] | None
    overlap: float = 0.25
    mode: str = "gaussian"
    fill: float = 0.0

    def patch_for(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the window for a volume of a shape; where the bundle names no edge, it is the volume's."""
        edges = [edge if edge > 0 else n for edge, n in zip(self.patch_voxels or (0, 0, 0), shape, strict=True)]
        return (edges[0], edges[1], edges[2])
