"""Channels: large messages in parts, several senders, and a peer that lies or goes."""

from __future__ import annotations

import multiprocessing
import struct
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

import numpy as np
import pytest

from AutoLabelLib.core.errors import ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.protocol.channel import PART_BYTES, Channel
from AutoLabelLib.protocol.messages import ImageData, Log, NeedImages, Ping, Pong, to_frame

Ends = tuple[Connection, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A bare connection, and a channel at its other end."""
    raw, other = multiprocessing.Pipe()
    channel = Channel(other)
    yield raw, channel
    raw.close()
    channel.close()


@pytest.mark.parametrize("megabytes", [0.9, 1.0, 3.7])
def test_a_large_image_travels_in_parts(ends: Ends, megabytes: float) -> None:
    raw, channel = ends
    voxels = np.random.default_rng(0).integers(0, 255, (1, 1, 1, int(megabytes * PART_BYTES)), dtype=np.uint8)
    sender = Channel(raw)
    thread = threading.Thread(target=sender.send, args=(ImageData("abc", Image(voxels, np.eye(4))),))
    thread.start()
    message = channel.receive()
    thread.join()
    assert isinstance(message, ImageData)
    np.testing.assert_array_equal(message.image.array, voxels)
    assert voxels.nbytes < sender.sent_bytes < voxels.nbytes + 1000


def test_several_threads_may_send(ends: Ends) -> None:
    raw, channel = ends
    sender = Channel(raw)
    line = "x" * 3 * PART_BYTES

    def send() -> None:
        for _ in range(3):
            sender.send(Log("1", line))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    messages = [channel.receive() for _ in range(9)]
    assert all(isinstance(message, Log) and message.line == line for message in messages)
    for thread in threads:
        thread.join()


def test_after_a_broken_frame_the_next_message_is_understood(ends: Ends) -> None:
    raw, channel = ends
    for broken in (b"", b"noise", b"ALBL" + bytes(16), b"".join(to_frame(NeedImages(("a",)))) + b"tail"):
        raw.send_bytes(broken)
        raw.send_bytes(b"".join(to_frame(Ping())))
        with pytest.raises(ProtocolError):
            channel.receive()
        assert isinstance(channel.receive(), Ping)


def test_a_promise_of_gigabytes_is_seen_through_at_once(ends: Ends) -> None:
    raw, channel = ends
    raw.send_bytes(struct.pack("<4sIIQ", b"ALBL", 1, 100, 30 * 2**30))
    with pytest.raises(ProtocolError, match="should have"):
        channel.receive()


@pytest.mark.parametrize("start", [b"noise", b"".join(to_frame(Ping()))])
def test_a_frame_longer_than_it_says_is_passed_over_in_all_its_parts(ends: Ends, start: bytes) -> None:
    raw, channel = ends

    def send() -> None:
        for part in (start.ljust(PART_BYTES, b"x"), bytes(PART_BYTES), bytes(PART_BYTES), b""):
            raw.send_bytes(part)
        Channel(raw).send(Ping())

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(ProtocolError):
        channel.receive()
    assert isinstance(channel.receive(), Ping)
    thread.join()


def test_a_frame_that_fills_its_parts_exactly(ends: Ends) -> None:
    raw, channel = ends
    for length in (PART_BYTES, 2 * PART_BYTES):
        spare = length - len(b"".join(to_frame(Log("1", ""))))
        thread = threading.Thread(target=Channel(raw).send, args=(Log("1", "x" * spare),))
        thread.start()
        message = channel.receive()
        thread.join()
        assert isinstance(message, Log)
        assert len(message.line) == spare


def test_too_long_a_part_ends_the_connection(ends: Ends) -> None:
    raw, channel = ends
    thread = threading.Thread(target=_try_to_send, args=(raw, bytes(PART_BYTES + 1)))
    thread.start()
    with pytest.raises(EOFError):
        channel.receive()
    channel.close()
    thread.join()


def _try_to_send(raw: Connection, part: bytes) -> None:
    try:
        raw.send_bytes(part)
    except OSError:
        return


def test_both_directions_notice_that_the_other_side_has_gone(ends: Ends) -> None:
    raw, channel = ends
    raw.close()
    with pytest.raises(EOFError):
        channel.send(Pong())
    with pytest.raises(EOFError):
        channel.receive()
    channel.close()
    with pytest.raises(EOFError):
        channel.send(Pong())
    with pytest.raises(EOFError):
        channel.wait(0.01)


def test_a_message_that_cannot_be_expressed_leaves_the_channel_usable(ends: Ends) -> None:
    raw, channel = ends
    voxels = np.zeros((1, 2, 2, 2), np.longdouble)
    sender = Channel(raw)
    with pytest.raises(ProtocolError):
        sender.send(ImageData("abc", Image(voxels, np.eye(4))))
    sender.send(Ping())
    assert isinstance(channel.receive(), Ping)
