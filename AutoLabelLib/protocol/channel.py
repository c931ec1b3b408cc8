"""A channel moves messages over a connection of the standard library, in parts of at most 1 MiB.

A frame is cut into parts wherever it suits the sender; the first part holds at least the frame's prefix. Parts
keep a frame of many gigabytes below the limits of `send_bytes`, and let the receiver refuse a false promise of
length before it has cost memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

from AutoLabelLib.core.errors import ProtocolError
from AutoLabelLib.protocol import frames
from AutoLabelLib.protocol.messages import Message, from_frame, to_frame

PART_BYTES = 2**20


class Channel:
    """Sends and receives messages; one thread may receive while any number send.

    Args:
        connection: One end of a pipe or socket of `multiprocessing`; the channel owns it from now on.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self.sent_bytes = 0

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            EOFError: If the other side has gone.
            ProtocolError: If the message cannot be expressed; nothing has been sent then.
        """
        pieces = to_frame(message)
        with self._sending:
            try:
                for part in _parts(pieces):
                    self._connection.send_bytes(part)
                    self.sent_bytes += len(part)
            except (OSError, ValueError) as problem:  # ValueError: closed meanwhile
                raise EOFError("the other side has gone") from problem

    def receive(self) -> Message:
        """Wait for the next message and return it.

        Raises:
            EOFError: If the other side has gone.
            ProtocolError: If what came is not a message. The next one can still be received.
        """
        return from_frame(self._receive_frame())

    def wait(self, timeout_seconds: float) -> bool:
        """Return whether something arrives, or the other side goes, within a time."""
        try:
            return self._connection.poll(timeout_seconds)
        except (OSError, ValueError) as problem:
            raise EOFError("the other side has gone") from problem

    def close(self) -> None:
        """Close this end, after a message that is being sent."""
        with self._sending:
            self._connection.close()

    def _receive_frame(self) -> bytearray:
        # Grows as bytes arrive: a frame that only claims to be large costs nothing.
        frame = bytearray(self._receive_part())
        length = frames.frame_bytes(bytes(frame[: frames.PREFIX_BYTES]))
        while len(frame) < length:
            part = self._receive_part()
            if not part:
                raise ProtocolError("A part of a frame is empty.")
            frame += part
        return frame

    def _receive_part(self) -> bytes:
        try:
            return self._connection.recv_bytes(PART_BYTES)
        except (OSError, ValueError, EOFError) as problem:  # OSError: too long a part, too; the connection is lost
            raise EOFError("the other side has gone") from problem


def _parts(pieces: list[memoryview]) -> Iterator[bytes | memoryview]:
    """Cut a frame into parts: small pieces joined, large ones sliced without a copy."""
    joined = b""
    for piece in pieces:
        if len(joined) + len(piece) <= PART_BYTES:
            joined += piece
            continue
        if joined:
            yield joined
        joined = b""
        whole = len(piece) - len(piece) % PART_BYTES
        for start in range(0, whole, PART_BYTES):
            yield piece[start : start + PART_BYTES]
        joined = bytes(piece[whole:])
    if joined:
        yield joined
