"""Whether compressed voxels are what was written: their checksum, which ITK and nibabel leave unread.

One flipped bit in a compressed volume changes voxels without any other sign.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
_HEADER_END = b"\n\n"
_LONGEST_HEADER_BYTES = 1 << 20
_GZIP_OR_ZLIB = 47  # zlib's way to ask for whichever it finds


def is_intact(path: Path, offset: int = 0) -> bool:
    """Return whether a zlib or gzip stream in a file is whole and fits its checksum.

    Args:
        path: The file.
        offset: Where the stream starts, in bytes.
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        return _unpacks(stream)


def is_intact_nrrd(path: Path) -> bool:
    """Return whether the voxels of an NRRD file fit their checksum; true where it holds none."""
    with path.open("rb") as stream:
        header = stream.read(_LONGEST_HEADER_BYTES).partition(_HEADER_END)[0]
    fields = header.lower().replace(b" ", b"")
    is_packed = b"\nencoding:gz" in fields
    # "data file" means that the voxels are elsewhere; ITK writes them uncompressed or says so if they are missing.
    return not is_packed or b"\ndatafile:" in fields or is_intact(path, len(header) + len(_HEADER_END))


def _unpacks(stream: BinaryIO) -> bool:
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        while not unpacker.eof:
            block = unpacker.unconsumed_tail or stream.read(_BLOCK_BYTES)
            if not block:
                return False
            unpacker.decompress(block, _BLOCK_BYTES)
    except zlib.error:
        return False
    return True
