"""How often a running job is heard."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest

from AutoLabelLib.core.errors import JobCancelled
from AutoLabelLib.core.job import Job, Progress
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Log, Progressed, Submit
from AutoLabelLib.worker import reports as module
from AutoLabelLib.worker.inbox import Ticket
from AutoLabelLib.worker.reports import Reports


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def client() -> Iterator[tuple[Channel, Reports, Ticket]]:
    ours, theirs = multiprocessing.Pipe()
    ticket = Ticket(Submit.from_job(Job("slow")))
    channel, worker_side = Channel(ours), Channel(theirs)
    yield channel, Reports(worker_side, ticket), ticket
    channel.close()
    worker_side.close()


def heard(channel: Channel) -> list[Progress]:
    progress = []
    while channel.wait(0.01):
        message = channel.receive()
        assert isinstance(message, Progressed)
        progress.append(message.progress)
    return progress


def test_a_flood_is_thinned_but_new_words_and_the_end_always_come(
    clock: Clock, client: tuple[Channel, Reports, Ticket]
) -> None:
    channel, reports, _ = client
    for step in range(100):
        reports.progress(Progress(step / 100, "reading"))
        clock.now += 0.001
    assert 2 <= len(heard(channel)) <= 5
    reports.progress(Progress(0.995, "writing"))
    reports.progress(Progress(1.0, "writing"))
    assert [progress.fraction for progress in heard(channel)] == [0.995, 1.0]


def test_a_job_that_only_asks_whether_it_is_cancelled_is_alive(
    clock: Clock, client: tuple[Channel, Reports, Ticket]
) -> None:
    channel, reports, ticket = client
    assert not reports.is_cancelled()
    assert heard(channel) == [Progress(0.0)]  # the job has begun
    reports.progress(Progress(0.5, "an epoch"))
    heard(channel)
    for _ in range(25):
        clock.now += 1.0
        reports.is_cancelled()
    assert heard(channel) == [Progress(0.5, "an epoch")] * 2
    ticket.cancelled.set()
    assert reports.is_cancelled()


def test_a_client_that_has_gone_ends_the_job(client: tuple[Channel, Reports, Ticket]) -> None:
    channel, reports, _ = client
    reports.log("a line")
    assert isinstance(channel.receive(), Log)
    channel.close()
    with pytest.raises(JobCancelled):
        reports.log("another")
