"""Notices when somebody else changes a segmentation, such as Slicer's undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import qt

from AutoLabelLib.scene.nodes import Node


class SegmentationWatch:
    """Calls back after changes to a segmentation: once for all that belong together, when they are complete.

    Args:
        on_change: Called from Qt's event loop.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)  # an undo changes one segment after the other: look when it is over
        self._timer.connect("timeout()", on_change)
        self._observed: Any = None
        self._tags: list[int] = []
        self._is_paused = False

    def follow(self, segmentation_node: Node) -> None:
        """Watch a segmentation in place of the one before."""
        self.stop()
        self._observed = segmentation = segmentation_node.GetSegmentation()
        events = (
            segmentation.SourceRepresentationModified,
            segmentation.SegmentModified,
            segmentation.SegmentRemoved,
            segmentation.ContainedRepresentationNamesModified,
        )
        self._tags = [segmentation.AddObserver(event, self._changed) for event in events]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Overlook the changes that a block makes."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False

    def stop(self) -> None:
        """Watch nothing."""
        self._timer.stop()
        for tag in self._tags:
            self._observed.RemoveObserver(tag)
        self._observed, self._tags = None, []

    def _changed(self, caller: Any, event: str) -> None:
        if not self._is_paused:
            self._timer.start()
