"""One frame: a JSON header followed by raw arrays. Nothing in it can run code.

| offset           | size | content                                                                      |
|------------------|------|------------------------------------------------------------------------------|
| 0                | 4    | magic, b"ALBL"                                                               |
| 4                | 4    | `LAYOUT_VERSION`, uint32                                                     |
| 8                | 4    | length H of the header in bytes, uint32, at most `MAX_HEADER_BYTES`          |
| 12               | 8    | length of the whole frame in bytes, uint64, at most `MAX_FRAME_BYTES`        |
| 20               | H    | header, JSON in UTF-8: {"message": {...}, "arrays": [array, ...]}            |
| next multiple of 16 | n | voxels of the first array                                                    |
| next multiple of 16 | n | voxels of the second array, and so on                                        |

Numbers are little-endian; the gaps are zero. Each array is described in the header as
{"dtype": one of `DTYPES`, "shape": [...], "axes": [...]}, where `axes` is the order of its axes in memory,
slowest first: Slicer's arrays are transposed, and travel as they lie. The frame ends with the last array.

The header is JSON as Python writes it, so that NaN and Infinity are allowed among its numbers.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import ProtocolError

LAYOUT_VERSION = 1  # of this table; the messages have their own
MAX_HEADER_BYTES = 16 * 2**20
MAX_FRAME_BYTES = 32 * 2**30
MAX_ARRAYS = 4096
MAX_DIMENSIONS = 8
DTYPES = frozenset({"|u1", "<u2", "<u4", "<u8", "|i1", "<i2", "<i4", "<i8", "<f2", "<f4", "<f8"})

_MAGIC = b"ALBL"
_PREFIX = struct.Struct("<4sIIQ")
PREFIX_BYTES = _PREFIX.size
_ALIGNMENT = 16  # what malloc guarantees, and more than the largest item needs

Array = NDArray[Any]


def encode(message: dict[str, Any], arrays: Sequence[Array] = ()) -> list[memoryview]:
    """Return the bytes of a frame as consecutive pieces; arrays that are dense in memory are not copied.

    Raises:
        ProtocolError: If the message is not JSON, an array's type is not in `DTYPES`, or a limit is exceeded.
    """
    dense = [_dense(array) for array in arrays]
    header = _header_bytes({"message": message, "arrays": [description for description, _ in dense]})
    pieces, length = [memoryview(header)], PREFIX_BYTES + len(header)
    for _, flat in dense:
        gap = bytes(-length % _ALIGNMENT)
        pieces += [memoryview(gap), flat.data]
        length += len(gap) + flat.nbytes
    if length > MAX_FRAME_BYTES or len(arrays) > MAX_ARRAYS:
        raise ProtocolError(
            f"The data is too large to be sent: {length / 2**30:.1f} GiB in {len(arrays)} arrays.", "Crop the volume."
        )
    prefix = _PREFIX.pack(_MAGIC, LAYOUT_VERSION, len(header), length)
    return [memoryview(prefix), *pieces]


def frame_bytes(prefix: bytes) -> int:
    """Return how long the frame is that begins with these `PREFIX_BYTES` bytes; nothing is allocated for it yet.

    Raises:
        ProtocolError: If this is not the beginning of a frame, or a limit is exceeded.
    """
    return _read_prefix(prefix)[1]


def decode(frame: bytes | bytearray) -> tuple[dict[str, Any], list[Array]]:
    """Return message and arrays of a whole frame; the arrays are read-only views of it.

    Raises:
        ProtocolError: If anything about the frame is not as the table says.
    """
    header_length, length = _read_prefix(frame)
    if len(frame) != length:
        raise ProtocolError(f"A frame should have {length} bytes, but has {len(frame)}.")
    start = PREFIX_BYTES + header_length
    header = _read_header(bytes(frame[PREFIX_BYTES:start]))
    message, descriptions = header.get("message"), header.get("arrays")
    if not isinstance(message, dict) or not isinstance(descriptions, list) or len(descriptions) > MAX_ARRAYS:
        raise ProtocolError("The header of a frame does not hold a message and its arrays.")
    arrays = []
    for description in descriptions:
        start += -start % _ALIGNMENT
        array = _array_at(frame, start, description)
        start += array.nbytes
        arrays.append(array)
    if start != length:
        raise ProtocolError(f"The arrays of a frame end at byte {start}, but the frame at {length}.")
    return message, arrays


def _dense(array: Array) -> tuple[dict[str, Any], Array]:
    """Return the description of an array, and its items as flat bytes in the order of its axes in memory."""
    little = array.dtype.newbyteorder("<")
    if little.str not in DTYPES:
        raise ProtocolError(f"Voxels of the type {array.dtype} cannot be sent.", "Cast the volume to float32.")
    if array.size == 0 or array.ndim > MAX_DIMENSIONS:
        raise ProtocolError(f"An array of the shape {array.shape} cannot be sent.")
    # The stride of an axis with one item means nothing.
    axes = sorted(range(array.ndim), key=lambda axis: (array.shape[axis] > 1, -abs(array.strides[axis])))
    dense = np.ascontiguousarray(array.transpose(axes), dtype=little)
    description = {"dtype": little.str, "shape": list(array.shape), "axes": axes}
    return description, dense.reshape(-1).view(np.uint8)


def _header_bytes(header: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(header, default=_plain, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as problem:
        raise ProtocolError(f"A message holds something that cannot be sent as JSON: {problem}") from problem
    if len(text) > MAX_HEADER_BYTES:
        raise ProtocolError(f"A message's header is too long: {len(text) / 2**20:.1f} MiB of JSON.")
    return text.encode("ascii")


def _plain(value: object) -> object:
    """Return numpy's scalars and paths, which tasks put among their figures, as plain JSON values."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__}")


