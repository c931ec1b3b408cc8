"""The worker's twin: the same loop on a thread of this process, for tests and for debugging a task.

It speaks the same messages through a pipe. What it cannot do is survive a crash, or be killed.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable

from AutoLabelLib.protocol.channel import Channel

Serve = Callable[[Channel], None]


class _Thread:
    def __init__(self, thread: threading.Thread, channel: Channel) -> None:
        self._thread = thread
        self.channel = channel
        self.log_path = ""

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def end(self, timeout_seconds: float) -> str:
        self._thread.join(timeout_seconds)
        return "is still busy and cannot be killed" if self._thread.is_alive() else "ended by itself"


class InProcess:
    """Starts the loop of a worker on a thread.

    Args:
        serve: The loop, `AutoLabelLib.worker.serve.serve`; given because the client does not know the worker.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve

    def __call__(self, timeout_seconds: float) -> _Thread:
        """Start the loop."""
        ours, theirs = multiprocessing.Pipe()
        thread = threading.Thread(target=self._serve, args=(Channel(theirs),), name="autolabel-twin", daemon=True)
        thread.start()
        return _Thread(thread, Channel(ours))
