"""One click in a view, asked for from outside of the views: Slicer's own way to place a point, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.nodes import Node, load_slicer

_POINTS = "vtkMRMLMarkupsFiducialNode"


class PointPlacing:
    """Waits for one click, then takes the point away again; Esc or the toolbar ends it without one.

    Args:
        name: What stands beside the cursor.
        scene: The application's scene, whose mouse mode is switched.
        on_placed: Gets the place of the click, RAS mm.
        on_ended: Called when nothing is waited for any more, before `on_placed` if there was a click.
        later: Calls back when the present event is over, such as a timer of 0 seconds.
    """

    def __init__(
        self,
        name: str,
        scene: Any,
        on_placed: Callable[[Position], None],
        on_ended: Callable[[], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        load_slicer()
        self._scene, self._on_placed, self._on_ended, self._later = scene, on_placed, on_ended, later
        self._is_over = False
        self._selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
        self._mouse = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        # First: when a node comes or goes, Slicer makes its class the one to be placed.
        self._before = (self._selection.GetActivePlaceNodeClassName(), self._selection.GetActivePlaceNodeID())
        self._node: Node | None = scene.AddNewNodeByClass(_POINTS, name)
        self._node.SetSaveWithScene(False)
        self._node.SetControlPointLabelFormat("%N")  # without a number: there is one point
        self._node.CreateDefaultDisplayNodes()
        self._node.GetDisplayNode().SetGlyphTypeFromString("Cross2D")  # which hides nothing of what it points at
        self._selection.SetReferenceActivePlaceNodeClassName(_POINTS)
        self._selection.SetActivePlaceNodeID(self._node.GetID())
        self._mouse.SwitchToSinglePlaceMode()
        self._tags = [
            (self._node, self._node.AddObserver(self._node.PointPositionDefinedEvent, self._placed)),
            (self._mouse, self._mouse.AddObserver(self._mouse.InteractionModeChangedEvent, self._mode_changed)),
        ]

    def end(self) -> None:
        """Wait no more; once is enough."""
        node, self._node = self._node, None
        if node is None:
            return
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        if self._mouse.GetCurrentInteractionMode() == self._mouse.Place:
            self._mouse.SwitchToViewTransformMode()
        self._scene.RemoveNode(node)
        class_name, node_id = self._before
        self._selection.SetActivePlaceNodeID(node_id)
        self._selection.SetReferenceActivePlaceNodeClassName(class_name)
        self._on_ended()

    # The widget that draws the point goes on using it after it has told us of the click: while it does, taking the
    # point away ends the application. So both wait until the event is over.

    def _placed(self, caller: Node, event: str) -> None:
        if self._is_over or caller.GetNumberOfDefinedControlPoints() == 0:
            return
        self._is_over = True
        r, a, s = caller.GetNthControlPointPositionWorld(0)
        self._later(lambda: self._take((r, a, s)))

    def _take(self, position_ras_mm: Position) -> None:
        if self._node is not None:
            self.end()
            self._on_placed(position_ras_mm)

    def _mode_changed(self, caller: Any, event: str) -> None:
        # After a click the mode changes, too.
        if not self._is_over and caller.GetCurrentInteractionMode() != caller.Place:
            self._is_over = True
            self._later(self.end)
