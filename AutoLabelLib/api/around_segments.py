"""The parts of an image and of its segments that a verb about segments sends: less than the whole, where it can."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from AutoLabelLib.core.crop import IndexBox, cropped_image, cropped_labelmap, found_box
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap


def part_of_image(image: Image, labelmap: Labelmap, margin_voxels: ArrayLike) -> tuple[Image, Labelmap]:
    """Return image and labelmap around the segments if they share a grid, else both as they are.

    Args:
        image: What the segments are in.
        labelmap: With the segments that matter.
        margin_voxels: How much to leave around them, one number or (3,).
    """
    if not labelmap.same_grid(image):
        return image, labelmap
    box = _box_around(labelmap, margin_voxels)
    return cropped_image(image, box), cropped_labelmap(labelmap, box)


def part_of_node(
    volume_node: Any, labelmap: Labelmap, modality: str, margin_voxels: ArrayLike
) -> tuple[Image, Labelmap]:
    """Do what `part_of_image` does for a volume node: only the voxels that are sent are taken off it.

    Args:
        volume_node: What the segments are in.
        labelmap: With the segments that matter.
        modality: DICOM modality, for volumes that do not say it.
        margin_voxels: How much to leave around them, one number or (3,).
    """
    from AutoLabelLib.scene.volumes import grid_of, image_from_volume

    if not labelmap.same_grid(grid_of(volume_node)):
        return image_from_volume(volume_node, modality), labelmap
    box = _box_around(labelmap, margin_voxels)
    return image_from_volume(volume_node, modality, box), cropped_labelmap(labelmap, box)


def _box_around(labelmap: Labelmap, margin_voxels: ArrayLike) -> IndexBox:
    layers = sorted({segment.layer for segment in labelmap.segments})
    box = found_box(np.isin(labelmap.array[layers], [segment.label_value for segment in labelmap.segments]))
    low = np.maximum(np.subtract(box.start_ijk, margin_voxels), 0)
    high = np.minimum(np.add(box.start_ijk, box.shape_ijk) + np.asarray(margin_voxels), labelmap.spatial_shape)
    i, j, k = (int(start) for start in low)
    count_i, count_j, count_k = (int(count) for count in high - low)
    return IndexBox((i, j, k), (count_i, count_j, count_k))
