"""At Slicer's console a job's progress arrives by itself, and a callback's own fault stops nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import Worker
from AutoLabelLib.core.job import Job, Progress
from Testing.gui.test_runner import process_worker  # noqa: F401


def test_progress_arrives_while_the_console_waits_for_input(host: Any, process_worker: Worker) -> None:  # noqa: F811
    seen: list[Progress] = []

    pending = Pending(process_worker.submit(Job("slow", options={"steps": 5})), lambda result: result.values)
    pending.on_progress(seen.append)
    host.wait_until(lambda: pending.state == "done")
    host.wait_until(lambda: pending.handle.is_delivered)

    assert seen
    assert pending.wait(0) is not None


def test_a_fault_in_one_callback_stops_no_other(
    host: Any,
    process_worker: Worker,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[Progress] = []
    first, second = (
        Pending(process_worker.submit(Job("slow", options={"steps": 3})), lambda result: result.values)
        for _ in range(2)
    )

    first.on_progress(lambda progress: 1 / 0)  # type: ignore[arg-type, return-value]
    second.on_progress(seen.append)
    host.wait_until(lambda: first.handle.is_delivered and second.handle.is_delivered)

    assert seen
    assert "ZeroDivisionError" in caplog.text  # whichever timer came first
