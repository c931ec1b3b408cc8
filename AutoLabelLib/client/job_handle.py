"""A submitted job, as its owner sees it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.core.job import Job, Progress, Result

State = Literal["queued", "running", "done", "failed", "cancelled"]

# A wait on Windows cannot be interrupted by Ctrl+C: wait in slices.
_SLICE_SECONDS = 0.2


class JobHandle:
    """Follows one job: its state, its progress, its result; and stops it.

    `state`, `progress` and `error` are up to date at any moment and from any thread. Callbacks run only in the thread
    that calls `poll` or `wait`, so that they may touch what belongs to that thread, such as the scene.

    Args:
        job: What was submitted.
        request_cancel: Tells the worker to stop it.
    """

    def __init__(self, job: Job, request_cancel: Callable[[JobHandle], None]) -> None:
        self.job = job
        self._request_cancel = request_cancel
        self._changed = threading.Condition()
        self._state: State = "queued"
        self._progress: Progress | None = None
        self._outcome: Result | AutoLabelError | None = None
        self._cancel_requested = False
        self._news: deque[Progress | str] = deque()  # not yet delivered to the callbacks
        self._progress_callbacks: list[Callable[[Progress], None]] = []
        self._log_callbacks: list[Callable[[str], None]] = []
        self._done_callbacks: deque[Callable[[JobHandle], None]] = deque()

    @property
    def id(self) -> str:
        """Identifier of the job."""
        return self.job.id

    @property
    def state(self) -> State:
        """One of "queued", "running", "done", "failed", "cancelled"."""
        return self._state

    @property
    def is_finished(self) -> bool:
        """Whether the job has ended, in whatever way."""
        return self._outcome is not None

    @property
    def progress(self) -> Progress | None:
        """The latest progress; None before the job has begun."""
        return self._progress

    @property
    def error(self) -> AutoLabelError | None:
        """Why it failed or was cancelled; None otherwise."""
        return self._outcome if isinstance(self._outcome, AutoLabelError) else None

    @property
    def cancel_requested(self) -> bool:
        """Whether its owner wants it to stop."""
        return self._cancel_requested

    def on_progress(self, callback: Callable[[Progress], None]) -> JobHandle:
        """Call back with each progress message that has not been delivered yet; return self."""
        self._progress_callbacks.append(callback)
        return self

    def on_log(self, callback: Callable[[str], None]) -> JobHandle:
        """Call back with each line that the job writes to the log, its warnings among them; return self."""
        self._log_callbacks.append(callback)
        return self

    def on_done(self, callback: Callable[[JobHandle], None]) -> JobHandle:
        """Call back once when the job has ended, in whatever way, even if it has ended already; return self."""
        self._done_callbacks.append(callback)
        return self

    def cancel(self) -> None:
        """Stop the job, within one tile of its computation; no harm if it has ended. `wait` raises JobCancelled."""
        with self._changed:
            if self._cancel_requested or self.is_finished:
                return
            self._cancel_requested = True
        self._request_cancel(self)

    def poll(self) -> State:
        """Run the callbacks for what has happened since the last call; return the state."""
        while (news := self._next_news()) is not None:
            if isinstance(news, Progress):
                for on_progress in tuple(self._progress_callbacks):
                    on_progress(news)
            else:
                for on_log in tuple(self._log_callbacks):
                    on_log(news)
        # Nothing follows the outcome: once it is there and the news were delivered, its turn has come.
        while self.is_finished and not self._news and (on_done := self._next_done_callback()):
            on_done(self)
        return self._state

    def _next_news(self) -> Progress | str | None:
        with self._changed:
            return self._news.popleft() if self._news else None

    def _next_done_callback(self) -> Callable[[JobHandle], None] | None:
        with self._changed:
            return self._done_callbacks.popleft() if self._done_callbacks else None

    @property
    def is_delivered(self) -> bool:
        """Whether the job has ended and every callback knows it."""
        return self.is_finished and not self._news and not self._done_callbacks

    def wait(self, timeout_seconds: float | None = None) -> Result:
        """Return the result when it is there; meanwhile run the callbacks.

        Args:
            timeout_seconds: Give up waiting after this time, while the job goes on; None waits for ever.

        Raises:
            AutoLabelError: Whatever ended the job.
            TimeoutError: If it is not done in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            self.poll()
            if self.is_finished and not self._news:
                return self._result()
            left = _SLICE_SECONDS if deadline is None else min(_SLICE_SECONDS, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"The job is still {self._state} after {timeout_seconds:g} seconds.")
            with self._changed:
                self._changed.wait_for(lambda: self._news or self.is_finished, left)

    def _result(self) -> Result:
        if isinstance(self._outcome, Result):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome

    # What follows is for the session, on its own threads.

    def report_progress(self, progress: Progress) -> None:
        """Take note that the job runs, and how far it is."""
        with self._changed:
            if not self.is_finished:
                self._state = "running"
                self._progress = progress
                self._news.append(progress)
                self._changed.notify_all()

    def report_log(self, line: str) -> None:
        """Take note of a line of its log."""
        with self._changed:
            if not self.is_finished:
                self._news.append(line)
                self._changed.notify_all()

    def finish(self, outcome: Result | AutoLabelError) -> None:
        """Take note of the end; only the first one counts."""
        with self._changed:
            if self.is_finished:
                return
            if isinstance(outcome, Result):
                self._state = "done"
            else:
                self._state = "cancelled" if isinstance(outcome, JobCancelled) else "failed"
            self._outcome = outcome  # last: whoever sees it finished sees the right state
            self._changed.notify_all()
