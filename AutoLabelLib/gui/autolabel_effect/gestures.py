"""Mouse to prompts, in slice views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import vtk

from AutoLabelLib.core.prompt import Lasso, Point, Position, Prompt, Scribble
from AutoLabelLib.gui.autolabel_effect.slice_plane import box_of_drag, rectangle_of_drag, thinned
from AutoLabelLib.gui.autolabel_effect.trace import Trace
from AutoLabelLib.scene.transforms import numpy_matrix

# A drag that is shorter than this is a click with an unsteady hand.
_SHORTEST_DRAG_PIXELS = 3
_WHEEL = (vtk.vtkCommand.MouseWheelForwardEvent, vtk.vtkCommand.MouseWheelBackwardEvent)


class Gestures:
    """Turns what the left button does into prompts; everything else stays Slicer's.

    The right and the middle button, the wheel, and moves without a button zoom, pan, browse and move the
    crosshair as ever, and Ctrl or Alt with the left button does what it does without this effect. A mark under the
    mouse takes the button, too: it is dragged.

    Args:
        effect: Slicer's Python side of the effect, which has `scriptedEffect` and `xyToRas`.
        on_prompt: Gets each prompt.
        on_too_short: Called when a drag was none.
        is_over_mark: Whether a mark is under the mouse.

    Attributes:
        kind: Kind of prompts that are made: "point", "box", "scribble" or "lasso".
        positive: Their sign; Shift inverts it.
    """

    def __init__(
        self,
        effect: Any,
        on_prompt: Callable[[Prompt], None],
        on_too_short: Callable[[], None],
        is_over_mark: Callable[[], bool],
    ) -> None:
        self._effect = effect
        self._on_prompt, self._on_too_short, self._is_over_mark = on_prompt, on_too_short, is_over_mark
        self.kind, self.positive = "point", True
        self._forget()

    def _forget(self) -> None:
        self._view_widget: Any = None
        self._trace: Trace | None = None
        self._drag_positive = True
        self._path_xy: list[tuple[int, int]] = []
        self._path_ras_mm: list[Position] = []

    @property
    def is_drawing(self) -> bool:
        """Whether something is being drawn."""
        return self._view_widget is not None

    def process(self, interactor: Any, event_id: int, view_widget: Any) -> bool:
        """Take an event of a view; return whether nobody else shall get it."""
        if view_widget.className() != "qMRMLSliceWidget":
            return False
        if event_id == vtk.vtkCommand.LeftButtonPressEvent:
            return self._press(interactor, view_widget)
        if event_id == vtk.vtkCommand.LeftButtonDoubleClickEvent:
            return not _has_command_key(interactor)  # else a quick second click would enlarge the view
        if not self.is_drawing:
            return False
        if event_id == vtk.vtkCommand.MouseMoveEvent:
            self._move(interactor, view_widget)
            return True
        if event_id == vtk.vtkCommand.LeftButtonReleaseEvent:
            self._release(interactor, view_widget)
            return True
        return event_id in _WHEEL  # what is drawn stays in one plane

    def cancel(self) -> None:
        """Forget what is being drawn."""
        if self._trace is not None:
            self._trace.remove()
        self._forget()

    def _press(self, interactor: Any, view_widget: Any) -> bool:
        if _has_command_key(interactor) or self._is_over_mark():
            return False
        self.cancel()
        scripted_effect = self._effect.scriptedEffect
        if scripted_effect.confirmCurrentSegmentVisible() != scripted_effect.ConfirmedWithoutDialog:
            return True  # the dialog took the release of the button
        self._view_widget = view_widget
        self._drag_positive = self.positive != bool(interactor.GetShiftKey())
        self._note(interactor, view_widget)
        if self.kind != "point":
            self._trace = Trace(scripted_effect, view_widget, self._drag_positive)
        return True

    def _move(self, interactor: Any, view_widget: Any) -> None:
        if view_widget is self._view_widget or view_widget == self._view_widget:
            self._note(interactor, view_widget)
            self._draw()

    def _release(self, interactor: Any, view_widget: Any) -> None:
        self._move(interactor, view_widget)
        prompt = self._prompt()
        self.cancel()
        if prompt is None:
            self._on_too_short()
        else:
            self._on_prompt(prompt)

    def _note(self, interactor: Any, view_widget: Any) -> None:
        x, y = interactor.GetEventPosition()
        if self._path_xy and self._path_xy[-1] == (x, y):
            return
        r, a, s = self._effect.xyToRas((x, y), view_widget)
        self._path_xy.append((x, y))
        self._path_ras_mm.append((r, a, s))

    def _draw(self) -> None:
        if self._trace is None:
            return
        if self.kind == "box":
            self._trace.draw(rectangle_of_drag(self._path_xy[0], self._path_xy[-1]))
        elif self.kind == "lasso":
            self._trace.draw([*self._path_xy, self._path_xy[0]])
        else:
            self._trace.draw(self._path_xy)

    def _prompt(self) -> Prompt | None:
        """Return the prompt that was drawn; None if it is too small to be one."""
        path, positive = self._path_ras_mm, self._drag_positive
        if self.kind == "point":
            return Point(path[0], positive)
        spans = np.ptp(np.array(self._path_xy), axis=0)
        slice_node = self._view_widget.sliceLogic().GetSliceNode()
        pixel_mm = _pixel_mm(slice_node)
        if self.kind == "scribble":
            return Scribble(tuple(thinned(path, pixel_mm)), positive)
        if spans.min() < _SHORTEST_DRAG_PIXELS:
            return None
        if self.kind == "lasso":
            corners = thinned(path, pixel_mm)
            return Lasso(tuple(corners), positive) if len(corners) >= 3 else None
        slice_mm = self._effect.scriptedEffect.sliceSpacing(self._view_widget)
        return box_of_drag(path[0], path[-1], numpy_matrix(slice_node.GetSliceToRAS()), slice_mm, positive)


def _has_command_key(interactor: Any) -> bool:
    return bool(interactor.GetControlKey() or interactor.GetAltKey())


def _pixel_mm(slice_node: Any) -> float:
    """Return the size of a view's pixel."""
    return float(np.linalg.norm(numpy_matrix(slice_node.GetXYToRAS())[:3, 0]))
