"""A verb that is still running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from AutoLabelLib.api import event_loop
from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.core.job import Progress, Result

Output = TypeVar("Output")


class Pending(Generic[Output]):
    """A job on its way, and what becomes of its result.

    Progress and the result are delivered in the thread that polls or calls `wait`: inside Slicer its event loop
    polls, in a script `wait` does.

    Args:
        handle: The submitted job.
        finish: Turns the worker's result into what the caller gets; runs once, in the caller's thread.
        remarks: What the caller should know beside the worker's warnings, one sentence each.
        adapt: Makes the worker's result one for what the caller gave, before anything else sees it.
    """

    def __init__(
        self,
        handle: JobHandle,
        finish: Callable[[Result], Output],
        remarks: tuple[str, ...] = (),
        adapt: Callable[[Result], Result] | None = None,
    ) -> None:
        self.handle = handle
        self.result: Result | None = None
        self._finish = finish
        self._remarks = remarks
        self._adapt = adapt
        self._output: Output | None = None

    @property
    def state(self) -> str:
        """One of "queued", "running", "done", "failed", "cancelled"."""
        return self.handle.state

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the caller should know, one sentence each; complete when the job is done."""
        return self._remarks + (self.result.warnings if self.result is not None else ())

    def on_progress(self, callback: Callable[[Progress], None]) -> Pending[Output]:
        """Call back with each progress message, in Slicer as soon as it is idle; return self."""
        self.handle.on_progress(callback)
        event_loop.follow(self.handle)
        return self

    def handed_over(self, wait: bool, on_progress: Callable[[Progress], None] | None = None) -> Any:
        """Return what a verb gives its caller: the output, if the caller waits for it, else the pending job itself.

        Args:
            wait: Whether the caller waits.
            on_progress: Called with each progress message; None for nobody.
        """
        if on_progress is not None:
            self.on_progress(on_progress)
        return self.wait() if wait else self

    def cancel(self) -> None:
        """Stop the job; `wait` then raises JobCancelled."""
        self.handle.cancel()

    def wait(self, timeout_seconds: float | None = None) -> Output:
        """Return the output when it is there.

        Args:
            timeout_seconds: Give up waiting after this time (the job goes on); None waits for ever.

        Raises:
            AutoLabelError: Whatever ended the job.
            TimeoutError: If it is not done in time.
        """
        if self.result is None:
            result = self.handle.wait(timeout_seconds)
            if self._adapt is not None:
                result = self._adapt(result)
            self._output = self._finish(result)
            self.result = result
        return self._output  # type: ignore[return-value]
