"""New voxels for one segment of a segmentation, with its neighbours left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.scene import layers
from AutoLabelLib.scene.nodes import Node, load_slicer
from AutoLabelLib.scene.volumes import grid_of
from AutoLabelLib.scene.voxels import (
    Box,
    Corner,
    affine_of,
    bounding_box,
    empty_image,
    is_empty,
    on_grid,
    oriented_image,
    read_box,
    start_of,
    view_of,
)

OVERLAPS = ("allow", "take", "yield")
OUTSIDES = ("clear", "keep")


@dataclass(frozen=True, eq=False)
class _Patch:
    """A mask in a box of a grid.

    Attributes:
        mask: (I, J, K) bool.
        start_ijk: Index on the grid of its first voxel.
        affine: (4, 4) of the grid, index to the segmentation's local RAS mm.
    """

    mask: NDArray[np.bool_]
    start_ijk: Corner
    affine: NDArray[np.float64]

    def cropped(self, box: Box) -> _Patch:
        """Return a part of it."""
        low_i, low_j, low_k = (low + side.start for low, side in zip(self.start_ijk, box, strict=True))
        return _Patch(self.mask[box], (low_i, low_j, low_k), self.affine)

    def labels_of(self, layer: Any) -> NDArray[Any]:
        """Return the labels that a layer has in this box."""
        return np.asarray(read_box(layer, self.affine, self.start_ijk, self.mask.shape))


def update_segment(
    segmentation_node: Node,
    segment_id: str,
    mask: ArrayLike,
    volume_node: Node,
    *,
    start_ijk: Corner = (0, 0, 0),
    outside: str = "clear",
    overlap: str = "allow",
    tags: Mapping[str, str] | None = None,
) -> None:
    """Give one segment new voxels; no voxel of another one changes, unless `overlap` says so.

    Args:
        segmentation_node: Segmentation that is stored as voxels.
        segment_id: Segment of it; its name, colour, code and label value stay.
        mask: (I, J, K), what is not 0 belongs to the segment; a box of the volume's grid.
        volume_node: Volume whose grid it is.
        start_ijk: Index on that grid of the mask's first voxel.
        outside: What becomes of the segment outside of the box: "clear" or "keep".
        overlap: Where other segments are already: "allow" both there, "take" the voxels from them, or "yield" to them.
        tags: Tags to set on the segment.

    Raises:
        InputError: If there is no such segment, or an argument is none of the above.
        GeometryError: If the box leaves the volume, or a non-linear transform lies between volume and segmentation.
    """
    layers.check_editable(segmentation_node)
    segmentation = segmentation_node.GetSegmentation()
    segment = segmentation.GetSegment(segment_id)
    if segment is None:
        raise InputError(f'The segmentation "{segmentation_node.GetName()}" has no segment with the id "{segment_id}".')
    for name, value, choices in (("overlap", overlap, OVERLAPS), ("outside", outside, OUTSIDES)):
        if value not in choices:
            raise InputError(f'{name} must be one of {", ".join(choices)}, but it is "{value}".')
    patch = _patch(segmentation_node, np.asarray(mask), volume_node, start_ijk)
    if outside == "keep":
        patch = _with_outside(patch, segment)
    with layers.modifying(segmentation_node):
        if overlap == "yield":
            patch = _without_others(patch, segmentation, segment_id)
        elif overlap == "take":
            _take_from_others(patch, segmentation_node, segment_id)
        _write(segmentation_node, segment_id, patch)
        for key, value in (tags or {}).items():
            segment.SetTag(key, value)


def _patch(segmentation_node: Node, mask: NDArray[Any], volume_node: Node, start_ijk: Corner) -> _Patch:
    grid = grid_of(volume_node)
    start = np.asarray(start_ijk)
    if mask.ndim != 3 or start.shape != (3,) or (start < 0).any() or (start + mask.shape > grid.spatial_shape).any():
        raise GeometryError(
            f"A mask of the shape {mask.shape} at voxel {tuple(start.tolist())} is not inside of the volume "
            f'"{volume_node.GetName()}" with {grid.spatial_shape} voxels.'
        )
    affine = layers.affine_in(segmentation_node, volume_node, grid.local_affine)
    return _Patch(mask != 0, (int(start[0]), int(start[1]), int(start[2])), affine)


def _with_outside(patch: _Patch, segment: Any) -> _Patch:
    """Return a patch that holds the old segment, too, but for what the box covers."""
    image = segment.GetRepresentation(layers.LABELMAP)
    if is_empty(image):
        return patch
    low, high = np.array(patch.start_ijk), np.array(patch.start_ijk) + patch.mask.shape
    if on_grid(image, patch.affine):
        old_low, old_high = np.array(start_of(image)), np.array(start_of(image)) + image.GetDimensions()
    else:
        old_low, old_high = _extent_on(patch.affine, image)
    all_low, all_high = np.minimum(low, old_low), np.maximum(high, old_high)
    labels = read_box(image, patch.affine, all_low, all_high - all_low)
    mask = labels == segment.GetLabelValue()
    mask[tuple(slice(a, b) for a, b in zip(low - all_low, high - all_low, strict=True))] = patch.mask
    return _Patch(mask, (int(all_low[0]), int(all_low[1]), int(all_low[2])), patch.affine)


def _extent_on(affine: NDArray[np.float64], image: Any) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the box (low, high) of a grid that covers all voxels of an image on another grid."""
    low, size = np.array(start_of(image)), np.array(image.GetDimensions())
    corners = np.stack(np.meshgrid(*zip(low - 0.5, low + size - 0.5, strict=True)), axis=-1).reshape(-1, 3)
    to_grid = np.linalg.inv(affine) @ affine_of(image)
    moved = corners @ to_grid[:3, :3].T + to_grid[:3, 3]
    return np.floor(moved.min(axis=0)).astype(int), np.ceil(moved.max(axis=0)).astype(int) + 1


