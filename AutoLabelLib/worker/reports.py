"""What a running job tells its client: progress, not too often and not too rarely, and log lines."""

from __future__ import annotations

import time

from AutoLabelLib.core.errors import JobCancelled
from AutoLabelLib.core.job import Progress
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Log, Message, Progressed
from AutoLabelLib.worker.inbox import Ticket

_SHORTEST_SECONDS = 0.03  # nobody sees more, and a loop of tiny steps would flood the channel
_LONGEST_SECONDS = 10.0  # a job that still asks whether it is cancelled is alive: say so


class Reports:
    """The functions that a `TaskContext` needs, for one job.

    Args:
        channel: The link to the client.
        ticket: The job.
    """

    def __init__(self, channel: Channel, ticket: Ticket) -> None:
        self._channel = channel
        self._ticket = ticket
        self._latest = Progress(0.0)
        self._sent_at = float("-inf")

    def progress(self, progress: Progress) -> None:
        """Send progress; steps that follow each other quickly under the same message are left out."""
        is_news = progress.fraction >= 1.0 or progress.message != self._latest.message
        self._latest = progress
        if is_news or time.monotonic() - self._sent_at >= _SHORTEST_SECONDS:
            self._send_latest()

    def is_cancelled(self) -> bool:
        """Return whether the job shall stop; repeat the latest progress now and then, as a sign of life."""
        if time.monotonic() - self._sent_at >= _LONGEST_SECONDS:
            self._send_latest()
        return self._ticket.cancelled.is_set()

    def log(self, line: str) -> None:
        """Send a line for the log; never patient data."""
        self._send(Log(self._ticket.submit.job_id, line))

    def _send_latest(self) -> None:
        self._sent_at = time.monotonic()
        self._send(Progressed(self._ticket.submit.job_id, self._latest))

    def _send(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except EOFError as problem:
            raise JobCancelled("The client has gone.") from problem
