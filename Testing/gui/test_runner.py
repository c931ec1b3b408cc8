"""The runner: one job at a time, told on the main thread, ended cleanly in every way; with a real worker process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import Worker, set_default_worker
from AutoLabelLib.core.errors import AutoLabelError, InputError, JobCancelled
from AutoLabelLib.core.job import Job, Progress, Result
from Testing.client.conftest import process


@pytest.fixture(scope="module")
def process_worker() -> Iterator[Worker]:
    """A process with tasks that misbehave; warm, and shared by the tests of this file."""
    with Worker(process()) as worker:
        set_default_worker(worker)
        yield worker
    set_default_worker(Worker())


class Story:
    """What a runner told, in order."""

    def __init__(self, host: Any, worker: Worker) -> None:
        from AutoLabelLib.gui.runner import Runner

        self.host, self.worker, self.runner = host, worker, Runner()
        self.told: list[Any] = []

    def start(self, task: str, finish: Callable[[Result], Any] = lambda result: result.values, **options: Any) -> Any:
        """Start a task of the worker."""
        return self.runner.start(
            lambda: Pending(self.worker.submit(Job(task, options=options)), finish),
            what=f"Task {task}",
            on_done=lambda output, pending: self.told.append(output),
            on_failed=self.told.append,
        )

    def wait(self) -> Any:
        """Wait for the end; return what was told."""
        self.host.wait_until(lambda: not self.runner.busy)
        return self.told[-1]


@pytest.fixture
def story(host: Any, process_worker: Worker) -> Iterator[Story]:
    story = Story(host, process_worker)
    yield story
    story.runner.stop()


def test_a_job_is_followed_on_the_main_thread(story: Story) -> None:
    seen: list[tuple[Progress, Any]] = []
    pending = story.start("slow", steps=20)
    pending.on_progress(lambda progress: seen.append((progress, threading.current_thread())))
    assert story.runner.busy
    assert story.runner.what == "Task slow"
    story.wait()
    assert {thread for _, thread in seen} == {threading.main_thread()}
    assert story.runner.progress is None
    assert len(story.told) == 1


def test_an_error_is_told_once(story: Story) -> None:
    story.start("fail", kind="input")
    assert str(story.wait()) == "The input is wrong. Take another."
    assert len(story.told) == 1


def test_a_crash_of_the_worker_is_one_sentence_and_the_next_job_runs(story: Story) -> None:
    story.start("crash")
    error = story.wait()
    assert isinstance(error, AutoLabelError)
    assert error.message.startswith("The worker")
    story.start("slow", steps=2)
    assert story.wait() == {}


def test_cancelling_is_told_as_such(story: Story) -> None:
    story.start("slow", steps=10000)
    story.host.wait_until(lambda: story.runner.progress is not None)
    story.runner.cancel()
    assert story.runner.is_cancelling
    assert isinstance(story.wait(), JobCancelled)
    story.runner.cancel()  # nothing runs: no harm


def test_a_stopped_runner_never_calls_back(story: Story) -> None:
    changes: list[int] = []
    story.runner.watch(lambda: changes.append(1))
    pending = story.start("slow", steps=10000)
    story.host.wait_until(lambda: story.runner.progress is not None)
    story.runner.stop()
    count = len(changes)
    story.host.wait_until(lambda: pending.state == "cancelled")
    story.host.process_events(0.2)
    assert story.told == []
    assert len(changes) == count
    assert not story.runner.busy


def test_what_cannot_begin_is_told(story: Story) -> None:
    def begin() -> Any:
        raise InputError("No volume.", "Choose one.")

    started = story.runner.start(
        begin, what="Nothing", on_done=lambda *_: story.told.append("done"), on_failed=story.told.append
    )
    assert started is None
    assert [str(told) for told in story.told] == ["No volume. Choose one."]
    assert not story.runner.busy


def test_a_bug_in_the_end_of_a_job_is_one_sentence_and_leaves_the_runner_free(story: Story) -> None:
    def finish(result: Result) -> Any:
        raise ZeroDivisionError("bug")

    story.start("slow", finish, steps=1)
    assert "unexpected" in str(story.wait())
    story.start("slow", steps=1)
    assert story.wait() == {}


def test_the_end_of_a_job_may_start_the_next_one(story: Story) -> None:
    runner = story.runner
    job = Job("slow", options={"steps": 1})
    runner.start(
        lambda: Pending(story.worker.submit(job), lambda result: result),
        what="First",
        on_done=lambda output, pending: story.start("slow", steps=1),
        on_failed=story.told.append,
    )
    story.host.wait_until(lambda: bool(story.told))
    assert story.told == [{}]
    assert not runner.busy


def test_an_event_loop_inside_of_the_end_of_a_job_does_not_end_it_twice(story: Story) -> None:
    def finish(result: Result) -> Any:
        story.host.process_events(0.3)  # as a dialog does
        return "finished"

    story.start("slow", finish, steps=1)
    assert story.wait() == "finished"
    assert story.told == ["finished"]
