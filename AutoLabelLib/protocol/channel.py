"""A channel moves messages over a connection of the standard library, each frame in parts of 1 MiB.

Every part but the last is exactly `PART_BYTES` long; a shorter one, perhaps empty, ends the frame. So a frame may
have many gigabytes, a false promise of length costs no memory, and after a broken frame the next one is found.
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
                    self.sent_bytes += len(part)  # before the other side can answer
                    self._connection.send_bytes(part)
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
        part = self._receive_part()
        frame = bytearray(part)
        try:
            length = frames.frame_bytes(part)
        except ProtocolError:
            length = 0  # `decode` will say why; here its other parts are only passed over
        while len(part) == PART_BYTES:
            part = self._receive_part()
            if len(frame) < length:
                frame += part
        return frame

    def _receive_part(self) -> bytes:
        try:
            return self._connection.recv_bytes(maxlength=PART_BYTES)
        except (OSError, ValueError, EOFError) as problem:  # OSError: too long a part, too; the connection is lost
            raise EOFError("the other side has gone") from problem


def _parts(pieces: list[memoryview]) -> Iterator[bytes | bytearray | memoryview]:
    """Cut a frame into parts; what lies in the middle of a large piece is not copied."""
    part = bytearray()
    for piece in pieces:
        rest = piece
        while len(rest):
            if not part and len(rest) >= PART_BYTES:
                yield rest[:PART_BYTES]
                rest = rest[PART_BYTES:]
                continue
            room = PART_BYTES - len(part)
            part += rest[:room]
            rest = rest[room:]
            if len(part) == PART_BYTES:
                yield part
                part = bytearray()
    yield part
