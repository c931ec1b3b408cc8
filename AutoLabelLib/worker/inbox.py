"""What the worker receives: a thread of its own answers at once, while the main thread computes.

It is this thread that hears Ping and Cancel, and that the client has gone, in the middle of a job.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from AutoLabelLib.core.errors import JobCancelled, ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import (
    Cancel,
    Failed,
    ImageData,
    Message,
    NeedImages,
    Ping,
    Pong,
    Shutdown,
    Submit,
)
from AutoLabelLib.worker.residency import ResidentImages


class Ticket:
    """A job that was submitted: with the images that are there so far, and whether it shall stop."""

    def __init__(self, submit: Submit) -> None:
        self.submit = submit
        self.images: dict[str, Image] = {}
        self.cancelled = threading.Event()

    @property
    def missing(self) -> set[str]:
        """Fingerprints of the images that are still on their way."""
        return set(self.submit.fingerprints) - set(self.images)

    def job(self) -> Job:
        """Return the whole job; no image may be missing."""
        return self.submit.to_job([self.images[fingerprint] for fingerprint in self.submit.fingerprints])


class Inbox:
    """Receives until the client says Shutdown or goes; then every job is cancelled.

    Args:
        channel: The link to the client.
        images: Where images are kept from one job to the next.
        on_close: Called once, when nothing more will come.
    """

    def __init__(self, channel: Channel, images: ResidentImages, on_close: Callable[[], None]) -> None:
        self._channel = channel
        self._images = images
        self._on_close = on_close
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._running: Ticket | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to receive, on a thread of its own."""
        threading.Thread(target=self._receive_all, name="autolabel-inbox", daemon=True).start()

    def next_ticket(self) -> Ticket | None:
        """Wait for the next job, first come first served, and all its images; None when the client has gone."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._closed or (self._waiting and not self._waiting[0].missing))
            if self._closed:
                return None
            self._running = self._waiting.pop(0)
            return self._running

    def _receive_all(self) -> None:
        try:
            with contextlib.suppress(EOFError):
                while self._receive_one():
                    pass
        finally:
            self._close()

    def _receive_one(self) -> bool:
        """Receive and answer one message; return whether there will be more."""
        try:
            message = self._channel.receive()
            self._answer(message)
        except ProtocolError as problem:
            self._channel.send(Failed("", problem))
            return True
        return not isinstance(message, Shutdown)

    def _answer(self, message: Message) -> None:
        match message:
            case Submit():
                self._submit(message)
            case ImageData():
                self._add_image(message)
            case Cancel():
                self._cancel(message.job_id)
            case Ping():
                self._channel.send(Pong())
            case Shutdown():
                pass
            case _:
                raise ProtocolError(f"A worker does not expect a message of the kind {type(message).__name__}.")

    def _submit(self, submit: Submit) -> None:
        ticket = Ticket(submit)
        with self._changed:
            for fingerprint in submit.fingerprints:
                image = self._images.find(fingerprint)
                if image is not None:
                    ticket.images[fingerprint] = image
            asked = set().union(*(other.missing for other in self._waiting))
            self._waiting.append(ticket)
            self._changed.notify_all()
        unasked = ticket.missing - asked
        if unasked:
            self._channel.send(NeedImages(tuple(sorted(unasked))))

    def _add_image(self, data: ImageData) -> None:
        with self._changed:
            self._images.add(data.fingerprint, data.image)
            for ticket in self._waiting:
                if data.fingerprint in ticket.missing:
                    ticket.images[data.fingerprint] = data.image
            self._changed.notify_all()

    def _cancel(self, job_id: str) -> None:
        with self._changed:
            waiting = [ticket for ticket in self._waiting if ticket.submit.job_id == job_id]
            for ticket in waiting:
                self._waiting.remove(ticket)
            if self._running is not None and self._running.submit.job_id == job_id:
                self._running.cancelled.set()
            self._changed.notify_all()
        if waiting:
            self._channel.send(Failed(job_id, JobCancelled()))

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            if self._running is not None:
                self._running.cancelled.set()
            self._changed.notify_all()
        self._on_close()
        self._channel.close()
