"""The axes of findings as lines in the slice views, each with its length beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from AutoLabelLib.core.finding import Finding, Line
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.headless import has_application
from AutoLabelLib.scene.mark_nodes import same_place_node
from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer

_FINDING, _AXIS = "AutoLabel.Finding", "AutoLabel.Axis"
_COLOR = (1.0, 0.85, 0.2)
_GLYPH_SCALE, _TEXT_SCALE = 0.8, 2.5  # in percent of the view
_LINE_THICKNESS = 0.5  # of a glyph


def show_axes(findings: Iterable[Finding], scene: Any = None) -> list[Node]:
    """Return line markups for what was measured in findings, at their present places.

    Lines that are there already are moved. They are locked, since they show a measurement.
    """
    scene = scene or current_scene()
    nodes: list[Node] = []
    with _drawn_once():
        for finding in findings:
            there = {node.GetAttribute(_AXIS): node for node in axes_of(finding.id, scene)}
            for name, line in finding.lines_ras_mm.items():
                node = there.pop(name, None) or _new_line(finding, name, scene)
                _place(node, line)
                nodes.append(node)
            for node in there.values():
                scene.RemoveNode(node)
    return nodes


def hide_axes(finding_ids: Iterable[str], scene: Any = None) -> None:
    """Remove the lines of findings."""
    scene = scene or current_scene()
    with _drawn_once():
        for finding_id in finding_ids:
            for node in axes_of(finding_id, scene):
                scene.RemoveNode(node)


def axes_of(finding_id: str, scene: Any = None) -> list[Node]:
    """Return the lines of a finding that are in a scene."""
    scene = scene or current_scene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLMarkupsLineNode") for number in range(count)]
    return [node for node in nodes if node.GetAttribute(_FINDING) == finding_id]


@contextmanager
def _drawn_once() -> Iterator[None]:
    """Let the views wait: without this, six findings took 2.7 s, drawn line by line, with it 0.5 s."""
    if not has_application():
        yield
        return
    application = load_slicer().app
    application.pauseRender()
    try:
        yield
    finally:
        application.resumeRender()


def _new_line(finding: Finding, name: str, scene: Any) -> Node:
    what = finding.segment or finding.final_label or "Finding"
    with same_place_node(scene):
        node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", f"{what} {name.replace('_', ' ')}")
    node.SetAttribute(_FINDING, finding.id)
    node.SetAttribute(_AXIS, name)
    node.CreateDefaultDisplayNodes()
    display_node = node.GetDisplayNode()
    display_node.SetColor(*_COLOR)
    display_node.SetSelectedColor(*_COLOR)
    display_node.SetGlyphScale(_GLYPH_SCALE)
    display_node.SetLineThickness(_LINE_THICKNESS)
    display_node.SetTextScale(_TEXT_SCALE)
    display_node.SetPropertiesLabelVisibility(False)  # it would lie over the middle, one axis' over the other's
    display_node.SetPointLabelsVisibility(True)
    display_node.Visibility3DOff()  # it was measured on a slice, and from the front one text would hide the other
    hierarchy.item_of(node)
    return node


def _place(node: Node, line: Line) -> None:
    """Put a line's ends where they belong, with the length beside the one that axial views show on the right."""
    was_modifying = node.StartModify()
    node.SetLocked(False)
    node.RemoveAllControlPoints()
    for position, label in zip(line, (f"{math.dist(*line):.1f} mm", ""), strict=True):
        node.SetNthControlPointLabel(node.AddControlPointWorld(position), label)  # without one, Slicer makes one
    node.SetLocked(True)
    node.EndModify(was_modifying)
