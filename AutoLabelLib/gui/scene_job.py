"""A panel's job for the scene: begun, dropped when a node that it is for goes, and its end told in the status row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, MissingDependency
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.nodes_in_use import NodesInUse
from AutoLabelLib.gui.shared import Shared


class SceneJob:
    """Runs a verb in the background whose result goes into the scene.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._in_use: NodesInUse | None = None

    def start(
        self,
        begin: Callable[[], Pending[Any]],
        *,
        what: str,
        nodes: Iterable[Any],
        on_done: Callable[[Any, Pending[Any], float], None],
    ) -> bool:
        """Begin, and return whether that went well; why not is said in the status row.

        Args:
            begin: Submits the job: a verb with wait=False.
            what: What it does, in plain words: "Segmenting CTChest".
            nodes: What it is for; when one of them is deleted, the job is of no use. None among them is left out.
            on_done: Gets the verb's output, the job, and its duration in seconds.
        """
        started = time.monotonic()

        def done(output: Any, pending: Pending[Any]) -> None:
            self.release()
            on_done(output, pending, time.monotonic() - started)

        self._shared.report("")
        pending = self._shared.runner.start(begin, what=what, on_done=done, on_failed=self._failed)
        if pending is not None:
            self._in_use = NodesInUse(nodes, self._node_deleted)
        return pending is not None

    def release(self) -> None:
        """Let go of the nodes."""
        if self._in_use is not None:
            self._in_use.release()
            self._in_use = None

    def _node_deleted(self, name: str) -> None:
        with reported(self._shared.report):
            runner = self._shared.runner
            runner.drop(_("{what} was stopped, because “{name}” was deleted.").format(what=runner.what, name=name))

    def _failed(self, error: AutoLabelError) -> None:
        self.release()
        if isinstance(error, JobCancelled):
            self._shared.report(_("Cancelled: nothing was written."))
        elif isinstance(error, MissingDependency):
            self._shared.report(f"{error.message} {_('Open the panel Setup, which installs it.')}")
        else:
            self._shared.report(str(error))
