"""The mark of one prompt: a markups node that looks like it, and what it stands for after it was moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

import numpy as np

from AutoLabelLib.core.prompt import Box, Lasso, Point, Position, Prompt, Scribble
from AutoLabelLib.scene.nodes import Node

MARK = "AutoLabel.PromptMark"
"""Attribute of each node that is the mark of a prompt."""

POSITIVE_COLOR, NEGATIVE_COLOR = (0.25, 0.85, 0.3), (1.0, 0.3, 0.25)
_GLYPH_SCALE, _HIGHLIGHTED_GLYPH_SCALE = 1.5, 2.5  # a larger one hides a small nodule
_LINE_THICKNESS, _HIGHLIGHTED_LINE_THICKNESS = 0.3, 0.6
_STROKE_GLYPH_MM = 0.01  # the corners of a stroke need not be seen
_LINE_STEPS, _LINE_MM = 2.0, (0.1, 0.8)
_SAME_PLACE_MM = 1e-6


def add_mark(prompt: Prompt, scene: Any) -> Node:
    """Return a new node in a scene that shows a prompt; the user's own choice of markups stays."""
    node = scene.CreateNodeByClass(_class_of(prompt))
    node.UnRegister(None)
    node.SetName(f"AutoLabel {type(prompt).__name__.lower()} {'+' if prompt.positive else '−'}")
    node.SetAttribute(MARK, type(prompt).__name__)
    node.SetHideFromEditors(True)  # before it is added: lists do not look again
    node.SetSaveWithScene(False)
    _place(node, prompt)  # before it is added: the views draw it once
    with same_place_node(scene):
        node = scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    _dress(node, prompt)
    return node


def set_size(node: Node, prompt: Prompt, is_chosen: bool) -> None:
    """Show a mark in its usual size, or larger."""
    display_node = node.GetDisplayNode()
    if display_node is None:  # the scene is being closed
        return
    if _is_stroke(prompt):
        display_node.SetLineDiameter(_line_mm(prompt) * (2.0 if is_chosen else 1.0))
        return
    display_node.SetGlyphScale(_HIGHLIGHTED_GLYPH_SCALE if is_chosen else _GLYPH_SCALE)
    display_node.SetLineThickness(_HIGHLIGHTED_LINE_THICKNESS if is_chosen else _LINE_THICKNESS)


def _place(node: Node, prompt: Prompt) -> None:
    import vtk

    if isinstance(prompt, Box):
        low, high = np.array(prompt.low_ras_mm), np.array(prompt.high_ras_mm)
        node.SetCenter(*((low + high) / 2).tolist())
        node.SetSize(*(high - low).tolist())
    else:
        for position in _positions(prompt):
            node.AddControlPoint(vtk.vtkVector3d(*position))


def _class_of(prompt: Prompt) -> str:
    if isinstance(prompt, Box):
        return "vtkMRMLMarkupsROINode"
    if isinstance(prompt, Lasso):
        return "vtkMRMLMarkupsClosedCurveNode"
    if isinstance(prompt, Scribble) and len(prompt.path_ras_mm) > 1:
        return "vtkMRMLMarkupsCurveNode"
    return "vtkMRMLMarkupsFiducialNode"


def _positions(prompt: Point | Scribble | Lasso) -> tuple[Position, ...]:
    return (prompt.position_ras_mm,) if isinstance(prompt, Point) else prompt.path_ras_mm


def _dress(node: Node, prompt: Prompt) -> None:
    color = POSITIVE_COLOR if prompt.positive else NEGATIVE_COLOR
    display_node = node.GetDisplayNode()
    display_node.SetSaveWithScene(False)
    display_node.SetSelectedColor(*color)
    display_node.SetColor(*color)
    display_node.SetPointLabelsVisibility(False)
    display_node.SetPropertiesLabelVisibility(False)
    display_node.SetGlyphType(display_node.Sphere3D if prompt.positive else display_node.ThickCross2D)
    display_node.SetOccludedVisibility(True)  # a click lies inside of its segment's surface
    display_node.SetOccludedOpacity(0.6)
    display_node.SetSnapMode(display_node.SnapModeUnconstrained)
    if isinstance(prompt, Box):
        node.SetNthControlPointVisibility(0, False)  # its middle, where the user clicks next, must not take the click
        display_node.SetFillOpacity(0.05)
        display_node.SetHandlesInteractive(True)
        display_node.SetTranslationHandleVisibility(False)
        display_node.SetScaleHandleVisibility(True)
        display_node.SetRotationHandleVisibility(False)  # a box has its sides along the RAS axes
    elif not isinstance(prompt, Point):
        node.SetLocked(True)  # nobody moves a stroke corner by corner
        if _is_stroke(prompt):
            node.SetCurveTypeToLinear()
            display_node.SetUseGlyphScale(False)
            display_node.SetGlyphSize(_STROKE_GLYPH_MM)
            display_node.SetCurveLineSizeMode(display_node.UseLineDiameter)  # thickness would follow the corners
    set_size(node, prompt, is_chosen=False)


def _is_stroke(prompt: Prompt) -> TypeGuard[Scribble | Lasso]:
    """Return whether a mark is a line; a dab of one position is a point."""
    return isinstance(prompt, Lasso) or (isinstance(prompt, Scribble) and len(prompt.path_ras_mm) > 1)


def _line_mm(stroke: Scribble | Lasso) -> float:
    """Return a width for a stroke's line: it was drawn in steps of a pixel or more, and is shown some pixels wide."""
    steps_mm = np.linalg.norm(np.diff(np.array(stroke.path_ras_mm), axis=0), axis=1)
    return float(np.clip(_LINE_STEPS * steps_mm.min(initial=np.inf), *_LINE_MM))


def prompt_of(node: Node, old: Prompt) -> Prompt | None:
    """Return the prompt that a mark stands for now; None if too little of it is left."""
    if isinstance(old, Box):
        bounds = [0.0] * 6
        node.GetRASBounds(bounds)
        low, high = np.array(bounds[0::2]), np.array(bounds[1::2])
        return Box(tuple(low), tuple(high), old.positive) if (high > low).all() else None
    positions = [node.GetNthControlPointPositionWorld(n) for n in range(node.GetNumberOfControlPoints())]
    if len(positions) < (3 if isinstance(old, Lasso) else 1):
        return None
    if isinstance(old, Point):
        return Point(positions[0], old.positive)
    return type(old)(tuple(positions), old.positive)


def same_place(first: Prompt, second: Prompt) -> bool:
    """Return whether two prompts of one kind are in the same place."""

    def corners(prompt: Prompt) -> Any:
        return (prompt.low_ras_mm, prompt.high_ras_mm) if isinstance(prompt, Box) else _positions(prompt)

    one, other = np.array(corners(first)), np.array(corners(second))
    return one.shape == other.shape and bool(np.abs(one - other).max() < _SAME_PLACE_MM)


@contextmanager
def same_place_node(scene: Any) -> Iterator[None]:
    """Let the user's own list of points stay the one that is added to: Slicer chooses each markup that is new."""
    selection_node = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    if selection_node is None:
        yield
        return
    node_id, class_name = selection_node.GetActivePlaceNodeID(), selection_node.GetActivePlaceNodeClassName()
    try:
        yield
    finally:
        selection_node.SetReferenceActivePlaceNodeClassName(class_name)
        selection_node.SetReferenceActivePlaceNodeID(node_id)