def _other_layers(segmentation: Any, segment_id: str) -> Iterator[tuple[Any, dict[int, str]]]:
    """Give each layer's image, with the ids of the other segments in it by label value."""
    for layer in range(segmentation.GetNumberOfLayers(layers.LABELMAP)):
        ids = segmentation.GetSegmentIDsForLayer(layer, layers.LABELMAP)
        others = {segmentation.GetSegment(i).GetLabelValue(): i for i in ids if i != segment_id}
        image = segmentation.GetLayerDataObject(layer, layers.LABELMAP)
        if others and not is_empty(image):
            yield image, others


def _without_others(patch: _Patch, segmentation: Any, segment_id: str) -> _Patch:
    mask = patch.mask.copy()
    for image, others in _other_layers(segmentation, segment_id):
        mask &= ~np.isin(patch.labels_of(image), list(others))
    return _Patch(mask, patch.start_ijk, patch.affine)


def _take_from_others(patch: _Patch, segmentation_node: Node, segment_id: str) -> None:
    image_of_patch = oriented_image(patch.mask, patch.affine, patch.start_ijk)
    # Collected first, because writing to a segment may move it to another layer.
    for image, others in list(_other_layers(segmentation_node.GetSegmentation(), segment_id)):
        # Each on its own grid, so that what is left of it is left exactly as it was.
        affine, labels, start = affine_of(image), np.array(view_of(image)[0]), start_of(image)
        taken = read_box(image_of_patch, affine, start, labels.shape) != 0
        for label_value in np.unique(labels[taken]):
            if int(label_value) in others:
                rest = _Patch((labels == label_value) & ~taken, start, affine)
                _write(segmentation_node, others[int(label_value)], rest)


def _write(segmentation_node: Node, segment_id: str, patch: _Patch) -> None:
    logic = load_slicer().vtkSlicerSegmentationsModuleLogic
    segmentation = segmentation_node.GetSegmentation()
    box = bounding_box(patch.mask)
    if box is None:
        segmentation.ClearSegment(segment_id)
        return
    patch = patch.cropped(box)
    label_value = segmentation.GetSegment(segment_id).GetLabelValue()
    if _needs_own_layer(segmentation, segment_id, patch):
        # Slicer would make a layer by itself, but give the label value 1 to the segment.
        layers.detach(segmentation, segment_id, empty_image(patch.affine), label_value)
    # The mask must be of a type that holds the label value: Slicer writes it into a copy of that type.
    mask = patch.mask.astype(np.min_scalar_type(label_value))
    image = oriented_image(mask, patch.affine, patch.start_ijk)
    if not logic.SetBinaryLabelmapToSegment(image, segmentation_node, segment_id, logic.MODE_REPLACE):
        raise InputError(f'Slicer could not change the segment "{segmentation.GetSegment(segment_id).GetName()}".')


def _needs_own_layer(segmentation: Any, segment_id: str, patch: _Patch) -> bool:
    """Return whether neighbours in the segment's layer would change: they overlap it, or lie on another grid."""
    layer = segmentation.GetLayerIndex(segment_id, layers.LABELMAP)
    neighbours = [i for i in segmentation.GetSegmentIDsForLayer(layer, layers.LABELMAP) if i != segment_id]
    image = segmentation.GetLayerDataObject(layer, layers.LABELMAP)
    if not neighbours or is_empty(image):
        return bool(neighbours)
    if not on_grid(image, patch.affine):
        return True
    values = [segmentation.GetSegment(i).GetLabelValue() for i in neighbours]
    return bool(np.isin(patch.labels_of(image)[patch.mask], values).any())
