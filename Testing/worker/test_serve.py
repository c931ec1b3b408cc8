"""The worker's loop, spoken to message by message, without the client."""

from __future__ import annotations

import functools
import multiprocessing
import random
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import (
    AutoLabelError,
    FileError,
    InputError,
    JobCancelled,
    MissingDependency,
    OutOfMemory,
    ProtocolError,
    WorkerError,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import (
    Cancel,
    Done,
    Failed,
    Hello,
    ImageData,
    Log,
    Message,
    NeedImages,
    Ping,
    Pong,
    Progressed,
    Shutdown,
    Submit,
    to_frame,
)
from AutoLabelLib.worker.residency import ResidentImages
from AutoLabelLib.worker.serve import serve
from Testing.grids import lopsided
from Testing.protocol.examples import MESSAGES, RESULT
from Testing.worker.faulty_worker import TASKS

_PATIENCE_SECONDS = 30.0


class Peer:
    """A client that speaks by hand to a loop on a thread."""

    def __init__(self, **options: Any) -> None:
        ours, theirs = multiprocessing.Pipe()
        self.raw: Connection = ours
        self.channel = Channel(ours)
        self.closed = threading.Event()
        loop = functools.partial(serve, tasks=TASKS, on_close=self.closed.set, **options)
        self.thread = threading.Thread(target=loop, args=(Channel(theirs),), daemon=True)
        self.thread.start()

    def hear(self, kind: type[Message]) -> Any:
        """Return the next message, which must be of a kind; progress is skipped unless it is asked for."""
        while True:
            assert self.channel.wait(_PATIENCE_SECONDS), f"no {kind.__name__} came"
            message = self.channel.receive()
            if isinstance(message, kind):
                return message
            assert isinstance(message, Progressed | Log), message

    def ask(self, *messages: Message) -> None:
        for message in messages:
            self.channel.send(message)

    def outcome(self, task: str, **options: Any) -> Any:
        """Run a task without images to its end and return the last message."""
        job = Job(task, options=options)
        self.ask(Submit.from_job(job))
        while not isinstance(message := self.channel.receive(), Done | Failed):
            pass
        return message

    def has_ended(self) -> bool:
        self.thread.join(_PATIENCE_SECONDS)
        return not self.thread.is_alive()


@pytest.fixture
def stranger() -> Iterator[Peer]:
    """A loop that still waits for the client's hello."""
    peer = Peer()
    yield peer
    peer.channel.close()
    assert peer.has_ended()


@pytest.fixture
def peer(stranger: Peer) -> Peer:
    """A loop that has been greeted."""
    hello = stranger.hear(Hello)
    hello.check_version()
    assert set(hello.versions) == {"autolabel", "python"}
    stranger.ask(Hello(1))
    return stranger


def image(seed: int = 0) -> Image:
    return Image(lopsided((2, 3, 4 + seed))[None], np.eye(4), "CT")


def test_a_job_runs_with_its_image_and_what_the_context_knows(peer: Peer) -> None:
    job = Job("echo", images=(image(), image()))
    peer.ask(Submit.from_job(job))
    assert peer.hear(NeedImages).fingerprints == (job.images[0].fingerprint,)
    peer.ask(ImageData(job.images[0].fingerprint, job.images[0]))
    assert peer.hear(Progressed).progress.fraction == 0.0
    assert peer.hear(Log).line == "a warning"
    result = peer.hear(Done).result
    assert result.job_id == job.id
    assert result.warnings == ("a warning",)
    assert set(result.phase_seconds) == {"network"}
    assert result.provenance["task"] == "echo"
    assert len(result.images) == 2
    np.testing.assert_array_equal(result.images[1].array, job.images[1].array)


def test_an_image_is_asked_for_once_while_it_is_resident(peer: Peer) -> None:
    first, second = Job("echo", images=(image(),)), Job("echo", images=(image(), image(1)))
    peer.ask(Submit.from_job(first), Submit.from_job(second))  # the second before the first has its image
    assert peer.hear(NeedImages).fingerprints == (image().fingerprint,)
    assert peer.hear(NeedImages).fingerprints == (image(1).fingerprint,)
    peer.ask(ImageData(image(1).fingerprint, image(1)), ImageData(image().fingerprint, image()))
    assert [peer.hear(Done).result.job_id for _ in range(2)] == [first.id, second.id]
    peer.ask(Submit.from_job(Job("echo", images=(image(1), image()))))
    while not isinstance(message := peer.channel.receive(), Done):
        assert not isinstance(message, NeedImages)


def test_an_image_that_had_to_leave_is_asked_for_again() -> None:
    peer = Peer(images=ResidentImages(budget_bytes=1))
    peer.hear(Hello)
    peer.ask(Hello(1))
    for wanted in (image(), image(1), image()):
        peer.ask(Submit.from_job(Job("echo", images=(wanted,))))
        assert peer.hear(NeedImages).fingerprints == (wanted.fingerprint,)
        peer.ask(ImageData(wanted.fingerprint, wanted))
        peer.hear(Done)
    peer.channel.close()
    assert peer.has_ended()


@pytest.mark.parametrize(
    ("kind", "error_class", "words"),
    [
        ("input", InputError, "The input is wrong."),
        ("value", WorkerError, "ValueError"),
        ("memory", OutOfMemory, "memory"),
        ("torch", OutOfMemory, "memory"),
        ("module", MissingDependency, '"torch" is not installed'),
        ("eof", WorkerError, "EOFError"),
        ("disk", FileError, "No space left on device"),
        ("exit", WorkerError, "SystemExit"),
    ],
)
def test_every_exception_becomes_a_readable_error(
    peer: Peer, kind: str, error_class: type[AutoLabelError], words: str
) -> None:
    error: AutoLabelError = peer.outcome("fail", kind=kind).error
    assert type(error) is error_class
    assert words in error.message
    assert error.hint
    assert "Miller" not in str(error)
    assert isinstance(peer.outcome("slow", steps=1), Done)  # and the loop goes on


def test_a_task_that_is_not_there(peer: Peer) -> None:
    error = peer.outcome("os.system").error
    assert isinstance(error, InputError)
    assert "os.system" in error.message


def test_a_result_that_cannot_be_sent(peer: Peer) -> None:
    error = peer.outcome("unsendable").error
    assert isinstance(error, ProtocolError)


def test_it_answers_while_it_computes(peer: Peer) -> None:
    job = Job("slow", options={"steps": 10_000})
    peer.ask(Submit.from_job(job))
    peer.hear(Progressed)
    peer.ask(Ping())
    peer.hear(Pong)
    peer.ask(Cancel(job.id))
    assert isinstance(peer.hear(Failed).error, JobCancelled)


def test_a_job_is_cancelled_before_it_begins(peer: Peer) -> None:
    first, second = Job("slow", options={"steps": 10_000}), Job("echo")
    peer.ask(Submit.from_job(first), Submit.from_job(second), Cancel(second.id), Cancel("unknown"))
    failed = peer.hear(Failed)
    assert (failed.job_id, type(failed.error)) == (second.id, JobCancelled)
    peer.ask(Cancel(first.id))
    assert peer.hear(Failed).job_id == first.id


def test_a_cancelled_job_does_not_keep_others_from_their_image(peer: Peer) -> None:
    first, second = Job("echo", images=(image(),)), Job("echo", images=(image(),))
    peer.ask(Submit.from_job(first))
    peer.hear(NeedImages)
    peer.ask(Cancel(first.id))
    peer.hear(Failed)
    peer.ask(Submit.from_job(second))
    assert peer.hear(NeedImages).fingerprints == (image().fingerprint,)
    peer.ask(ImageData(image().fingerprint, image()))
    assert peer.hear(Done).result.job_id == second.id


def test_broken_frames_and_foreign_messages_are_answered_and_survived(peer: Peer) -> None:
    rng = random.Random(4)
    whole = b"".join(to_frame(MESSAGES[1]))
    for _ in range(2000):
        broken = rng.randbytes(rng.randrange(40)) if rng.random() < 0.5 else whole[: rng.randrange(len(whole))]
        peer.raw.send_bytes(broken)
        failed = peer.hear(Failed)
        assert (failed.job_id, type(failed.error)) == ("", ProtocolError)
    peer.ask(Done(RESULT))
    assert isinstance(peer.hear(Failed).error, ProtocolError)
    assert isinstance(peer.outcome("slow", steps=1), Done)


def test_a_client_of_another_version_is_turned_away(stranger: Peer) -> None:
    stranger.hear(Hello)
    stranger.ask(Hello(1, protocol_version=99))
    assert "version 99" in stranger.hear(Failed).error.message
    assert stranger.has_ended()


def test_a_client_that_does_not_greet_is_turned_away(stranger: Peer) -> None:
    stranger.hear(Hello)
    stranger.ask(Ping())
    assert isinstance(stranger.hear(Failed).error, ProtocolError)
    assert stranger.has_ended()


@pytest.mark.parametrize("goodbye", [Shutdown(), None])
def test_it_ends_in_the_middle_of_a_job_when_the_client_goes(peer: Peer, goodbye: Message | None) -> None:
    peer.ask(Submit.from_job(Job("slow", options={"steps": 10_000})), Submit.from_job(Job("echo")))
    peer.hear(Progressed)
    if goodbye is None:
        peer.channel.close()
    else:
        peer.ask(goodbye)
    assert peer.closed.wait(_PATIENCE_SECONDS)
    assert peer.has_ended()
