"""The two workers that the client's tests run on: a process, and its twin on a thread."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from AutoLabelLib.client import InProcess, ProcessLauncher, Worker
from AutoLabelLib.client.endpoint import Launch
from AutoLabelLib.worker.serve import serve
from Testing.worker import faulty_worker


def process() -> ProcessLauncher:
    """Return how to start a process that has the faulty tasks."""
    return ProcessLauncher(arguments=[str(Path(faulty_worker.__file__))])


def twin() -> InProcess:
    """Return how to start the same on a thread."""
    return InProcess(functools.partial(serve, tasks=faulty_worker.TASKS))


@pytest.fixture(params=["process", "in process"], scope="module")
def launch(request: pytest.FixtureRequest) -> Launch:
    """How to start a worker: both ways."""
    return process() if request.param == "process" else twin()


@pytest.fixture(scope="module")
def worker(launch: Launch) -> Iterator[Worker]:
    """A warm worker, shared by the tests of a file."""
    with Worker(launch) as worker:
        yield worker