def _read_prefix(frame: bytes | bytearray) -> tuple[int, int]:
    """Return the length of the header and of the frame."""
    if len(frame) < PREFIX_BYTES:
        raise ProtocolError(f"A frame begins with {PREFIX_BYTES} bytes, but only {len(frame)} came.")
    magic, version, header_length, length = _PREFIX.unpack_from(frame)
    if magic != _MAGIC:
        raise ProtocolError("What came is not a frame: it does not begin with the magic bytes.")
    if version != LAYOUT_VERSION:
        raise ProtocolError(
            f"A frame has the layout {version}, but this side reads {LAYOUT_VERSION}.",
            "Let both sides run the same AutoLabel, and start the worker again.",
        )
    if header_length > MAX_HEADER_BYTES or not PREFIX_BYTES + header_length <= length <= MAX_FRAME_BYTES:
        raise ProtocolError(f"A frame claims impossible lengths: header {header_length}, in all {length} bytes.")
    return header_length, length


def _read_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ProtocolError("The header of a frame is not JSON.") from problem
    if not isinstance(header, dict):
        raise ProtocolError("The header of a frame is not a JSON object.")
    return header


def _array_at(frame: bytes | bytearray, start: int, description: object) -> Array:
    """Return the array that is described, as a read-only view of the frame from a byte on."""
    if not isinstance(description, dict):
        raise ProtocolError("An array of a frame is not described.")
    dtype = description.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ProtocolError("An array of a frame has a type that is not allowed.")
    shape, axes = _sizes(description.get("shape")), _sizes(description.get("axes"))
    if sorted(axes) != list(range(len(shape))):
        raise ProtocolError("An array of a frame has an impossible order of axes.")
    count = math.prod(shape)
    if count == 0 or start + count * np.dtype(dtype).itemsize > len(frame):
        raise ProtocolError("An array of a frame is empty, or longer than the frame.")
    flat = np.frombuffer(frame, dtype, count, start)
    array = flat.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes))
    array.setflags(write=False)
    return array


def _sizes(values: object) -> list[int]:
    """Return a list that must hold a few whole numbers, none negative."""
    if not isinstance(values, list) or len(values) > MAX_DIMENSIONS:
        raise ProtocolError("An array of a frame has an impossible shape.")
    if not all(type(value) is int and value >= 0 for value in values):
        raise ProtocolError("An array of a frame has an impossible shape.")
    return values
