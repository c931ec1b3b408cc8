"""MetaImage files (.mha): written directly, and checked to be whole before ITK reads them.

Source: https://itk.org/Wiki/ITK/MetaIO/Documentation
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, lps_from_ras
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.files import packed

_TYPE_NAMES = {
    "u1": "MET_UCHAR",
    "i1": "MET_CHAR",
    "u2": "MET_USHORT",
    "i2": "MET_SHORT",
    "u4": "MET_UINT",
    "i4": "MET_INT",
    "u8": "MET_ULONG_LONG",
    "i8": "MET_LONG_LONG",
    "f4": "MET_FLOAT",
    "f8": "MET_DOUBLE",
}
_BYTES = {name: int(code[1]) for code, name in _TYPE_NAMES.items()}
_REQUIRED = {"NDims", "DimSize", "ElementType", "ElementDataFile"}
_LONGEST_HEADER_BYTES = 65536


def write(path: Path, array: NDArray[Any], affine: Affine) -> None:
    """Write voxels (C, I, J, K) as a compressed MetaImage file; several channels become components.

    Args:
        path: Where to.
        array: (C, I, J, K).
        affine: (4, 4), index to RAS mm.
    """
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    lps = lps_from_ras(affine)
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    compressed = zlib.compress(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="F"), 1)
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "True",
        "CompressedDataSize": str(len(compressed)),
        "TransformMatrix": _numbers((lps[:3, :3] / spacing).T.ravel()),
        "Offset": _numbers(lps[:3, 3]),
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": _numbers(spacing),
        "DimSize": " ".join(map(str, array.shape[1:])),
        "AnatomicalOrientation": "RAI",  # MetaIO names where an axis comes from: this is LPS
        "ElementNumberOfChannels": str(array.shape[0]),
        "ElementType": _TYPE_NAMES[array.dtype.str[1:]],
        "ElementDataFile": "LOCAL",
    }
    with path.open("wb") as stream:
        stream.write("".join(f"{key} = {value}\n" for key, value in fields.items()).encode("ascii"))
        stream.write(compressed)


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(repr(float(value) + 0.0) for value in values)


def check_complete(path: Path) -> None:
    """Raise FileError if a MetaImage file is cut off or damaged: ITK prints the one and overlooks the other."""
    with path.open("rb") as stream:
        start = stream.read(_LONGEST_HEADER_BYTES)
    fields: dict[str, str] = {}
    offset = 0
    for line in start.splitlines(keepends=True):
        offset += len(line)
        key, _, value = line.decode("latin-1").partition("=")
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            break
    damaged = FileError(f'"{path.name}" cannot be read: it is damaged or cut off.', "Copy or export it again.")
    if not fields.keys() >= _REQUIRED:
        raise damaged
    data_file = fields["ElementDataFile"]
    if data_file != "LOCAL":
        path, offset = path.parent / data_file, 0
        if not path.is_file():  # a missing file, or a list of files, which ITK can tell apart
            return
    if path.stat().st_size - offset < _expected_bytes(fields):
        raise damaged
    if fields.get("CompressedData", "").lower() == "true" and not packed.is_intact(path, offset):
        raise damaged


def _expected_bytes(fields: dict[str, str]) -> int:
    try:
        if fields.get("CompressedData", "").lower() == "true":
            return int(fields.get("CompressedDataSize", 0))
        voxels = math.prod(int(size) for size in fields["DimSize"].split())
        return voxels * int(fields.get("ElementNumberOfChannels", 1)) * _BYTES.get(fields["ElementType"], 0)
    except (KeyError, ValueError):
        return 0  # ITK says what is wrong with such a header
