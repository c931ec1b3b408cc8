"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.files import formats

_HINTS = {
    errno.ENOSPC: "The disk is full: free some space or choose another folder.",
    errno.EDQUOT: "Your disk quota is used up: free some space or choose another folder.",
    errno.EFBIG: "The file is too large for this disk: choose another folder.",
    errno.EACCES: "You may not write there: choose another folder.",
    errno.EPERM: "You may not write there: choose another folder.",
    errno.EROFS: "The disk is read-only: choose another folder.",
    errno.ENOENT: "The folder does not exist: create it first.",
    errno.ENAMETOOLONG: "The name is too long: choose a shorter one.",
}


def check_target(path: str | Path, overwrite: bool = True) -> None:
    """Raise FileError if a file could not be written there; to be called before the work that produces it.

    Args:
        path: Where the file shall be.
        overwrite: Whether a file that is already there may be replaced.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(f'"{path}" is a folder.', "Give the name of a file.")
    if not overwrite and path.exists():
        raise FileError(f'"{path}" exists already.', "Choose another name, or allow it to be overwritten.")
    if not path.parent.is_dir():
        raise FileError(f'The folder "{path.parent}" does not exist.', "Create it first.")
    if not os.access(path.parent, os.W_OK):
        raise FileError(f'The folder "{path.parent}" cannot be written to.', "Choose another folder.")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a path beside the wanted one to write to; at the end of the block it takes the wanted one's place.

    If the block fails, or the disk does, nothing is left beside it and a file that was there stays as it was.

    Args:
        path: Where the file shall be. A link is followed, so that it keeps pointing to the file.

    Raises:
        FileError: If the file cannot be written; the hint says why.
    """
    target = Path(path).resolve()
    check_target(target)
    # The ending stays, because libraries choose the format by it.
    stem, ending = formats.without_suffix(target).name, formats.suffix(target)
    beside = target.with_name(f".{stem[:40]}.{uuid.uuid4().hex[:8]}.part{ending}")
    try:
        yield beside
        _flush_to_disk(beside)
        beside.replace(target)
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "Choose another folder.")
        raise FileError(f'"{path}" cannot be written: {error.strerror or error}.', hint) from error
    finally:
        beside.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Wait until a file is on the disk: some file systems report that they are full only then."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
