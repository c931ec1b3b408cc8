"""One verb at a time, without blocking the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.errors import AutoLabelError, InputError
from AutoLabelLib.core.job import Progress
from AutoLabelLib.gui.errors import as_error

_POLL_MILLISECONDS = 50

OnDone = Callable[[Any, Pending[Any]], None]
OnFailed = Callable[[AutoLabelError], None]
OnProgress = Callable[[Progress], None]


class JobDropped(AutoLabelError):
    """A job was ended because its result would be of no use."""


class Runner:
    """Starts a verb, follows it on the main thread, and says how it ended; refuses a second one meanwhile.

    Of the three callbacks, only `on_progress` is called more than once, and either `on_done` or `on_failed` is the
    last. What they raise is logged.
    """

    def __init__(self) -> None:
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.connect("timeout()", self._poll)
        self._watchers: list[Callable[[], None]] = []
        self._is_polling = False
        self._forget()

    def _forget(self) -> None:
        self._pending: Pending[Any] | None = None
        self._what = ""
        self._for_scene = False
        self._on_done: OnDone | None = None
        self._on_failed: OnFailed | None = None
        self._progress: Progress | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._pending is not None

    @property
    def what(self) -> str:
        """What the job that runs is about, in plain words; "" while none does."""
        return self._what

    @property
    def progress(self) -> Progress | None:
        """How far the job is; None while nobody knows."""
        return self._progress

    @property
    def is_cancelling(self) -> bool:
        """Whether the job was told to stop, and has not stopped yet."""
        return self._pending is not None and self._pending.handle.cancel_requested

    def watch(self, on_change: Callable[[], None]) -> None:
        """Call back whenever a job starts, advances, is cancelled or ends: for what shows the state of the module."""
        self._watchers.append(on_change)

    def start(
        self,
        begin: Callable[[], Pending[Any]],
        *,
        what: str,
        on_done: OnDone,
        on_failed: OnFailed,
        on_progress: OnProgress | None = None,
        for_scene: bool = True,
    ) -> Pending[Any] | None:
        """Begin a job and return it; None if it cannot begin, which `on_failed` is told.

        Args:
            begin: Submits the job, such as a verb with wait=False.
            what: What it does, in plain words, for the status row: "Segmenting CTChest".
            on_done: Gets the verb's output and the job, when it has ended well.
            on_failed: Gets the error, when it has not; a `JobCancelled` if it was stopped.
            on_progress: Gets each progress message.
            for_scene: Whether its result goes into the scene, so that it is of no use once that is closed.
        """
        if self.busy:
            busy = _("{what} is not finished yet.").format(what=self._what)
            on_failed(InputError(busy, _("Wait for it, or cancel it first.")))
            return None
        try:
            pending = begin()
        except Exception as problem:
            on_failed(as_error(problem))
            return None
        self._pending, self._what, self._for_scene = pending, what, for_scene
        self._on_done, self._on_failed = on_done, on_failed
        pending.handle.on_progress(self._note_progress)  # of the handle, which only our own timer polls
        if on_progress is not None:
            pending.handle.on_progress(on_progress)
        self._timer.start()
        self._tell()
        return pending

    def cancel(self) -> None:
        """Stop the job that runs, if one does; it ends soon after, with `on_failed`."""
        if self._pending is not None:
            self._pending.cancel()
            self._tell()

    def scene_closed(self) -> bool:
        """Drop the job if its result was for the scene, and return whether there was one."""
        if not self._for_scene:
            return False
        gone = _("The scene was closed: {what} was stopped, and its result was dropped.")
        return self.drop(gone.format(what=self._what))

    def drop(self, why: str) -> bool:
        """Cancel the job that runs and forget its result at once; return whether there was one.

        Args:
            why: One sentence for `on_failed`.
        """
        if self._pending is None:
            return False
        error = JobDropped(why)
        self._pending.cancel()
        self._conclude(lambda: self._fail(error))
        return True

    def stop(self) -> None:
        """Cancel and forget everything: from now on no callback is called; for a panel that goes away."""
        self._timer.stop()
        self._watchers.clear()
        pending = self._pending
        self._forget()
        if pending is not None:
            pending.cancel()

    def _note_progress(self, progress: Progress) -> None:
        self._progress = progress

    def _poll(self) -> None:
        if self._is_polling or self._pending is None:
            return  # a callback opened a dialog, whose event loop brought the timer here again
        self._is_polling = True
        try:
            self._follow(self._pending)
        except Exception as problem:  # the border to Qt: nothing may pass
            as_error(problem)
        finally:
            self._is_polling = False

    def _follow(self, pending: Pending[Any]) -> None:
        default_worker().poll()
        pending.handle.poll()
        if self._pending is not pending:
            return  # a callback stopped us
        if not pending.handle.is_finished:
            self._tell()
            return
        try:
            output = pending.wait(0)
        except Exception as problem:
            error = as_error(problem)
            self._conclude(lambda: self._fail(error))
        else:
            self._conclude(lambda: self._on_done(output, pending) if self._on_done else None)

    def _fail(self, error: AutoLabelError) -> None:
        if self._on_failed is not None:
            self._on_failed(error)

    def _conclude(self, tell_owner: Callable[[], None]) -> None:
        """Be free for the next job, then say how this one ended."""
        self._timer.stop()
        on_done, on_failed = self._on_done, self._on_failed
        self._forget()
        self._on_done, self._on_failed = on_done, on_failed
        try:
            tell_owner()
        finally:
            if not self.busy:  # the owner may have started another one
                self._on_done = self._on_failed = None
            self._tell()

    def _tell(self) -> None:
        for on_change in tuple(self._watchers):
            on_change()
