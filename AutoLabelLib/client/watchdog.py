"""Ends a worker that gives no sign of life, does not cancel, or makes no progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.client.limits import Limits
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, WorkerTimeout
from AutoLabelLib.core.job import Progress

_LONGEST_TURN_SECONDS = 0.25
_LONGEST_PING_SECONDS = 10.0


class Watchdog:
    """Looks at a worker and its jobs several times a second, on a thread of its own.

    Its time is the number of its turns: it stands still while the computer sleeps, or while this process gets no
    processor time.

    Args:
        limits: When to give the worker up.
        jobs: Returns the jobs that have not ended.
        is_alive: Returns whether the worker still runs.
        ping: Asks the worker for a sign of life.
        end: Ends the worker, and says why; None if it ended by itself.
    """

    def __init__(
        self,
        limits: Limits,
        jobs: Callable[[], Sequence[JobHandle]],
        is_alive: Callable[[], bool],
        ping: Callable[[], None],
        end: Callable[[AutoLabelError | None], None],
    ) -> None:
        self._limits = limits
        self._jobs = jobs
        self._is_alive = is_alive
        self._ping = ping
        self._end = end
        times = [limits.cancel_grace_seconds, limits.silence_seconds, limits.stall_seconds or float("inf")]
        self.turn_seconds = min(_LONGEST_TURN_SECONDS, *(seconds / 4 for seconds in times))
        self._ping_seconds = min(_LONGEST_PING_SECONDS, limits.silence_seconds / 4)
        self._now = self._heard_at = self._pinged_at = 0.0
        self._cancelled_at: dict[str, float] = {}
        self._progressed_at: dict[str, tuple[Progress, float]] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="autolabel-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def heard(self) -> None:
        """Take note of a sign of life."""
        self._heard_at = self._now

    def _watch(self) -> None:
        while not self._stopped.wait(self.turn_seconds) and self.turn():
            pass

    def turn(self) -> bool:
        """Look once; return whether to look again."""
        self._now += self.turn_seconds
        if self._now - self._pinged_at >= self._ping_seconds:
            self._pinged_at = self._now
            self._ping()
        verdict = self._verdict()
        if verdict is None and self._is_alive():
            return True
        self._end(verdict)
        return False

    def _verdict(self) -> AutoLabelError | None:
        """Return why the worker must be ended; None while all is well."""
        if self._now - self._heard_at > self._limits.silence_seconds:
            return WorkerTimeout(
                f"The worker gave no sign of life for {self._limits.silence_seconds:g} seconds and was ended.",
                "Try again; the next job starts a new one.",
            )
        for handle in self._jobs():
            if self._ignores_cancel(handle):
                return JobCancelled("The job did not stop by itself, so the worker was ended.")
            if self._stalls(handle):
                return WorkerTimeout(
                    f"The job made no progress for {self._limits.stall_seconds:g} seconds; the worker was ended.",
                    "Try again, with a smaller volume if it happens again.",
                )
        return None

    def _ignores_cancel(self, handle: JobHandle) -> bool:
        if not handle.cancel_requested:
            return False
        since = self._cancelled_at.setdefault(handle.id, self._now)
        return self._now - since > self._limits.cancel_grace_seconds

    def _stalls(self, handle: JobHandle) -> bool:
        progress = handle.progress
        if progress is None or self._limits.stall_seconds is None:
            return False
        latest, since = self._progressed_at.setdefault(handle.id, (progress, self._now))
        if progress is not latest:
            self._progressed_at[handle.id] = (progress, self._now)
            return False
        return self._now - since > self._limits.stall_seconds
