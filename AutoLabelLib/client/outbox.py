"""What the client sends, in order, from a thread of its own: a large image must not hold up the caller."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.core.errors import AutoLabelError, ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Result
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Cancel, ImageData, Message, NeedImages, Shutdown, Submit


class Outbox:
    """Sends jobs, the images that the worker asks for, and short messages, first in, first out.

    Args:
        jobs: Returns the jobs that have not ended; an image that the worker asks for belongs to one of them.
        finish: Told the id of a job that cannot be sent, and why.
    """

    def __init__(
        self, jobs: Callable[[], Sequence[JobHandle]], finish: Callable[[str, Result | AutoLabelError], None]
    ) -> None:
        self._jobs = jobs
        self._finish = finish
        self._items: queue.SimpleQueue[Message | JobHandle] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._sent: set[str] = set()
        self._withdrawn: set[str] = set()

    def start(self, channel: Channel) -> None:
        """Begin to send, also what was put in before."""
        threading.Thread(target=self._send_all, args=(channel,), name="autolabel-writer", daemon=True).start()

    def put(self, item: Message | JobHandle) -> None:
        """Send a message or submit a job, after everything that was put in before."""
        self._items.put(item)

    def withdraw(self, handle: JobHandle) -> bool:
        """Do not send a job; return False if it is too late."""
        with self._lock:
            if handle.id in self._sent:
                return False
            self._withdrawn.add(handle.id)
            return True

    def close(self) -> None:
        """Tell the worker to end, after everything that was put in before, and send no more."""
        self._items.put(Shutdown())

    def _send_all(self, channel: Channel) -> None:
        try:
            item: Message | JobHandle | None = None
            while not isinstance(item, Shutdown):
                item = self._items.get()
                self._send(channel, item)
        except EOFError:
            return  # the reader notices, too

    def _send(self, channel: Channel, item: Message | JobHandle) -> None:
        if isinstance(item, JobHandle):
            self._send_job(channel, item)
        elif isinstance(item, NeedImages):
            for fingerprint in item.fingerprints:
                self._send_image(channel, fingerprint)
        else:
            channel.send(item)

    def _send_job(self, channel: Channel, handle: JobHandle) -> None:
        with self._lock:
            if handle.id in self._withdrawn:
                return
            self._sent.add(handle.id)
        try:
            channel.send(Submit.from_job(handle.job))
        except (AutoLabelError, MemoryError, AttributeError, TypeError) as problem:  # AttributeError: not a Job
            self._finish(handle.id, _unsendable(problem))

    def _send_image(self, channel: Channel, fingerprint: str) -> None:
        wanted = [(handle, image) for handle in self._jobs() for image in self._images(handle, fingerprint)]
        if not wanted:
            return  # its job has ended meanwhile
        try:
            channel.send(ImageData(fingerprint, wanted[0][1]))
        except (AutoLabelError, MemoryError) as problem:
            for handle, _ in wanted:
                self._finish(handle.id, _unsendable(problem))
                channel.send(Cancel(handle.id))

    def _images(self, handle: JobHandle, fingerprint: str) -> list[Image]:
        if handle.id not in self._sent:
            return []  # not hashed yet
        return [image for image in handle.job.images if image.fingerprint == fingerprint]


def _unsendable(problem: Exception) -> AutoLabelError:
    if isinstance(problem, AutoLabelError):
        return problem
    return ProtocolError(f"The job cannot be sent to the worker: {problem or type(problem).__name__}.")
