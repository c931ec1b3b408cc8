"""Positive and negative points as markups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer

Color = tuple[float, float, float]


def points_node(
    name: str,
    positions_ras_mm: Sequence[Position],
    labels: Sequence[str],
    color: Color = (1.0, 1.0, 1.0),
    scene: Any = None,
) -> Node:
    """Return a new, locked point list.

    Args:
        name: Name of the node.
        positions_ras_mm: Its points.
        labels: A label for each point.
        color: Of points and labels, each from 0 to 1.
        scene: Scene to add it to; None for the current one.
    """
    load_slicer()
    node = (scene or current_scene()).AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.CreateDefaultDisplayNodes()
    for position, label in zip(positions_ras_mm, labels, strict=True):
        node.AddControlPoint(position, label)
    node.SetLocked(True)
    display_node = node.GetDisplayNode()
    display_node.SetSelectedColor(*color)
    display_node.SetColor(*color)
    display_node.SetGlyphType(display_node.CrossDot2D)
    display_node.SetGlyphScale(2.0)
    display_node.SetTextScale(3.6)
    display_node.SetOccludedVisibility(True)  # a click lies inside of its segment's surface
    display_node.SetOccludedOpacity(1.0)
    return node


@contextmanager
def hidden_labels(scene: Any) -> Iterator[None]:
    """Hide the labels of a scene's points, which would cover what they point at in an enlarged view."""
    display_nodes = [node for node in _nodes(scene, "vtkMRMLMarkupsDisplayNode") if node.GetPointLabelsVisibility()]
    for node in display_nodes:
        node.SetPointLabelsVisibility(False)
    try:
        yield
    finally:
        for node in display_nodes:
            node.SetPointLabelsVisibility(True)


def _nodes(scene: Any, class_name: str) -> list[Node]:
    return [scene.GetNthNodeByClass(n, class_name) for n in range(scene.GetNumberOfNodesByClass(class_name))]
