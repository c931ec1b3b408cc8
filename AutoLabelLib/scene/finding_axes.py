"""The axes of a finding as lines in the views, each with its length beside it."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.core.finding import Finding, Line
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.mark_nodes import same_place_node
from AutoLabelLib.scene.nodes import Node, current_scene

_FINDING, _AXIS = "AutoLabel.Finding", "AutoLabel.Axis"
_COLOR = (1.0, 0.85, 0.2)
_GLYPH_SCALE, _TEXT_SCALE = 0.8, 2.5  # in percent of the view


def show_axes(finding: Finding, scene: Any = None) -> tuple[Node, ...]:
    """Return line markups for what was measured in a finding, at their present places; () if nothing was.

    Lines that are there already are moved. They are locked, since they show a measurement.
    """
    scene = scene or current_scene()
    there = {node.GetAttribute(_AXIS): node for node in axes_of(finding.id, scene)}
    nodes = []
    for name, line in finding.lines_ras_mm.items():
        node = there.pop(name, None)
        if node is None:
            with same_place_node(scene):
                node = _new_line(finding, name, scene)
        _place(node, line)
        nodes.append(node)
    for node in there.values():
        scene.RemoveNode(node)
    return tuple(nodes)


def hide_axes(finding_id: str, scene: Any = None) -> None:
    """Remove the lines of a finding."""
    scene = scene or current_scene()
    for node in axes_of(finding_id, scene):
        scene.RemoveNode(node)


def axes_of(finding_id: str, scene: Any = None) -> list[Node]:
    """Return the lines of a finding that are in a scene."""
    scene = scene or current_scene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLMarkupsLineNode") for number in range(count)]
    return [node for node in nodes if node.GetAttribute(_FINDING) == finding_id]


def _new_line(finding: Finding, name: str, scene: Any) -> Node:
    what = finding.segment or finding.final_label or "Finding"
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", f"{what} {name.replace('_', ' ')}")
    node.SetAttribute(_FINDING, finding.id)
    node.SetAttribute(_AXIS, name)
    node.CreateDefaultDisplayNodes()
    display_node = node.GetDisplayNode()
    display_node.SetColor(*_COLOR)
    display_node.SetSelectedColor(*_COLOR)
    display_node.SetGlyphScale(_GLYPH_SCALE)
    display_node.SetTextScale(_TEXT_SCALE)
    display_node.SetOccludedVisibility(True)  # it lies inside of its segment's surface
    display_node.SetOccludedOpacity(0.6)
    hierarchy.item_of(node)
    return node


def _place(node: Node, line: Line) -> None:
    node.SetLocked(False)
    node.RemoveAllControlPoints()
    for position in line:
        node.AddControlPointWorld(position)
    node.SetLocked(True)
