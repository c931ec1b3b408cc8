"""Labelmap volume nodes, in which many references come, to labelmaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from AutoLabelLib.core.errors import UnsupportedVolumeError
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.scene.nodes import Node, check_class
from AutoLabelLib.scene.segments import relabelled
from AutoLabelLib.scene.volumes import grid_of
from AutoLabelLib.scene.voxels import view_of


def labelmap_from_volume(labelmap_node: Node) -> Labelmap:
    """Return a labelmap volume as a labelmap: one segment per value that occurs, named by its colour table.

    It lies where `image_from_volume` would put an image of that grid.

    Args:
        labelmap_node: vtkMRMLLabelMapVolumeNode; not changed.

    Raises:
        InputError: If it is another node.
        UnsupportedVolumeError: If it has no voxels, or some that are no labels (negative, or fractions).
    """
    check_class(labelmap_node, "vtkMRMLLabelMapVolumeNode")
    grid = grid_of(labelmap_node)
    labels = view_of(labelmap_node.GetImageData())[0]
    values = np.unique(labels)
    if values[0] < 0 or (values != np.floor(values)).any():
        raise UnsupportedVolumeError(
            f'"{labelmap_node.GetName()}" does not hold labels: its values go from {values[0]} to {values[-1]}.',
            "Labels are whole numbers from 0.",
        )
    present = [int(value) for value in values if value > 0]
    array = relabelled(labels, {value: value for value in present})
    return Labelmap(array[np.newaxis], grid.affine, tuple(_segment(labelmap_node, value) for value in present))


def _segment(labelmap_node: Node, label_value: int) -> Segment:
    display_node = labelmap_node.GetDisplayNode()
    color_node: Any = display_node.GetColorNode() if display_node is not None else None
    if color_node is None or label_value >= color_node.GetNumberOfColors():
        return Segment(str(label_value), label_value)
    rgba = [0.0, 0.0, 0.0, 0.0]
    color_node.GetColor(label_value, rgba)
    return Segment(
        color_node.GetColorName(label_value) or str(label_value), label_value, color=(rgba[0], rgba[1], rgba[2])
    )
