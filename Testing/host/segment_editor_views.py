"""What the Segment Editor hears from the views while an effect is in use."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from Testing.host import slots
from Testing.host.observing import end_with_host
from Testing.host.pythonqt import unwrap

_Command = vtk.vtkCommand
_BUTTONS = [
    f"{side}Button{what}Event" for side in ("Left", "Middle", "Right") for what in ("Press", "Release", "DoubleClick")
]
_EVENTS = (
    *_BUTTONS,
    "MouseMoveEvent",
    "MouseWheelForwardEvent",
    "MouseWheelBackwardEvent",
    "KeyPressEvent",
    "KeyReleaseEvent",
    "EnterEvent",
    "LeaveEvent",
)


class ViewObservations:
    """Observers of all views; what the effect in use takes, others do not get."""

    def __init__(self, editor: Any) -> None:
        self._editor = editor
        self._tags: list[tuple[Any, int]] = []
        end_with_host(self)

    def observe(self, segmentation: Any) -> None:
        """Observe the views in which a segmentation is shown."""
        self.clear()
        layout = unwrap(slicer.app.layoutManager())
        if layout is None:
            return
        widgets = [layout.sliceWidget(name) for name in layout.sliceViewNames()]
        shown = [(widget, widget.sliceView(), widget.mrmlSliceNode()) for widget in widgets]
        three_d = [layout.threeDWidget(index) for index in range(layout.threeDViewCount)]
        shown += [(widget, widget.threeDView(), widget.mrmlViewNode()) for widget in three_d]
        for widget, view, node in shown:
            if segmentation is None or not self._editor.logic.IsSegmentationDisplayableInView(node):
                continue
            for name in _EVENTS:
                self._observe(view.interactor(), getattr(_Command, name), widget, self._interaction)
            self._observe(node, _Command.ModifiedEvent, widget, self._view_node)

    def _observe(self, observed: Any, event: int, widget: Any, call: Any) -> None:
        tag: list[int] = []

        def callback(caller: Any, _name: str) -> None:
            scene, effect = self._editor.mrmlScene(), self._editor.activeEffect()
            if scene is None or scene.IsClosing() or effect is None:
                return
            if slots.guarded(call, effect, caller, event, widget):
                observed.GetCommand(tag[0]).AbortFlagOn()

        tag.append(observed.AddObserver(event, callback, 1.0))
        self._tags.append((observed, tag[0]))

    def _interaction(self, effect: Any, interactor: Any, event: int, widget: Any) -> bool:
        taken = effect.call("processInteractionEvents", interactor, event, widget, default=False)
        if not isinstance(taken, bool):
            raise TypeError("processInteractionEvents is expected to return a boolean")
        return taken

    def _view_node(self, effect: Any, node: Any, event: int, widget: Any) -> None:
        effect.call("processViewNodeEvents", node, event, widget)

    def clear(self) -> None:
        """Stop observing."""
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        self._tags.clear()
