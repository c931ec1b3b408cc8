"""What a network saw in one region of an image, and where in it the object lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import index_from_ras, ras_from_index, spacing_mm
from AutoLabelLib.worker.networks.grid import Region
from AutoLabelLib.worker.training.clicks import central_voxel

Direction = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Look:
    """What was seen in one region, in the voxels of the image that it covers.

    Attributes:
        region: Where.
        labels: (layers, I, J, K).
        found: (I, J, K) bool, voxels of any segment.
    """

    region: Region
    labels: NDArray[Any]
    found: NDArray[np.bool_]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.found.any()

    def holds(self, position_ras_mm: NDArray[np.float64]) -> bool:
        """Return whether a position (3,), RAS mm, lies in a voxel that was found."""
        voxel = np.rint(index_from_ras(self.region.covered_affine, position_ras_mm)).astype(int)
        return bool(((voxel >= 0) & (voxel < self.found.shape)).all() and self.found[tuple(voxel)])

    def centre_ras_mm(self) -> NDArray[np.float64]:
        """Return the centre of mass (3,), RAS mm, of what was found; it may lie outside."""
        return ras_from_index(self.region.covered_affine, np.argwhere(self.found).mean(axis=0))

    def middle_ras_mm(self) -> NDArray[np.float64]:
        """Return the one of the found voxels (3,), RAS mm, that is nearest to the centre."""
        affine = self.region.covered_affine
        return ras_from_index(affine, central_voxel(self.found, spacing_mm(affine)))

    def nearest_ras_mm(self, position_ras_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the one of the found voxels (3,), RAS mm, that is nearest to a position (3,), RAS mm."""
        found = ras_from_index(self.region.covered_affine, np.argwhere(self.found))
        return np.asarray(found[np.argmin(((found - position_ras_mm) ** 2).sum(axis=1))])

    def open_faces(self) -> list[Direction]:
        """Return the directions, such as (0, 0, -1), in which what was found leaves the region but not the image."""
        directions = []
        for axis, (part, count) in enumerate(zip(self.region.coverage, self.region.grid.source_shape, strict=True)):
            for side, sign, goes_on in ((0, -1, part.start > 0), (-1, 1, part.stop < count)):
                if goes_on and self.found.take(side, axis).any():
                    directions.append((sign * (axis == 0), sign * (axis == 1), sign * (axis == 2)))
        return directions
