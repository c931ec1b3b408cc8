"""Regions of interest as markups: which voxels of a volume a ROI node covers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.crop import IndexBox, covering_box
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.scene.nodes import Node, check_class
from AutoLabelLib.scene.transforms import local_from_world, matrix_between, numpy_matrix, world_from_local
from AutoLabelLib.scene.volumes import VolumeGrid, grid_of

# Under a non-linear transform the sides of a box are curved: look at more of them than at the corners.
_STEPS_PER_EDGE = 9


def box_of_roi(roi_node: Node, volume_node: Node, grid: VolumeGrid | None = None) -> IndexBox:
    """Return the smallest box of a volume's voxels that covers a ROI, wherever transforms show the two.

    Args:
        roi_node: Markups ROI; it may be turned, and under transforms.
        volume_node: Volume; it may be oblique, and under transforms.
        grid: What `grid_of(volume_node)` gives, where the caller has it already.

    Raises:
        InputError: If it is no ROI, or has not been placed yet.
        GeometryError: If it does not cover the volume.
    """
    return covering_box(grid or grid_of(volume_node), _surface_in_image(roi_node, volume_node))


def ras_box_of_roi(roi_node: Node, volume_node: Node) -> Box:
    """Return the smallest box along R, A and S around a ROI, in the frame of `image_from_volume(volume_node)`.

    Raises:
        InputError: If it is no ROI, or has not been placed yet.
    """
    positions = _surface_in_image(roi_node, volume_node)
    return Box(tuple(positions.min(axis=0).tolist()), tuple(positions.max(axis=0).tolist()))


def _surface_in_image(roi_node: Node, volume_node: Node) -> NDArray[np.float64]:
    """Return points (N, 3) all over a ROI's box, in the frame of the volume's image."""
    check_class(roi_node, "vtkMRMLMarkupsROINode")
    if min(roi_node.GetSize()) <= 0.0:
        raise InputError(f'The ROI "{roi_node.GetName()}" has no size.', "Place it in a slice view, or choose none.")
    positions = world_from_local(roi_node, _surface_in_node(roi_node))
    if matrix_between(volume_node, None) is None:  # then an image is in the volume's local frame
        positions = local_from_world(volume_node, positions)
    return positions


def _surface_in_node(roi_node: Node) -> NDArray[np.float64]:
    """Return points (N, 3) all over a ROI's box, in the node's local RAS mm."""
    import vtk

    matrix: Any = vtk.vtkMatrix4x4()
    matrix.DeepCopy(roi_node.GetObjectToNodeMatrix())
    to_node = numpy_matrix(matrix)
    edge = np.linspace(-0.5, 0.5, _STEPS_PER_EDGE)
    grid = np.array(list(itertools.product(edge, edge, edge)))
    surface = grid[(np.abs(grid) == 0.5).any(axis=1)] * np.array(roi_node.GetSize())
    return np.asarray(surface @ to_node[:3, :3].T + to_node[:3, 3])


def add_roi(volume_node: Node, name: str = "ROI") -> Node:
    """Return a new ROI node that covers a volume where it is shown, to be made smaller by hand."""
    slicer_scene = volume_node.GetScene()
    roi_node = slicer_scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", slicer_scene.GenerateUniqueName(name))
    roi_node.CreateDefaultDisplayNodes()
    fit_roi(roi_node, volume_node)
    return roi_node


def fit_roi(roi_node: Node, volume_node: Node) -> None:
    """Let a ROI cover a volume where it is shown; its sides run along the RAS axes."""
    bounds = [0.0] * 6
    volume_node.GetRASBounds(bounds)
    low, high = np.array(bounds[0::2]), np.array(bounds[1::2])
    roi_node.SetRadiusXYZ((high - low) / 2)
    roi_node.SetXYZ((low + high) / 2)
