"""Frames: the byte table, and that arrays come back as they were."""

from __future__ import annotations

import json
import struct
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core.errors import ProtocolError
from AutoLabelLib.protocol import frames

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
arrays = hnp.arrays(
    st.sampled_from(sorted(frames.DTYPES)), hnp.array_shapes(min_dims=1, max_dims=5, max_side=5)
) | hnp.arrays(st.sampled_from([">i2", ">f4", ">u8"]), hnp.array_shapes(max_side=5))


def joined(pieces: list[memoryview]) -> bytes:
    return b"".join(pieces)


@given(st.dictionaries(st.text(), json_values, max_size=4), st.lists(arrays, max_size=3), st.randoms())
def test_message_and_arrays_come_back(message: dict[str, Any], sent: list[Any], random: Any) -> None:
    orders = [random.sample(range(array.ndim), array.ndim) for array in sent]
    sent = [array.transpose(order) for array, order in zip(sent, orders, strict=True)]
    got_message, got = frames.decode(joined(frames.encode(message, sent)))
    assert got_message == message
    assert len(got) == len(sent)
    for before, after in zip(sent, got, strict=True):
        assert after.dtype == before.dtype.newbyteorder("<")
        np.testing.assert_array_equal(before, after)


def test_frame_follows_the_table() -> None:
    frame = joined(frames.encode({"type": "x"}, [np.array([[1, 2]], "<u2"), np.array([7], "|u1")]))
    magic, layout, header_length, length = struct.unpack("<4sIIQ", frame[:20])
    assert (magic, layout, length) == (b"ALBL", frames.LAYOUT_VERSION, len(frame))
    assert json.loads(frame[20 : 20 + header_length]) == {
        "message": {"type": "x"},
        "arrays": [
            {"dtype": "<u2", "shape": [1, 2], "axes": [0, 1]},
            {"dtype": "|u1", "shape": [1], "axes": [0]},
        ],
    }
    first = 20 + header_length + -(20 + header_length) % 16
    assert frame[first : first + 4] == b"\1\0\2\0"
    assert frame[first + 4 : first + 16] == bytes(12)
    assert frame[first + 16 :] == b"\7"


def test_dense_arrays_are_neither_copied_on_the_way_in_nor_out() -> None:
    slicer_like = np.arange(2 * 3 * 4, dtype=np.int16).reshape(4, 3, 2).T[None]  # (1, I, J, K), I fastest
    pieces = frames.encode({}, [slicer_like])
    assert np.shares_memory(np.frombuffer(pieces[-1], np.uint8), slicer_like)
    frame = bytearray(joined(pieces))
    [array] = frames.decode(frame)[1]
    assert np.shares_memory(array, np.frombuffer(frame, np.uint8))
    assert array.strides[1:] == slicer_like.strides[1:]
    assert not array.flags.writeable


def test_a_flipped_array_comes_back() -> None:
    flipped = np.arange(24, dtype=np.float32).reshape(2, 3, 4)[::-1, :, ::-2]
    [array] = frames.decode(joined(frames.encode({}, [flipped])))[1]
    np.testing.assert_array_equal(array, flipped)


@pytest.mark.parametrize("array", [np.zeros(3, bool), np.zeros(3, "O"), np.zeros(3, "f16"), np.zeros((0, 3), "u1")])
def test_arrays_that_cannot_be_sent(array: Any) -> None:
    with pytest.raises(ProtocolError):
        frames.encode({}, [array])


def test_numbers_of_numpy_and_what_json_lacks_may_be_among_the_values() -> None:
    message, _ = frames.decode(joined(frames.encode({"a": np.float32(0.5), "b": np.int64(3), "c": float("inf")})))
    assert message == {"a": 0.5, "b": 3, "c": float("inf")}


@pytest.mark.parametrize("value", [object(), {1, 2}, {(1, 2): 3}, np.zeros(3)])
def test_values_that_are_not_json(value: Any) -> None:
    with pytest.raises(ProtocolError, match="JSON"):
        frames.encode({"value": value})


def test_a_message_that_holds_itself() -> None:
    message: dict[str, Any] = {}
    message["self"] = message
    with pytest.raises(ProtocolError, match="JSON"):
        frames.encode(message)


def test_a_header_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_HEADER_BYTES", 100)
    with pytest.raises(ProtocolError, match="header is too long"):
        frames.encode({"text": "x" * 100})


def test_data_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 1000)
    with pytest.raises(ProtocolError, match="too large"):
        frames.encode({}, [np.zeros(1000, np.uint8)])


@pytest.mark.parametrize(
    "prefix",
    [
        b"",
        b"ALBL",
        struct.pack("<4sIIQ", b"ALBX", 1, 2, 22),
        struct.pack("<4sIIQ", b"ALBL", 99, 2, 22),
        struct.pack("<4sIIQ", b"ALBL", 1, 2**32 - 1, 2**40),
        struct.pack("<4sIIQ", b"ALBL", 1, 2, 2**63),
        struct.pack("<4sIIQ", b"ALBL", 1, 200, 22),
    ],
)
def test_impossible_prefixes_are_refused_before_anything_is_allocated(prefix: bytes) -> None:
    with pytest.raises(ProtocolError):
        frames.frame_bytes(prefix)


@pytest.mark.parametrize(
    "description",
    [
        None,
        {},
        {"dtype": "|O", "shape": [1], "axes": [0]},
        {"dtype": "<f4,<f4", "shape": [1], "axes": [0]},
        {"dtype": ["|u1"], "shape": [1], "axes": [0]},
        {"dtype": "|u1", "shape": [-1], "axes": [0]},
        {"dtype": "|u1", "shape": [True], "axes": [0]},
        {"dtype": "|u1", "shape": [1.0], "axes": [0]},
        {"dtype": "|u1", "shape": 1, "axes": [0]},
        {"dtype": "|u1", "shape": [1], "axes": [1]},
        {"dtype": "|u1", "shape": [1, 1], "axes": [0, 0]},
        {"dtype": "|u1", "shape": [1], "axes": []},
        {"dtype": "|u1", "shape": [0], "axes": [0]},
        {"dtype": "|u1", "shape": [2**62, 2**62, 0], "axes": [0, 1, 2]},
        {"dtype": "|u1", "shape": [2**62, 4], "axes": [0, 1]},
        {"dtype": "|u1", "shape": [1] * 40, "axes": list(range(40))},
        {"dtype": "|u1", "shape": [2], "axes": [0]},
        {"dtype": "<u2", "shape": [1], "axes": [0]},
    ],
)
def test_impossible_arrays_are_refused(description: Any) -> None:
    header = json.dumps({"message": {}, "arrays": [description]}).encode()
    start = 20 + len(header)
    length = start + -start % 16 + 1  # room for one byte of voxels
    frame = struct.pack("<4sIIQ", b"ALBL", 1, len(header), length) + header
    with pytest.raises(ProtocolError):
        frames.decode(frame.ljust(length, b"\0"))


def test_bytes_behind_the_last_array_are_refused() -> None:
    header = b'{"message":{},"arrays":[]}'
    frame = struct.pack("<4sIIQ", b"ALBL", 1, len(header), 20 + len(header) + 4) + header + b"more"
    with pytest.raises(ProtocolError, match="end at byte"):
        frames.decode(frame)
