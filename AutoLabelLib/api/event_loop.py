"""Jobs that Slicer's own event loop follows, so that nobody has to wait for their progress at the console."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from AutoLabelLib.client.job_handle import JobHandle

_POLL_MILLISECONDS = 100
# The event loop may hold Python's lock between two polls: let the threads that talk to the worker run here.
_YIELD_SECONDS = 0.005

_followed: list[JobHandle] = []
_timer: Any = None


def follow(handle: JobHandle) -> None:
    """Run the callbacks of a job in Slicer's main thread until it has ended; without Slicer's window, do nothing.

    There, whoever wants to know calls `poll` or `wait`.
    """
    global _timer
    qt = sys.modules.get("qt")  # not imported: in a plain Python there is none, and where Slicer runs it is there
    if qt is None or qt.QCoreApplication.instance() is None:
        return
    _followed.append(handle)
    if _timer is None:
        _timer = qt.QTimer()
        _timer.setInterval(_POLL_MILLISECONDS)
        _timer.connect("timeout()", _poll)
    _timer.start()


def _poll() -> None:
    time.sleep(_YIELD_SECONDS)
    for handle in tuple(_followed):
        try:
            handle.poll()
        except Exception:  # the border to Qt: a callback's own fault must not stop the others
            logging.exception("AutoLabel: a callback of a job failed")
    _followed[:] = [handle for handle in _followed if not handle.is_delivered]
    if not _followed and _timer is not None:
        _timer.stop()
