"""Numpy arrays to and from VTK images.

An oriented image (vtkOrientedImageData) is how Slicer stores a layer of segments: voxels, their grid, and an extent,
which says which box of that grid is stored. All else is background.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import same_affine
from AutoLabelLib.scene.nodes import load_slicer
from AutoLabelLib.scene.transforms import numpy_matrix, vtk_matrix

Box = tuple[slice, slice, slice]
"""Part of an array (I, J, K)."""

Corner = tuple[int, int, int]
"""Index (i, j, k) of a voxel."""

_UNSIGNED_CHAR = 3  # vtkType.h: VTK_UNSIGNED_CHAR
_STORED_AS = {np.dtype(bool): np.dtype(np.uint8), np.dtype(np.float16): np.dtype(np.float32)}


def view_of(vtk_image: Any) -> NDArray[Any]:
    """Return the voxels of a VTK image as a live view (C, I, J, K): writing to it changes the image.

    An image without voxels gives an empty array.
    """
    from vtk.util.numpy_support import vtk_to_numpy

    scalars = vtk_image.GetPointData().GetScalars()
    size_i, size_j, size_k = vtk_image.GetDimensions()
    if scalars is None or 0 in (size_i, size_j, size_k):
        return np.zeros((1, 0, 0, 0), np.uint8)
    components = scalars.GetNumberOfComponents()
    voxels: NDArray[Any] = vtk_to_numpy(scalars)
    return voxels.reshape(size_k, size_j, size_i, components).transpose(3, 2, 1, 0)


def fill_vtk_image(vtk_image: Any, array: NDArray[Any], start_ijk: ArrayLike = (0, 0, 0)) -> None:
    """Copy an array into a VTK image.

    Args:
        vtk_image: Changed.
        array: (C, I, J, K); bool becomes uint8 and float16 becomes float32, because VTK has neither.
        start_ijk: Where the box lies on the grid: index of the array's first voxel.
    """
    from vtk.util.numpy_support import get_vtk_array_type

    dtype = _STORED_AS.get(array.dtype, array.dtype)
    vtk_image.SetExtent(extent(start_ijk, array.shape[1:]))
    vtk_image.AllocateScalars(get_vtk_array_type(dtype), array.shape[0])
    view_of(vtk_image)[...] = array


def extent(start_ijk: ArrayLike, shape_ijk: ArrayLike) -> list[int]:
    """Return a box as VTK writes it: first and last index along i, then j, then k."""
    low = np.asarray(start_ijk, dtype=int)
    return [int(edge) for edge in np.stack([low, low + np.asarray(shape_ijk) - 1], axis=1).ravel()]


def oriented_image(array: NDArray[Any], affine: ArrayLike, start_ijk: ArrayLike = (0, 0, 0)) -> Any:
    """Return a vtkOrientedImageData with a copy of an array.

    Args:
        array: (I, J, K).
        affine: (4, 4), index on the grid to local RAS mm.
        start_ijk: Index on the grid of the array's first voxel.
    """
    image = empty_image(affine)
    fill_vtk_image(image, array[np.newaxis], start_ijk)
    return image


def empty_image(affine: ArrayLike) -> Any:
    """Return a vtkOrientedImageData on a grid (4, 4) that stores nothing: all is background."""
    image = load_slicer().vtkOrientedImageData()
    image.SetGeometryFromImageToWorldMatrix(vtk_matrix(affine))
    image.SetExtent(extent((0, 0, 0), (0, 0, 0)))
    image.AllocateScalars(_UNSIGNED_CHAR, 1)  # a type even so: Slicer refuses to make a surface without one
    return image


def affine_of(image: Any) -> NDArray[np.float64]:
    """Return the (4, 4) index to local RAS mm of an oriented image's grid."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return numpy_matrix(matrix)


def is_empty(image: Any) -> bool:
    """Return whether an oriented image stores no voxels, so that it has no grid worth looking at either."""
    return image is None or image.IsEmpty() or image.GetPointData().GetScalars() is None


def start_of(image: Any) -> Corner:
    """Return the index on the grid of an oriented image's first voxel."""
    low_i, _, low_j, _, low_k, _ = image.GetExtent()
    return (low_i, low_j, low_k)


def around(images: Sequence[Any]) -> Any:
    """Return an oriented image whose extent covers those of several on one grid; its voxels mean nothing."""
    low = np.min([start_of(image) for image in images], axis=0)
    high = np.max([image.GetExtent()[1::2] for image in images], axis=0)
    result = empty_image(affine_of(images[0]))
    result.SetExtent(extent(low, high - low + 1))
    return result


def on_grid(image: Any, affine: ArrayLike) -> bool:
    """Return whether an oriented image's voxels lie on a grid: same axes, same spacing, same origin."""
    if is_empty(image):
        return True
    low, high = np.array(start_of(image)), np.array(image.GetExtent()[1::2])
    shape = tuple(int(n) for n in np.maximum(np.abs(low), np.abs(high)) + 1)
    return same_affine(affine_of(image), affine, shape)


def overlap(start_ijk: ArrayLike, shape_ijk: ArrayLike, other_start_ijk: ArrayLike, other_shape_ijk: ArrayLike) -> Any:
    """Return where two boxes of one grid overlap, as slices of the first and of the second; None if nowhere."""
    first, second = np.asarray(start_ijk), np.asarray(other_start_ijk)
    low = np.maximum(first, second)
    high = np.minimum(first + np.asarray(shape_ijk), second + np.asarray(other_shape_ijk))
    if (high <= low).any():
        return None
    return tuple(
        tuple(slice(int(a), int(b)) for a, b in zip(low - start, high - start, strict=True))
        for start in (first, second)
    )


def read_box(
    image: Any, affine: ArrayLike, start_ijk: ArrayLike, shape_ijk: ArrayLike, transform: Any = None
) -> NDArray[Any]:
    """Return a box (I, J, K) of a grid as an oriented image has it; background where the image stores nothing.

    Where the image is on the grid, its voxels are copied; else each voxel takes the value of the nearest one.

    Args:
        image: vtkOrientedImageData with labels.
        affine: (4, 4) of the grid, index to RAS mm.
        start_ijk: First voxel of the box.
        shape_ijk: Size of the box in voxels.
        transform: VTK transform from the image's RAS to the grid's RAS; None where they are the same.
    """
    shape = tuple(int(size) for size in np.asarray(shape_ijk))
    if is_empty(image):
        return np.zeros(shape, np.uint8, order="F")
    if transform is None and on_grid(image, affine):
        voxels = view_of(image)[0]
        result = np.zeros(shape, voxels.dtype, order="F")
        parts = overlap(start_ijk, shape, start_of(image), voxels.shape)
        if parts is not None:
            result[parts[0]] = voxels[parts[1]]
        return result
    return _resampled(image, affine, start_ijk, shape, transform)


def _resampled(
    image: Any, affine: ArrayLike, start_ijk: ArrayLike, shape: tuple[int, ...], transform: Any
) -> NDArray[Any]:
    slicer = load_slicer()
    reference, resampled = empty_image(affine), slicer.vtkOrientedImageData()
    reference.SetExtent(extent(start_ijk, shape))
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(
        image, reference, resampled, False, False, transform
    )
    return np.array(view_of(resampled)[0], order="F")


def bounding_box(array: NDArray[Any]) -> Box | None:
    """Return the smallest box (I, J, K) around what is not zero; None if all is."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(array.any(axis=others))
        if not found.size:
            return None
        box.append(slice(int(found[0]), int(found[-1]) + 1))
    return (box[0], box[1], box[2])
