"""The job of the panel Segment: begun, dropped when its nodes go, announced when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, MissingDependency
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.nodes_in_use import NodesInUse
from AutoLabelLib.gui.segment_words import done_text
from AutoLabelLib.gui.shared import Shared


class SegmentJob:
    """Segments a volume in the background, and tells in the status row what came of it.

    Args:
        shared: What the panels share.
        on_written: Gets the segmentation node that the segments were written to.
    """

    def __init__(self, shared: Shared, on_written: Callable[[Any], None]) -> None:
        self._shared = shared
        self._on_written = on_written
        self._started = 0.0
        self._in_use: NodesInUse | None = None

    def start(self, volume_node: Any, model: str, **choices: Any) -> None:
        """Begin.

        Args:
            volume_node: What is segmented.
            model: Name of the model.
            **choices: Of `AutoLabelLib.segment`, such as roi and segmentation.
        """
        self._started = time.monotonic()
        self._shared.report("")
        pending = self._shared.runner.start(
            lambda: self._shared.logic.segment(volume_node, model, wait=False, **choices),
            what=_("Segmenting {volume}").format(volume=volume_node.GetName()),
            on_done=self._done,
            on_failed=self._failed,
        )
        if pending is not None:
            self._in_use = NodesInUse((volume_node, choices.get("segmentation")), self._node_deleted)

    def release(self) -> None:
        """Let go of the nodes."""
        if self._in_use is not None:
            self._in_use.release()
            self._in_use = None

    def _node_deleted(self, name: str) -> None:
        with reported(self._shared.report):
            runner = self._shared.runner
            runner.drop(_("{what} was stopped, because “{name}” was deleted.").format(what=runner.what, name=name))

    def _done(self, segmentation_node: Any, pending: Any) -> None:
        self.release()
        seconds = time.monotonic() - self._started
        text = done_text(segmentation_node, pending.handle.id, seconds, pending.warnings)
        self._on_written(segmentation_node)
        self._shared.announce(text, segmentation_node)

    def _failed(self, error: AutoLabelError) -> None:
        self.release()
        if isinstance(error, JobCancelled):
            self._shared.report(_("Cancelled: nothing was written."))
        elif isinstance(error, MissingDependency):
            self._shared.report(f"{error.message} {_('Open the panel Setup, which installs it.')}")
        else:
            self._shared.report(str(error))
