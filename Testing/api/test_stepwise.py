from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.core.errors import AutoLabelError, InputError, JobCancelled
from AutoLabelLib.core.job import Progress

Steps = Generator[Progress | str | None, None, dict[str, Any]]


def counting(until: int, closed: list[bool] | None = None) -> Steps:
    try:
        for number in range(until):
            yield Progress(number / until)
            yield f"line {number}"
            yield None
    finally:
        if closed is not None:
            closed.append(True)
    return {"count": until}


def test_it_goes_on_when_it_is_polled() -> None:
    log: list[str] = []
    pending = stepwise("count", counting(2), log.append)
    heard: list[float] = []
    pending.on_progress(lambda progress: heard.append(progress.fraction))
    assert pending.state == "queued"
    pending.handle.poll()
    assert (pending.state, log, heard) == ("running", ["line 0"], [0.0])
    assert pending.wait(5) == {"count": 2}
    assert log == ["line 0", "line 1"]


def test_cancelling_closes_it() -> None:
    closed: list[bool] = []
    pending = stepwise("count", counting(9, closed))
    pending.handle.poll()
    pending.cancel()
    assert closed == [True]
    with pytest.raises(JobCancelled):
        pending.wait(1)


def test_cancelling_within_a_step_ends_it_after_that_step() -> None:
    def steps() -> Steps:
        pending.cancel()
        yield "still in the step"
        raise AssertionError("went on")

    pending = stepwise("work", steps())
    pending.handle.poll()
    assert pending.state == "cancelled"


def test_a_poll_within_a_step_does_nothing() -> None:
    def steps() -> Steps:
        pending.handle.poll()
        yield None
        return {}

    pending = stepwise("work", steps())
    assert pending.wait(5) == {}


def test_an_error_ends_it() -> None:
    def steps() -> Steps:
        yield None
        raise InputError("Wrong.", "Right.")

    with pytest.raises(InputError, match="Wrong"):
        stepwise("work", steps()).wait(5)


def test_something_unexpected_is_raised_once_and_then_an_error() -> None:
    def steps() -> Steps:
        raise KeyError("x")
        yield

    pending = stepwise("work", steps())
    with pytest.raises(KeyError):
        pending.handle.poll()
    with pytest.raises(AutoLabelError, match="unexpected ended the work"):
        pending.wait(1)
