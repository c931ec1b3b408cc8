"""Heat over an image: volumes that show where in it is what speaks for a segment or a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.provenance import PREFIX
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, check_class, scene_of
from AutoLabelLib.scene.transforms import vtk_matrix
from AutoLabelLib.scene.volumes import VolumeGrid, grid_of, volume_from_image

THRESHOLD = 0.25
"""Heat below which nothing is shown, unless somebody says otherwise."""

OPACITY = 0.6
"""How strongly heat covers the image, unless somebody says otherwise."""

_SOURCE_ROLE = f"{PREFIX}HeatmapSource"
_MARK, _TABLE_MARK, _OPACITY = f"{PREFIX}Heatmap", f"{PREFIX}HeatColors", f"{PREFIX}HeatmapOpacity"
_COLORS = 256
# From dark violet over red to light yellow, evenly brighter to the eye.
# Source: a few points of "inferno" (Smith NJ, van der Walt S; CC0).
_INFERNO = (
    (0.0, (0.00, 0.00, 0.02)),
    (0.125, (0.14, 0.05, 0.31)),
    (0.25, (0.34, 0.06, 0.43)),
    (0.375, (0.54, 0.13, 0.42)),
    (0.5, (0.74, 0.22, 0.33)),
    (0.625, (0.89, 0.35, 0.20)),
    (0.75, (0.98, 0.56, 0.04)),
    (0.875, (0.98, 0.78, 0.20)),
    (1.0, (0.99, 1.00, 0.64)),
)


def show_heatmap(
    volume_node: Node,
    heat: Image,
    name: str,
    tags: Mapping[str, str] | None = None,
    grid: VolumeGrid | None = None,
) -> Node:
    """Return a new volume node with heat over a volume, shown in the slice views that show the volume.

    It moves along with the volume, and knows which one it belongs to.

    Args:
        volume_node: What was explained.
        heat: 0 to 1, one channel, on the volume's grid.
        name: Name of the node.
        tags: What made it, as `core.provenance.segment_tags` says; becomes attributes of the node.
        grid: Where the volume was when its image was taken; None for where it is.
    """
    scene = scene_of(volume_node)
    grid = grid or grid_of(volume_node)
    node = volume_from_image(heat, name, scene)
    node.SetIJKToRASMatrix(vtk_matrix(grid.local_affine))
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    node.SetNodeReferenceID(_SOURCE_ROLE, volume_node.GetID())
    node.SetAttribute(_MARK, "1")
    for key, value in (tags or {}).items():
        if key.startswith(PREFIX):
            node.SetAttribute(key, value)
    display_node = node.GetDisplayNode()
    display_node.AutoWindowLevelOff()
    display_node.SetWindowLevel(1.0, 0.5)
    display_node.SetAndObserveColorNodeID(_color_table(scene).GetID())
    set_threshold(node, THRESHOLD)
    set_opacity(node, OPACITY)
    hierarchy.place_beside(node, volume_node)
    bring_to_front(node)
    return node


def is_heatmap(node: Node) -> bool:
    """Return whether a node is a heatmap."""
    return node is not None and node.GetAttribute(_MARK) == "1"


def all_heatmaps(scene: Any) -> list[Node]:
    """Return the heatmaps of a scene, in the order in which they were made."""
    return [node for node in _nodes(scene, "vtkMRMLScalarVolumeNode") if is_heatmap(node)]


def heatmaps_of(volume_node: Node) -> list[Node]:
    """Return the heatmaps of a volume, in the order in which they were made."""
    return [node for node in all_heatmaps(scene_of(volume_node)) if source_of(node) is volume_node]


def source_of(heatmap_node: Node) -> Node | None:
    """Return the volume that a heatmap belongs to; None if it is gone."""
    return heatmap_node.GetNodeReference(_SOURCE_ROLE)


def bring_to_front(heatmap_node: Node) -> None:
    """Show a heatmap in every slice view that shows its volume; of several, a view shows one."""
    source = source_of(heatmap_node)
    for view in _nodes(scene_of(heatmap_node), "vtkMRMLSliceCompositeNode"):
        if source is not None and view.GetBackgroundVolumeID() == source.GetID():
            view.SetForegroundVolumeID(heatmap_node.GetID())
            view.SetForegroundOpacity(opacity_of(heatmap_node))


def hide(heatmap_node: Node) -> None:
    """Take a heatmap out of all slice views; it stays in the scene."""
    for view in _views_of(heatmap_node):
        view.SetForegroundVolumeID(None)


def is_shown(heatmap_node: Node) -> bool:
    """Return whether a slice view shows a heatmap."""
    return bool(_views_of(heatmap_node))


def set_opacity(heatmap_node: Node, opacity: float) -> None:
    """Let a heatmap cover its volume more or less: from 0, not at all, to 1."""
    opacity = float(np.clip(opacity, 0, 1))
    heatmap_node.SetAttribute(_OPACITY, f"{opacity:.3f}")
    for view in _views_of(heatmap_node):
        view.SetForegroundOpacity(opacity)


def opacity_of(heatmap_node: Node) -> float:
    """Return how strongly a heatmap covers its volume, 0 to 1."""
    return float(heatmap_node.GetAttribute(_OPACITY) or OPACITY)


def set_threshold(heatmap_node: Node, threshold: float) -> None:
    """Show only heat from a threshold on, 0 to 1."""
    display_node = heatmap_node.GetDisplayNode()
    display_node.SetThreshold(float(np.clip(threshold, 0, 1)), 1.0)
    display_node.SetApplyThreshold(True)


def threshold_of(heatmap_node: Node) -> float:
    """Return the heat from which on something is shown."""
    return float(heatmap_node.GetDisplayNode().GetLowerThreshold())


def remove_heatmap(heatmap_node: Node) -> None:
    """Remove a heatmap from scene and views; its colours go with the last one.

    Raises:
        InputError: If it is no volume, or in no scene.
    """
    scene = scene_of(check_class(heatmap_node, "vtkMRMLScalarVolumeNode"))
    hide(heatmap_node)
    display_node = heatmap_node.GetDisplayNode()
    scene.RemoveNode(heatmap_node)
    if display_node is not None:
        scene.RemoveNode(display_node)
    if not all_heatmaps(scene):
        scene.RemoveNode(_color_table(scene))


def _views_of(heatmap_node: Node) -> list[Node]:
    views = _nodes(scene_of(heatmap_node), "vtkMRMLSliceCompositeNode")
    return [view for view in views if view.GetForegroundVolumeID() == heatmap_node.GetID()]


def _nodes(scene: Any, class_name: str) -> list[Node]:
    return [scene.GetNthNodeByClass(index, class_name) for index in range(scene.GetNumberOfNodesByClass(class_name))]


def _color_table(scene: Any) -> Node:
    """Return the scene's colours for heat, which are made if they are not there yet."""
    for node in _nodes(scene, "vtkMRMLColorTableNode"):
        if node.GetAttribute(_TABLE_MARK) == "1":
            return node
    table = scene.AddNewNodeByClass("vtkMRMLColorTableNode", "AutoLabel heat")
    table.SetTypeToUser()
    table.SetHideFromEditors(0)
    table.SetNumberOfColors(_COLORS)
    positions = [position for position, _ in _INFERNO]
    channels = np.array([color for _, color in _INFERNO]).T
    for index in range(_COLORS):
        share = index / (_COLORS - 1)
        red, green, blue = (float(np.interp(share, positions, channel)) for channel in channels)
        table.SetColor(index, f"{share:.2f}", red, green, blue, 1.0)
    table.SetAttribute(_TABLE_MARK, "1")
    return table
