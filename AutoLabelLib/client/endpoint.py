"""What a session needs of the other side, be it a process or a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from AutoLabelLib.protocol.channel import Channel


class Endpoint(Protocol):
    """A worker that has been started and is connected."""

    @property
    def channel(self) -> Channel:
        """The link to it."""

    @property
    def log_path(self) -> str:
        """File of what it printed; "" where there is none."""

    def is_alive(self) -> bool:
        """Return whether it still runs."""

    def end(self, timeout_seconds: float) -> str:
        """Wait for its end, then kill it with all its children; return how it ended, in plain words."""


Launch = Callable[[float], Endpoint]
"""Start a worker within so many seconds, or raise a WorkerError. Called on a background thread."""
