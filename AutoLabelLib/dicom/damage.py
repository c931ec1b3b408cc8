"""A damaged DICOM file as one readable error: pydicom finds damage late, and says so in many ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.packages import require

# Elements are converted when they are first looked at, by whatever conversion their bytes ask for.
_SIGNS = (OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, NotImplementedError)


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what pydicom raises about a file, and about elements read from it, into a FileError."""
    errors = require("pydicom").errors
    try:
        yield
    except (*_SIGNS, errors.InvalidDicomError, errors.BytesLengthException) as error:
        raise damaged(path) from error


def damaged(path: Path) -> FileError:
    """Return the error for a damaged file."""
    return FileError(f'"{path.name}" cannot be read: it is damaged or cut off.', "Export the series again.")
