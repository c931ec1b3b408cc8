"""A segment that lights up for a moment, so that the eye finds it."""

from __future__ import annotations

from typing import Any

import qt
import slicer

_MILLISECONDS = 160
_TIMES = 6  # on and off, three times


class SegmentFlash:
    """Lights up one segment at a time; how it was shown comes back, since the scene may be saved meanwhile."""

    def __init__(self) -> None:
        self._timer = qt.QTimer()
        self._timer.setInterval(_MILLISECONDS)
        self._timer.connect("timeout()", self._tick)
        self._left = 0
        self._display_id = self._segment_id = ""
        self._opacity = (1.0, 1.0)

    def start(self, segmentation_node: Any, segment_id: str) -> None:
        """Show a segment, also if it was hidden, and let it flash."""
        self.stop()
        display_node = segmentation_node.GetDisplayNode()
        if display_node is None:
            return
        segmentation_node.SetDisplayVisibility(True)
        display_node.SetSegmentVisibility(segment_id, True)
        self._display_id, self._segment_id = display_node.GetID(), segment_id
        self._opacity = (display_node.GetSegmentOpacity2DFill(segment_id), display_node.GetSegmentOpacity3D(segment_id))
        self._left = _TIMES
        self._tick()
        self._timer.start()

    def stop(self) -> None:
        """Let the segment be shown as before."""
        self._timer.stop()
        display_node = self._display_node()
        if display_node is not None:
            self._show(display_node, *self._opacity)
        self._display_id = self._segment_id = ""

    def _tick(self) -> None:
        display_node = self._display_node()
        if self._left <= 0 or display_node is None:
            self.stop()
            return
        fill, surface = self._opacity
        is_lit = self._left % 2 == 0
        self._show(display_node, 0.0 if is_lit else fill, surface / 4 if is_lit else surface)
        self._left -= 1

    def _show(self, display_node: Any, fill: float, surface: float) -> None:
        display_node.SetSegmentOpacity2DFill(self._segment_id, fill)
        display_node.SetSegmentOpacity3D(self._segment_id, surface)

    def _display_node(self) -> Any:
        return slicer.mrmlScene.GetNodeByID(self._display_id) if self._display_id else None
