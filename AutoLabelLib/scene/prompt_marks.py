"""Prompts as markups, so that they are seen in all views, can be moved there and deleted there.

A point is a fiducial, a box is a ROI, a scribble is a curve and a lasso a closed one. Positive ones are green, negative
ones are red and of another shape. The nodes belong to their `PromptMarks`: they are in no list of nodes, and are not
saved with the scene.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from AutoLabelLib.core.prompt import Box, Lasso, Point, Position, Prompt, Scribble
from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer

MARK = "AutoLabel.PromptMark"
"""Attribute of each node that is the mark of a prompt."""

POSITIVE_COLOR, NEGATIVE_COLOR = (0.25, 0.85, 0.3), (1.0, 0.3, 0.25)
_GLYPH_SCALE, _HIGHLIGHTED_GLYPH_SCALE = 2.5, 4.0
_LINE_THICKNESS, _HIGHLIGHTED_LINE_THICKNESS = 0.3, 0.6
_STROKE_GLYPH_MM = 0.01  # the corners of a stroke need not be seen
_LINE_STEPS, _LINE_MM = 2.0, (0.1, 0.8)
_SAME_PLACE_MM = 1e-6


class PromptMarks:
    """Shows prompts in a scene and says what the user does to their marks.

    Args:
        on_moved: Called with the old and the new prompt when the user has dragged a mark.
        on_removed: Called with the prompt when the user has deleted its mark.
        scene: Scene that the marks go into; None for the current one.
    """

    def __init__(
        self, on_moved: Callable[[Prompt, Prompt], None], on_removed: Callable[[Prompt], None], scene: Any = None
    ) -> None:
        self._scene = scene or current_scene()
        self._on_moved, self._on_removed = on_moved, on_removed
        self._marks: list[tuple[Prompt, Node]] = []
        self._observations: dict[str, list[tuple[Any, int]]] = {}
        self._dragged: set[str] = set()
        self._is_ours = False  # a change that we make ourselves is no wish of the user
        # Whoever forgets to close this must not leave observers behind: they crash when the scene is deleted.
        weakref.finalize(self, _unobserve, self._observations).atexit = False
        self._watch_scene()

    def show(self, prompts: Iterable[Prompt]) -> None:
        """Show just these prompts."""
        left = list(self._marks)
        shown: list[tuple[Prompt, Node]] = []
        for prompt in prompts:
            known = next((mark for mark in left if mark[0] == prompt), None)
            if known is not None:
                left.remove(known)
            shown.append(known or (prompt, self._make(prompt)))
        self._marks = shown
        for _, node in left:
            self._drop(node)

    def clear(self) -> None:
        """Remove all marks from the scene."""
        self.show(())

    def close(self) -> None:
        """Remove all marks, and watch the scene no longer."""
        self.clear()
        _unobserve(self._observations)

    def node_of(self, prompt: Prompt) -> Node | None:
        """Return the mark of a prompt; None if it is not shown."""
        return next((node for shown, node in self._marks if shown == prompt), None)

    def highlight(self, prompt: Prompt | None) -> None:
        """Show one prompt larger than the others; None for none."""
        for shown, node in self._marks:
            display_node = node.GetDisplayNode()
            if display_node is not None:
                display_node.SetGlyphScale(_HIGHLIGHTED_GLYPH_SCALE if shown == prompt else _GLYPH_SCALE)
                display_node.SetLineThickness(_HIGHLIGHTED_LINE_THICKNESS if shown == prompt else _LINE_THICKNESS)

    def touched(self) -> Prompt | None:
        """Return the prompt whose mark is under the mouse, so that a drag would move it; None if there is none."""
        for prompt, node in self._marks:
            display_node = node.GetDisplayNode()
            if not node.GetLocked() and display_node is not None and display_node.GetActiveComponentType():
                return prompt
        return None

    def _watch_scene(self) -> None:
        import vtk

        marks = weakref.proxy(self)  # else this and what it observes would hold each other

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def removed(caller: Any, event: str, node: Node) -> None:
            marks._node_gone(node)

        scene = self._scene
        self._observations["scene"] = [
            (scene, scene.AddObserver(scene.NodeRemovedEvent, removed)),
            (scene, scene.AddObserver(scene.StartCloseEvent, lambda caller, event: marks._forget())),
        ]

    def _make(self, prompt: Prompt) -> Node:
        node = self._scene.CreateNodeByClass(_class_of(prompt))
        node.UnRegister(None)
        node.SetName(f"AutoLabel {type(prompt).__name__.lower()} {'+' if prompt.positive else '−'}")
        node.SetAttribute(MARK, type(prompt).__name__)
        node.SetHideFromEditors(True)  # before it is added: lists do not look again
        node.SetSaveWithScene(False)
        with _same_place_node(self._scene):
            node = self._scene.AddNode(node)
        node.CreateDefaultDisplayNodes()
        self._place(node, prompt)
        _dress(node, prompt)
        self._observe(node)
        return node

    def _place(self, node: Node, prompt: Prompt) -> None:
        import vtk

        if isinstance(prompt, Box):
            low, high = np.array(prompt.low_ras_mm), np.array(prompt.high_ras_mm)
            node.SetCenter(*((low + high) / 2).tolist())
            node.SetSize(*(high - low).tolist())
            return
        for position in _positions(prompt):
            node.AddControlPoint(vtk.vtkVector3d(*position))

    def _observe(self, node: Node) -> None:
        node_id, marks = node.GetID(), weakref.proxy(self)

        def changed(caller: Any, event: str) -> None:
            if node_id not in marks._dragged:
                marks._changed(node_id)

        def drag_begins(caller: Any, event: str) -> None:
            marks._dragged.add(node_id)

        def drag_ends(caller: Any, event: str) -> None:
            marks._dragged.discard(node_id)
            marks._changed(node_id)

        wishes = {
            node.PointModifiedEvent: changed,
            node.PointRemovedEvent: changed,
            node.PointStartInteractionEvent: drag_begins,
            node.PointEndInteractionEvent: drag_ends,
        }
        self._observations[node_id] = [(node, node.AddObserver(event, what)) for event, what in wishes.items()]

    def _changed(self, node_id: str) -> None:
        """Tell what has become of the prompt of a mark."""
        mark = next(((prompt, node) for prompt, node in self._marks if node.GetID() == node_id), None)
        if mark is None or self._is_ours:
            return
        old, node = mark
        new = _prompt_of(node, old)
        if new is None:
            self._marks.remove(mark)
            self._drop(node)
            self._on_removed(old)
        elif not _same_place(old, new):
            self._marks[self._marks.index(mark)] = (new, node)
            self._on_moved(old, new)

    def _drop(self, node: Node) -> None:
        _unobserve(self._observations, node.GetID())
        self._dragged.discard(node.GetID())
        self._is_ours = True
        try:
            for index in reversed(range(node.GetNumberOfDisplayNodes())):
                display_node = self._scene.GetNodeByID(node.GetNthDisplayNodeID(index) or "")
                if display_node is not None:  # Slicer leaves it behind
                    self._scene.RemoveNode(display_node)
            if self._scene.IsNodePresent(node):
                self._scene.RemoveNode(node)
        finally:
            self._is_ours = False

    def _node_gone(self, node: Node) -> None:
        mark = next((mark for mark in self._marks if mark[1] is node), None)
        if mark is None or self._is_ours or self._scene.IsClosing():
            return
        self._marks.remove(mark)
        self._drop(node)
        self._on_removed(mark[0])

    def _forget(self) -> None:
        """Let go of all marks: the scene removes them itself."""
        for _, node in self._marks:
            _unobserve(self._observations, node.GetID())
        self._marks.clear()
        self._dragged.clear()


@contextmanager
def _same_place_node(scene: Any) -> Iterator[None]:
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


def _unobserve(observations: dict[str, list[tuple[Any, int]]], key: str | None = None) -> None:
    """Remove observers: those of one key, or all."""
    for known in [key] if key is not None else list(observations):
        for observed, tag in observations.pop(known, ()):
            observed.RemoveObserver(tag)


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
    slicer = load_slicer()
    color = POSITIVE_COLOR if prompt.positive else NEGATIVE_COLOR
    display_node = node.GetDisplayNode()
    display_node.SetSaveWithScene(False)
    display_node.SetSelectedColor(*color)
    display_node.SetColor(*color)
    display_node.SetPointLabelsVisibility(False)
    display_node.SetPropertiesLabelVisibility(False)
    display_node.SetGlyphType(display_node.Sphere3D if prompt.positive else display_node.ThickCross2D)
    display_node.SetGlyphScale(_GLYPH_SCALE)
    display_node.SetLineThickness(_LINE_THICKNESS)
    display_node.SetOccludedVisibility(True)  # a click lies inside of its segment's surface
    display_node.SetOccludedOpacity(0.6)
    display_node.SetSnapMode(slicer.vtkMRMLMarkupsDisplayNode.SnapModeUnconstrained)
    if isinstance(prompt, Box):
        node.SetNthControlPointVisibility(0, False)  # its middle, where the user clicks next, must not take the click
        display_node.SetFillOpacity(0.05)
        display_node.SetHandlesInteractive(True)
        display_node.SetTranslationHandleVisibility(False)
        display_node.SetScaleHandleVisibility(True)
        display_node.SetRotationHandleVisibility(False)  # a box has its sides along the RAS axes
    elif not isinstance(prompt, Point):
        node.SetLocked(True)  # nobody moves a stroke corner by corner
        if node.IsA("vtkMRMLMarkupsCurveNode"):
            node.SetCurveTypeToLinear()
            display_node.SetUseGlyphScale(False)
            display_node.SetGlyphSize(_STROKE_GLYPH_MM)
            display_node.SetCurveLineSizeMode(display_node.UseLineDiameter)  # thickness would follow the corners
            display_node.SetLineDiameter(_line_mm(prompt))


def _line_mm(stroke: Scribble | Lasso) -> float:
    """Return a width for a stroke's line: it was drawn in steps of a pixel or more, and is shown some pixels wide."""
    steps_mm = np.linalg.norm(np.diff(np.array(stroke.path_ras_mm), axis=0), axis=1)
    return float(np.clip(_LINE_STEPS * steps_mm.min(initial=np.inf), *_LINE_MM))


def _prompt_of(node: Node, old: Prompt) -> Prompt | None:
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


def _same_place(first: Prompt, second: Prompt) -> bool:
    def corners(prompt: Prompt) -> Any:
        return (prompt.low_ras_mm, prompt.high_ras_mm) if isinstance(prompt, Box) else _positions(prompt)

    one, other = np.array(corners(first)), np.array(corners(second))
    return one.shape == other.shape and bool(np.abs(one - other).max() < _SAME_PLACE_MM)
