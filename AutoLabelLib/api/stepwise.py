"""Work in this process that goes on a little at each poll, so that a window stays free without a thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client.job_handle import JobHandle, State
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.core.job import Job, Progress, Result

Steps = Generator[Progress | str | None, None, dict[str, Any]]
"""Yields its progress, lines for the log, or None when it waits for something; returns what it found."""

_SECONDS_PER_POLL = 0.03  # short enough that nobody notices


class _Handle(JobHandle):
    """Takes the next steps whenever it is polled; closing the generator cancels it."""

    def __init__(self, name: str, steps: Steps) -> None:
        super().__init__(Job(name), lambda _: self._close())
        self._steps = steps
        self._is_stepping = False

    def _close(self) -> None:
        if not self._is_stepping:  # else a step let the user's click in: it ends after that step
            self._steps.close()
            self.finish(JobCancelled())

    def poll(self) -> State:
        """Take some steps, then tell what has happened."""
        if not self.is_finished and not self._is_stepping:
            self._take_steps()
        return super().poll()

    def _take_steps(self) -> None:
        until = time.monotonic() + _SECONDS_PER_POLL
        try:
            while time.monotonic() < until and not self.is_finished:
                news = self._step()
                if self.cancel_requested:
                    self._close()
                elif news is None:
                    return
                elif isinstance(news, Progress):
                    self.report_progress(news)
                else:
                    self.report_log(news)
        except StopIteration as end:
            self.finish(Result(self.id, values=end.value or {}))
        except AutoLabelError as error:
            self.finish(error)
        except BaseException:
            self.finish(AutoLabelError(f"Something unexpected ended the {self.job.task}."))
            raise

    def _step(self) -> Progress | str | None:
        self._is_stepping = True
        try:
            return next(self._steps)
        finally:
            self._is_stepping = False


def stepwise(name: str, steps: Steps, on_log: Callable[[str], None] | None = None) -> Pending[dict[str, Any]]:
    """Return work as a `Pending` that goes on whenever it is polled or waited for.

    Args:
        name: What it is, in one word.
        steps: The work.
        on_log: Gets each line for the log.
    """
    handle = _Handle(name, steps)
    if on_log is not None:
        handle.on_log(on_log)
    return Pending(handle, lambda result: dict(result.values))
