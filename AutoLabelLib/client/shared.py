"""The one worker that everything in this process shares, so that models and images stay warm."""

from __future__ import annotations

import atexit
import os
import threading

from AutoLabelLib.client.worker import Worker

_lock = threading.Lock()
_shared: dict[int, Worker] = {}  # by process: a forked child must not talk on its parent's connection
_chosen: set[int] = set()  # processes in which somebody set the worker


def default_worker() -> Worker:
    """Return this process's worker; it starts with its first job and ends with this process."""
    with _lock:
        if os.getpid() not in _shared:
            _shared[os.getpid()] = Worker()
        return _shared[os.getpid()]


def set_default_worker(worker: Worker) -> None:
    """Use another worker from now on: one with Slicer's environment, or an in-process twin in a test."""
    _shared[os.getpid()] = worker
    _chosen.add(os.getpid())


def has_chosen_worker() -> bool:
    """Return whether somebody set the worker, so that it is no longer the one that comes by itself."""
    return os.getpid() in _chosen


@atexit.register
def _stop() -> None:
    worker = _shared.pop(os.getpid(), None)
    if worker is not None:
        worker.stop()
