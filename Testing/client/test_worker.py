"""What holds for a worker of either kind: the process and its twin pass the same tests."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import JobHandle, Limits, Worker
from AutoLabelLib.client.endpoint import Launch
from AutoLabelLib.core.errors import (
    AutoLabelError,
    InputError,
    JobCancelled,
    ProtocolError,
    WorkerCrashed,
    WorkerTimeout,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress
from AutoLabelLib.core.labelmap import Labelmap
from Testing.grids import lopsided, make_affine
from Testing.protocol.examples import LABELMAP, PROMPTS

PATIENCE_SECONDS = 60.0
AFFINE = make_affine("LSP", (0.5, 0.6, 3.0), (5, 10, 15), (0.1, 0, 0), (-20, 30, 400))


def image(side: int = 40) -> Image:
    return Image((lopsided((side, side + 1, side + 2)).T - 500)[None].astype(np.int16), AFFINE, "CT", unit="HU")


def long_job() -> Job:
    return Job("slow", options={"steps": 100_000})


def wait_until_running(handle: JobHandle) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while handle.state == "queued":
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert handle.state == "running"


def test_image_labelmap_prompts_and_options_cross_and_come_back(worker: Worker) -> None:
    source = image()
    job = Job("echo", "/models/x", (source,), (LABELMAP,), PROMPTS, {"overlap": 0.25, "text": "Größe"})
    result = worker.submit(job).wait(PATIENCE_SECONDS)
    np.testing.assert_array_equal(result.images[0].array, source.array)
    np.testing.assert_array_equal(result.images[0].affine, source.affine)
    assert (result.images[0].modality, result.images[0].unit) == ("CT", "HU")
    threshold, echoed = result.labelmaps
    np.testing.assert_array_equal(threshold.array == 3, source.array > 0)
    assert threshold.same_grid(source)
    assert isinstance(echoed, Labelmap)
    assert echoed.segments == LABELMAP.segments
    assert result.values["options"] == {"overlap": 0.25, "text": "Größe"}
    assert result.values["prompts"] == PROMPTS.to_json()
    assert result.values["fingerprints"] == [source.fingerprint]
    assert result.warnings == ("a warning",)


def test_a_second_click_sends_no_voxels(worker: Worker) -> None:
    source = image(50)
    worker.submit(Job("echo", images=(source,))).wait(PATIENCE_SECONDS)
    before = worker.sent_bytes
    again = Image(source.array.copy(), source.affine, "CT", unit="HU")  # equal, not the same
    worker.submit(Job("echo", images=(again,), prompts=PROMPTS)).wait(PATIENCE_SECONDS)
    assert 0 < worker.sent_bytes - before < 2000 < source.array.nbytes


def test_jobs_run_in_order_on_one_thread_even_when_submitted_meanwhile(worker: Worker) -> None:
    order: list[str] = []
    handles = [worker.submit(Job("slow", options={"steps": 3}))]
    wait_until_running(handles[0])
    handles += [worker.submit(Job("echo", images=(image(10 + n),))) for n in range(4)]
    for handle in handles:
        handle.on_done(lambda ended: order.append(ended.id))
    results = [handle.wait(PATIENCE_SECONDS) for handle in handles]
    worker.poll()
    assert order == [handle.id for handle in handles]
    assert len({(result.values["pid"], result.values["thread"]) for result in results[1:]}) == 1


def test_several_threads_may_submit(worker: Worker) -> None:
    results: list[Any] = []

    def use(side: int) -> None:
        result = worker.submit(Job("echo", images=(image(side),))).wait(PATIENCE_SECONDS)
        results.append(result.images[0].spatial_shape[2] == side)

    threads = [threading.Thread(target=use, args=(side,)) for side in range(5, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


def test_callbacks_run_only_where_somebody_polls(worker: Worker) -> None:
    heard: list[tuple[str, int]] = []

    def note(what: str) -> Any:
        return lambda news: heard.append((what, threading.get_ident()))

    handle = worker.submit(Job("slow", options={"steps": 20}))
    handle.on_progress(note("progress")).on_log(note("log")).on_done(note("done"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not handle.is_finished and time.monotonic() < deadline:
        time.sleep(0.01)  # state and progress are known meanwhile, but nobody is called back
    assert handle.state == "done"
    assert handle.progress is not None
    assert heard == []
    worker.poll()
    assert [what for what, _ in heard] == ["progress"] * (len(heard) - 1) + ["done"]
    assert {thread for _, thread in heard} == {threading.get_ident()}
    worker.poll()
    assert [what for what, _ in heard].count("done") == 1
    handle.on_done(note("late"))
    handle.poll()
    assert heard[-1][0] == "late"


def test_progress_comes_per_tile_with_an_estimate(worker: Worker) -> None:
    heard: list[Progress] = []
    worker.submit(Job("slow", options={"steps": 30})).on_progress(heard.append).wait(PATIENCE_SECONDS)
    assert [progress.message for progress in heard[1:]] == [f"tile {step}" for step in range(30)]
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert heard[-1].eta_seconds is not None


def test_log_lines_and_warnings_reach_the_owner(worker: Worker) -> None:
    lines: list[str] = []
    result = worker.submit(Job("echo")).on_log(lines.append).wait(PATIENCE_SECONDS)
    assert lines == ["a warning"]
    assert result.warnings == ("a warning",)


def test_a_running_job_is_cancelled(worker: Worker) -> None:
    handle = worker.submit(long_job())
    wait_until_running(handle)
    handle.cancel()
    handle.cancel()
    with pytest.raises(JobCancelled):
        handle.wait(PATIENCE_SECONDS)
    assert handle.state == "cancelled"
    assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
    handle.cancel()  # too late, no harm


def test_a_waiting_job_is_cancelled(worker: Worker) -> None:
    first, second = worker.submit(long_job()), worker.submit(Job("echo", images=(image(20),)))
    wait_until_running(first)
    second.cancel()
    with pytest.raises(JobCancelled):
        second.wait(PATIENCE_SECONDS)
    assert first.state == "running"
    first.cancel()
    with pytest.raises(JobCancelled):
        first.wait(PATIENCE_SECONDS)


def test_a_job_is_cancelled_before_the_worker_has_even_started(launch: Launch) -> None:
    with Worker(launch) as fresh:
        handle = fresh.submit(long_job())
        handle.cancel()
        with pytest.raises(JobCancelled):
            handle.wait(PATIENCE_SECONDS)


def test_an_error_crosses_with_its_class_and_the_worker_goes_on(worker: Worker) -> None:
    handle = worker.submit(Job("fail", options={"kind": "input"}))
    with pytest.raises(InputError) as caught:
        handle.wait(PATIENCE_SECONDS)
    assert (caught.value.message, caught.value.hint) == ("The input is wrong.", "Take another.")
    assert handle.state == "failed"
    assert handle.error is caught.value
    assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "job",
    [
        Job("echo", options={"thing": object()}),
        Job("echo", images=(Image(np.zeros((1, 2, 2, 2), np.longdouble), np.eye(4)),)),
        Job("unsendable"),
    ],
)
def test_what_cannot_be_sent_is_an_error_of_that_job_alone(worker: Worker, job: Job) -> None:
    with pytest.raises(ProtocolError):
        worker.submit(job).wait(PATIENCE_SECONDS)
    assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)


def test_waiting_may_be_given_up_while_the_job_goes_on(worker: Worker) -> None:
    handle = worker.submit(Job("slow", options={"steps": 30}))
    with pytest.raises(TimeoutError, match="still"):
        handle.wait(0.01)
    assert handle.wait(PATIENCE_SECONDS)


def test_stopping_cancels_everything_and_the_next_job_starts_anew(launch: Launch) -> None:
    with Worker(launch) as fresh:
        running, waiting = fresh.submit(long_job()), fresh.submit(Job("echo"))
        wait_until_running(running)
        fresh.stop()
        for handle in (running, waiting):
            with pytest.raises(JobCancelled, match="stopped"):
                handle.wait(PATIENCE_SECONDS)
        assert fresh.hello is None
        assert fresh.submit(Job("echo")).wait(PATIENCE_SECONDS)
        assert fresh.hello is not None


def test_stopping_while_it_starts(launch: Launch) -> None:
    fresh = Worker(launch)
    handle = fresh.submit(long_job())
    fresh.stop()
    with pytest.raises(JobCancelled):
        handle.wait(PATIENCE_SECONDS)
    fresh.stop()


def test_a_job_that_does_not_cancel_is_ended_and_the_waiting_ones_run_on_a_new_worker(launch: Launch) -> None:
    with Worker(launch, Limits(cancel_grace_seconds=0.3)) as fresh:
        stuck, waiting = fresh.submit(Job("hang", options={"seconds": 3})), fresh.submit(Job("echo"))
        wait_until_running(stuck)
        stuck.cancel()
        with pytest.raises(JobCancelled):
            stuck.wait(PATIENCE_SECONDS)
        assert waiting.wait(PATIENCE_SECONDS)


def test_a_job_without_progress_is_ended(launch: Launch) -> None:
    with Worker(launch, Limits(stall_seconds=0.3)) as fresh:
        stuck = fresh.submit(Job("hang", options={"seconds": 3}))
        with pytest.raises(WorkerTimeout, match="no progress"):
            stuck.wait(PATIENCE_SECONDS)
        assert fresh.submit(Job("echo")).wait(PATIENCE_SECONDS)


def test_a_worker_that_cannot_start_is_an_error_each_time() -> None:
    def refuse(timeout_seconds: float) -> Any:
        raise WorkerCrashed("It does not start.", "Mend it.")

    worker = Worker(refuse)
    for _ in range(3):
        with pytest.raises(AutoLabelError, match="does not start"):
            worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
