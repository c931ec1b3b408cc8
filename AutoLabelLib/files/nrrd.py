"""NRRD files, written directly, so that a full disk is an error and every header field can be set.

Source: http://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, lps_from_ras

_TYPE_NAMES = {
    "u1": "unsigned char",
    "i1": "signed char",
    "u2": "unsigned short",
    "i2": "short",
    "u4": "unsigned int",
    "i4": "int",
    "u8": "unsigned long long",
    "i8": "long long",
    "f4": "float",
    "f8": "double",
}
_GZIP_WINDOW = 31  # zlib's way to ask for a gzip stream
_FAST = 1  # zlib's level: level 6 takes four times as long for a tenth less


def write(
    path: Path, array: NDArray[Any], affine: Affine, texts: Mapping[str, str] | None = None, kind: str = "vector"
) -> None:
    """Write voxels as a gzip-compressed NRRD file in LPS.

    Args:
        path: Where to.
        array: (C, I, J, K); a single channel is written without the axis of channels.
        affine: (4, 4), index to RAS mm.
        texts: Further header fields, key to value.
        kind: What the axis of channels is: "vector", or "list" for the layers of a segmentation.
    """
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    values = array if array.shape[0] > 1 else array[0]
    with path.open("wb") as stream:
        stream.write(_header(values, affine, texts or {}, kind).encode("utf-8"))
        packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP_WINDOW)
        for block in _blocks(values):
            stream.write(packer.compress(block))
        stream.write(packer.flush())


def _blocks(values: NDArray[Any]) -> Iterator[bytes]:
    """Give the bytes of the voxels slice by slice, the first axis running fastest, without a copy of the whole."""
    little_endian = values.dtype.newbyteorder("<")
    for index in range(values.shape[-1]):
        yield np.asarray(values[..., index], dtype=little_endian).tobytes(order="F")


def _header(values: NDArray[Any], affine: Affine, texts: Mapping[str, str], kind: str) -> str:
    lps = lps_from_ras(affine)
    directions = [_vector(lps[:3, axis]) for axis in range(3)]
    kinds = ["domain"] * 3
    if values.ndim == 4:
        directions.insert(0, "none")
        kinds.insert(0, kind)
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        f"type: {_TYPE_NAMES[values.dtype.str[1:]]}",
        f"dimension: {values.ndim}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, values.shape))}",
        f"space directions: {' '.join(directions)}",
        f"kinds: {' '.join(kinds)}",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(lps[:3, 3])}",
        *(f"{key}:={_escaped(text)}" for key, text in texts.items()),
    ]
    return "\n".join(lines) + "\n\n"


def _vector(values: NDArray[np.float64]) -> str:
    # repr of a float is the shortest text that reads back as the same number.
    return "(" + ",".join(repr(float(value) + 0.0) for value in values) + ")"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
