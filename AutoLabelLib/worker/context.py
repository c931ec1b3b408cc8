"""What a task may say and ask while it runs: progress, warnings, phases, and whether it shall stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from AutoLabelLib.core.errors import JobCancelled
from AutoLabelLib.core.job import Progress


class TaskContext:
    """The link between one running job and whoever waits for it.

    A task is a module in worker/tasks with `run(job: Job, context: TaskContext) -> Result`. It calls
    `progress` at least once per sliding-window tile or epoch; that call is also where a cancelled job ends.

    Args:
        send_progress: Receives each progress message.
        is_cancelled: Returns whether the user has stopped the job.
        send_log: Receives a line for the log; never patient data.
    """

    def __init__(
        self,
        send_progress: Callable[[Progress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        send_log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._send_progress = send_progress
        self._is_cancelled = is_cancelled
        self._send_log = send_log
        self._started = time.monotonic()
        self._paced_from: tuple[float, float] | None = None  # (seconds, fraction) where the steady part began
        self.warnings: list[str] = []
        self.phase_seconds: dict[str, float] = {}

    def progress(self, fraction: float, message: str = "") -> None:
        """Report how far the job is (0 to 1), with an estimate of the rest; raise JobCancelled if it shall stop."""
        self.check_cancelled()
        now = time.monotonic() - self._started
        if self._paced_from is None:
            self._paced_from = (now, fraction)
        self._send_progress(Progress(min(1.0, max(0.0, fraction)), message, self._eta_seconds(now, fraction)))

    def _eta_seconds(self, now: float, fraction: float) -> float | None:
        assert self._paced_from is not None
        first_seconds, first_fraction = self._paced_from
        done = fraction - first_fraction
        return (now - first_seconds) / done * (1.0 - fraction) if done > 0 else None

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the user has stopped the job."""
        if self._is_cancelled():
            raise JobCancelled()

    def warn(self, message: str) -> None:
        """Add one sentence to the result's warnings, and to the log."""
        self.warnings.append(message)
        self._send_log(message)

    def log(self, line: str) -> None:
        """Write a line to the log; never patient data."""
        self._send_log(line)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the work; parts of the same name add up."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.phase_seconds[name] = self.phase_seconds.get(name, 0.0) + time.monotonic() - started

    def part(self, number: int, count: int) -> TaskContext:
        """Return a context whose whole is one of several equal parts of this one; a stopped job ends in it, too.

        Args:
            number: Of the part, from 0.
            count: Number of parts.
        """

        def is_cancelled() -> bool:
            self.check_cancelled()
            return False

        part = TaskContext(
            lambda progress: self.progress((number + progress.fraction) / count, progress.message),
            is_cancelled,
            self.log,
        )
        part.warnings, part.phase_seconds = self.warnings, self.phase_seconds
        return part
