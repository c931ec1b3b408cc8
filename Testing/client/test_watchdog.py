"""When a worker is given up, turn by turn."""

from __future__ import annotations

from AutoLabelLib.client import JobHandle, Limits
from AutoLabelLib.client.watchdog import Watchdog
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, WorkerTimeout
from AutoLabelLib.core.job import Job, Progress

LIMITS = Limits(cancel_grace_seconds=10, silence_seconds=120, stall_seconds=1800)


class Watched:
    """A watchdog whose turns the test takes, and what it did."""

    def __init__(self) -> None:
        self.jobs: list[JobHandle] = []
        self.alive = True
        self.pings = 0
        self.ends: list[AutoLabelError | None] = []
        self.dog = Watchdog(LIMITS, lambda: self.jobs, lambda: self.alive, self.ping, self.ends.append)

    def ping(self) -> None:
        self.pings += 1

    def pass_seconds(self, seconds: float, *, answers: bool = True) -> None:
        """Take the turns of so many seconds, or fewer if the worker is ended."""
        for _ in range(round(seconds / self.dog.turn_seconds)):
            if answers:
                self.dog.heard()
            if not self.dog.turn():
                return


def handle() -> JobHandle:
    return JobHandle(Job("slow"), lambda handle: None)


def test_a_worker_that_answers_is_left_alone() -> None:
    watched = Watched()
    watched.jobs = [handle()]  # waiting, for as long as it takes
    watched.pass_seconds(7200)
    assert watched.ends == []
    assert watched.pings == 720


def test_silence_ends_it() -> None:
    watched = Watched()
    watched.pass_seconds(119, answers=False)
    assert watched.ends == []
    watched.pass_seconds(2, answers=False)
    assert isinstance(watched.ends[0], WorkerTimeout)


def test_a_job_without_progress_ends_it_and_progress_does_not() -> None:
    watched, job = Watched(), handle()
    watched.jobs = [job]
    for step in range(3):
        job.report_progress(Progress(step / 10))
        watched.pass_seconds(1700)
    assert watched.ends == []
    watched.pass_seconds(200)
    assert isinstance(watched.ends[0], WorkerTimeout)


def test_a_job_that_does_not_cancel_ends_it() -> None:
    watched, job = Watched(), handle()
    watched.jobs = [job]
    job.report_progress(Progress(0.5))
    job.cancel()
    watched.pass_seconds(9)
    assert watched.ends == []
    watched.pass_seconds(2)
    assert isinstance(watched.ends[0], JobCancelled)


def test_a_worker_that_died_is_cleared_away_without_a_verdict() -> None:
    watched = Watched()
    watched.alive = False
    watched.pass_seconds(1)
    assert watched.ends == [None]
