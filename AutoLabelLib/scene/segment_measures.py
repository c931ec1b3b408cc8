"""How large segments are, and where, measured on their voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index, voxel_volume_ml
from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene import layers
from AutoLabelLib.scene.nodes import Node, check_class
from AutoLabelLib.scene.transforms import matrix_between, world_from_local
from AutoLabelLib.scene.voxels import affine_of, is_empty, start_of, view_of

_SLICES_AT_ONCE = 4  # numpy counts integers of eight bytes: so many that they stay in the cache (0.5 s for 210 million)


def volumes_ml(segmentation_node: Node) -> dict[str, float]:
    """Return the volume of each segment in millilitres, by its id; {} where they are not stored as voxels.

    Under a linear transform that scales, it is that of the segment where it is shown.
    """
    check_class(segmentation_node, "vtkMRMLSegmentationNode")
    segmentation = segmentation_node.GetSegmentation()
    if not segmentation.ContainsRepresentation(layers.LABELMAP):
        return {}
    to_world = matrix_between(segmentation_node, None)
    found = {}
    for layer in range(segmentation.GetNumberOfLayers(layers.LABELMAP)):
        image = segmentation.GetLayerDataObject(layer, layers.LABELMAP)
        affine = affine_of(image) if to_world is None else to_world @ affine_of(image)
        counts = _counts(image)
        for segment_id in segmentation.GetSegmentIDsForLayer(layer, layers.LABELMAP):
            value = segmentation.GetSegment(segment_id).GetLabelValue()
            found[segment_id] = float(counts[value]) * voxel_volume_ml(affine) if value < len(counts) else 0.0
    return found


def _counts(image: Any) -> NDArray[np.int64]:
    """Return how many voxels an oriented image has of each value."""
    if is_empty(image):
        return np.zeros(1, np.int64)
    labels = view_of(image)[0]
    counts = np.zeros(int(labels.max()) + 1, np.int64)
    for start in range(0, labels.shape[2], _SLICES_AT_ONCE):
        slab = labels[:, :, start : start + _SLICES_AT_ONCE].T.ravel()
        counts += np.bincount(slab, minlength=len(counts))
    return counts


def center_ras_mm(segmentation_node: Node, segment_id: str) -> Position | None:
    """Return a voxel's centre that lies in a segment, near its middle, where views show it; None if it is empty."""
    check_class(segmentation_node, "vtkMRMLSegmentationNode")
    segmentation = segmentation_node.GetSegmentation()
    if segmentation.GetSegment(segment_id) is None or not segmentation.ContainsRepresentation(layers.LABELMAP):
        return None
    image = segmentation.GetSegment(segment_id).GetRepresentation(layers.LABELMAP)
    if is_empty(image):
        return None
    index = _middle(view_of(image)[0] == segmentation.GetSegment(segment_id).GetLabelValue())
    if index is None:
        return None
    local = ras_from_index(affine_of(image), index + np.array(start_of(image)))
    right, anterior, superior = world_from_local(segmentation_node, local).tolist()
    return (right, anterior, superior)


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.int_] | None:
    """Return the index (i, j, k) of a voxel of a mask: in the slice of its centre of mass, nearest to that.

    The centre of mass itself may lie outside: a hippocampus is bent, an aorta hollow.
    """
    per_slice = np.count_nonzero(mask, axis=(0, 1))
    if not per_slice.any():
        return None
    center_k = float(np.average(np.arange(mask.shape[2]), weights=per_slice))
    filled = np.flatnonzero(per_slice)
    k = int(filled[np.argmin(np.abs(filled - center_k))])
    inside = np.argwhere(mask[:, :, k])
    nearest = inside[np.argmin(((inside - inside.mean(axis=0)) ** 2).sum(axis=1))]
    return np.array([*nearest, k])
