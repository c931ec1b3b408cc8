"""Thousands of random and mutated frames: each is a message or a ProtocolError, never anything else."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

import pytest

from AutoLabelLib.core.errors import ProtocolError
from AutoLabelLib.protocol import frames
from AutoLabelLib.protocol.messages import Message, from_frame, to_frame
from Testing.protocol.examples import MESSAGES

FRAMES = [b"".join(to_frame(message)) for message in MESSAGES]
DEEP = "[" * 100_000 + "]" * 100_000
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**64,
    10**400,
    1e308,
    -1e-308,
    float("nan"),
    float("inf"),
    "",
    "x" * 5000,
    "\ud800",
    "\0",
    [],
    {},
    [None],
    [[]],
    {"": {}},
    [[1e308] * 4] * 4,
    [[0] * 4] * 4,
    [1, 2, 3, 4],
)


def attempt(frame: bytes) -> bool:
    """Return whether a frame is a message; anything but a ProtocolError passes through and fails the test."""
    try:
        return isinstance(from_frame(frame), Message)
    except ProtocolError as problem:
        assert problem.message
        return False


def mutate_bytes(frame: bytes, rng: random.Random) -> bytes:
    mutant = bytearray(frame)
    for _ in range(rng.choice((1, 1, 2, 8))):
        position = rng.randrange(len(mutant))
        match rng.randrange(5):
            case 0:
                mutant[position] ^= 1 << rng.randrange(8)
            case 1:
                mutant[position] = rng.choice((0, 1, 127, 128, 255))
            case 2:
                del mutant[position : position + rng.choice((1, 4, 100))]
            case 3:
                mutant[position:position] = rng.randbytes(rng.choice((1, 4, 100)))
            case _:
                mutant = mutant[:position] + mutant[rng.randrange(len(mutant)) :]
        mutant = mutant or bytearray(1)
    return bytes(mutant)


def reframed(header: bytes, frame: bytes) -> bytes:
    """Return a frame with another header, but with lengths that fit, so that it gets past the first checks."""
    old = frames.PREFIX_BYTES + struct.unpack_from("<I", frame, 8)[0]
    body = frame[old + -old % 16 :]
    start = frames.PREFIX_BYTES + len(header)
    gap = bytes(-start % 16) if body else b""
    prefix = struct.pack("<4sIIQ", b"ALBL", frames.LAYOUT_VERSION, len(header), start + len(gap) + len(body))
    return prefix + header + gap + body


def mutate_header(frame: bytes, rng: random.Random) -> bytes:
    length = struct.unpack_from("<I", frame, 8)[0]
    header = json.loads(frame[frames.PREFIX_BYTES : frames.PREFIX_BYTES + length])
    places = [(header, key) for key in header]
    for holder, key in places:  # grows while it is walked: every place in the tree
        inner = holder[key]
        keys = inner if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        places += [(inner, deeper) for deeper in keys]
    holder, key = rng.choice(places)
    if isinstance(holder, dict) and rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = rng.choice(HOSTILE) if rng.random() < 0.8 else rng.choice(places)[0]
    try:
        return reframed(json.dumps(header).encode(), frame)
    except (ValueError, RecursionError):  # the tree now holds itself
        return b""


def test_the_untouched_frames_are_messages() -> None:
    assert all(attempt(frame) for frame in FRAMES)
    assert all(attempt(reframed(frame[20 : 20 + struct.unpack_from("<I", frame, 8)[0]], frame)) for frame in FRAMES)


def test_twenty_thousand_frames_with_broken_bytes() -> None:
    rng = random.Random(1)
    outcomes = [attempt(mutate_bytes(rng.choice(FRAMES), rng)) for _ in range(20_000)]
    assert outcomes.count(False) > 10_000  # a flipped bit in a voxel or a letter still makes a message


def test_twenty_thousand_frames_with_hostile_headers() -> None:
    rng = random.Random(2)
    outcomes = [attempt(mutate_header(rng.choice(FRAMES), rng)) for _ in range(20_000)]
    assert outcomes.count(False) > 10_000
    assert outcomes.count(True) > 500


def test_ten_thousand_random_frames() -> None:
    rng = random.Random(3)
    for _ in range(5000):
        noise = rng.randbytes(rng.choice((0, 1, 19, 20, 21, 64, 500)))
        assert not attempt(noise)
        assert not attempt(reframed(noise, FRAMES[0][:20]))


@pytest.mark.parametrize("text", [DEEP, '{"message":' + DEEP + "}", "1" * 10_000, '"\ud800', "[" * 1000])
def test_hostile_json(text: str) -> None:
    assert not attempt(reframed(text.encode("utf-8", "surrogatepass"), FRAMES[0][:20]))


def test_every_truncation() -> None:
    for frame in FRAMES:
        for length in range(len(frame)):
            assert not attempt(frame[:length])
