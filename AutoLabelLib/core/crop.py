"""A box of a grid's voxels: which one covers something, an image cut down to it, a labelmap put back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap

_TOLERANCE_VOXELS = 1e-3
_SMALLEST_EXTENT_VOXELS = 2


@dataclass(frozen=True)
class IndexBox:
    """A box of voxels that lies inside of a grid.

    Attributes:
        start_ijk: Index of its first voxel.
        shape_ijk: Number of its voxels along i, j and k.
    """

    start_ijk: tuple[int, int, int]
    shape_ijk: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as slices of an array (I, J, K)."""
        i, j, k = (slice(low, low + size) for low, size in zip(self.start_ijk, self.shape_ijk, strict=True))
        return (i, j, k)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an image, which knows the way back to the whole.

    Attributes:
        image: The part.
        box: Where it lies; None if it is all of the image.
        grid: The whole image's grid.
    """

    image: Image
    box: IndexBox | None
    grid: HasGrid

    def whole(self, labelmap: Labelmap) -> Labelmap:
        """Return a labelmap of the part on the grid of the whole."""
        return labelmap if self.box is None else pasted_labelmap(labelmap, self.box, self.grid)

    def whole_image(self, image: Image) -> Image:
        """Return an image of the part on the grid of the whole, 0 around it."""
        return image if self.box is None else pasted_image(image, self.box, self.grid)


def covering_box(grid: HasGrid, positions_ras_mm: ArrayLike) -> IndexBox:
    """Return the smallest box of a grid's voxels that covers positions; what lies outside of the grid is left out.

    Args:
        grid: The grid.
        positions_ras_mm: (N, 3), such as the corners of a region of interest, which may be turned against the grid.

    Raises:
        GeometryError: If the box lies outside of the grid, or is thinner than two voxels.
    """
    index = geometry.index_from_ras(grid.affine, positions_ras_mm).reshape(-1, 3)
    # A voxel reaches half a voxel around its centre. The tolerance keeps a box that ends exactly between two
    # voxels from taking in both, for want of a digit.
    low = np.floor(index.min(axis=0) + 0.5 + _TOLERANCE_VOXELS).astype(int)
    high = np.ceil(index.max(axis=0) + 0.5 - _TOLERANCE_VOXELS).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, grid.spatial_shape)
    size = high - low
    if (size <= 0).any():
        raise GeometryError("The region of interest lies outside of the volume.", "Move it over what you want.")
    if (size < _SMALLEST_EXTENT_VOXELS).any():
        raise GeometryError("The region of interest covers only one slice of the volume.", "Make it larger.")
    return IndexBox((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))


def cropped_image(image: Image, box: IndexBox) -> Image:
    """Return the part of an image that lies in a box of it; its voxels are not copied."""
    affine = geometry.cropped_affine(image.affine, box.start_ijk)
    return replace(image, array=image.array[(slice(None), *box.slices)], affine=affine)


def cropped_labelmap(labelmap: Labelmap, box: IndexBox) -> Labelmap:
    """Return the part of a labelmap that lies in a box of it; its voxels are not copied."""
    affine = geometry.cropped_affine(labelmap.affine, box.start_ijk)
    return replace(labelmap, array=labelmap.array[(slice(None), *box.slices)], affine=affine)


def pasted_labelmap(labelmap: Labelmap, box: IndexBox, grid: HasGrid) -> Labelmap:
    """Return a labelmap of a box on the whole grid; outside of the box there is nothing."""
    return Labelmap(_pasted(labelmap.array, box, grid), grid.affine, labelmap.segments)


def pasted_image(image: Image, box: IndexBox, grid: HasGrid) -> Image:
    """Return an image of a box on the whole grid; outside of the box it is 0."""
    return replace(image, array=_pasted(image.array, box, grid), affine=grid.affine)


def _pasted(values: NDArray[Any], box: IndexBox, grid: HasGrid) -> NDArray[Any]:
    array = np.zeros((len(values), *grid.spatial_shape[::-1]), values.dtype).transpose(0, 3, 2, 1)  # i fastest
    array[(slice(None), *box.slices)] = values
    return array


def found_box(labels: NDArray[Any]) -> IndexBox:
    """Return the smallest box around what is not 0 in labels (layers, I, J, K); one voxel if all is."""
    seen = np.asarray(labels.any(axis=0))  # one pass over all voxels; what follows sees the box only
    low, high = [0, 0, 0], [1, 1, 1]
    plane = np.asarray(seen.any(axis=2))
    if plane.any():
        for axis in (0, 1):
            found = np.flatnonzero(plane.any(axis=1 - axis))
            low[axis], high[axis] = int(found[0]), int(found[-1]) + 1
        found = np.flatnonzero(seen[low[0] : high[0], low[1] : high[1]].any(axis=(0, 1)))
        low[2], high[2] = int(found[0]), int(found[-1]) + 1
    return IndexBox((low[0], low[1], low[2]), (high[0] - low[0], high[1] - low[1], high[2] - low[2]))
