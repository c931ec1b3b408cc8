"""NIfTI files, through nibabel, which unlike ITK reads sheared grids as they are."""

from __future__ import annotations

import gzip
import logging
import math
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, ras_from_lps
from AutoLabelLib.core.errors import FileError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.packages import require

_DAMAGE = (OSError, EOFError, ValueError, TypeError, ArithmeticError, LookupError, zlib.error)
_MM_PER_UNIT = {1: 1000.0, 3: 0.001}  # NIfTI's codes of metre and micron; whatever else is taken as mm
_BLOCK_BYTES = 1 << 20
_NIFTI_1_HEADER_BYTES, _NIFTI_2_HEADER_BYTES = 348, 540
_UNIT_BITS = 0b111
_VECTOR_INTENT = 1007
_SCANNER_FRAME = 1
_FAST = 1  # gzip's level


def read(path: Path, time_point: int | None = None) -> Image:
    """Return the image in a NIfTI file.

    Raises:
        FileError: If it is damaged or no NIfTI.
        UnsupportedVolumeError: If it is 4D and no time point is chosen, or it is a colour picture.
    """
    nibabel = require("nibabel")
    try:
        with _quiet(nibabel), _unpacked(path) as stream:
            nifti = _open(nibabel, stream)
            if nifti.get_data_dtype().fields:
                raise UnsupportedVolumeError(f'"{path.name}" holds colours, not values of one volume.')
            affine = _affine(nifti)
            values = np.asarray(nifti.dataobj.get_unscaled())
            while stream.read(_BLOCK_BYTES):
                pass  # gzip compares its checksum at the end of the file, to where nibabel does not read
    except (*_DAMAGE, nibabel.spatialimages.HeaderDataError, nibabel.filebasedimages.ImageFileError) as error:
        message = f'"{path.name}" cannot be read: it is damaged or cut off.'
        raise FileError(message, "Copy or export it again.") from error
    except MemoryError as error:
        raise FileError(f'"{path.name}" does not fit into memory, or is damaged.', "Crop it first.") from error
    array = _scaled(_channels_first(values, path.name, time_point), nifti.dataobj.slope, nifti.dataobj.inter)
    return Image(array, affine)


def _unpacked(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _open(nibabel: Any, stream: BinaryIO) -> Any:
    """Return the image in a stream; the size of the header, in either byte order, tells NIfTI-2 from NIfTI-1."""
    header = stream.read(_NIFTI_2_HEADER_BYTES)
    stream.seek(0)
    if len(header) < _NIFTI_1_HEADER_BYTES:
        raise EOFError
    size = header[:4]
    is_second = _NIFTI_2_HEADER_BYTES in (int.from_bytes(size, "little"), int.from_bytes(size, "big"))
    kind = nibabel.Nifti2Image if is_second else nibabel.Nifti1Image
    return kind.from_file_map({"image": nibabel.FileHolder(fileobj=stream)}, mmap=False)


@contextmanager
def _quiet(nibabel: Any) -> Iterator[None]:
    """Keep nibabel's remarks about the headers that it repairs off the console."""
    logger = nibabel.imageglobals.logger
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _channels_first(values: NDArray[Any], name: str, time_point: int | None) -> NDArray[Any]:
    """Return (C, I, J, K) from NIfTI's (I, J, K, time, components), of which the later axes may be missing."""
    shape = values.shape + (1,) * (5 - values.ndim)
    values = values.reshape((*shape[:4], math.prod(shape[4:])))
    return np.moveaxis(values[:, :, :, chosen_time_point(shape[3], time_point, name)], -1, 0)


def chosen_time_point(available: int, time_point: int | None, name: str) -> int:
    """Return which volume of a file to take.

    Raises:
        UnsupportedVolumeError: If there are several and none is chosen, or there is no such one.
    """
    if time_point is None and available > 1:
        raise UnsupportedVolumeError(
            f'"{name}" is 4D: it holds {available} volumes (time points), but one is needed.',
            f"Choose one from 0 to {available - 1}: read_image(path, time_point=0), or --time-point 0 in the command.",
        )
    if not 0 <= (time_point or 0) < max(1, available):
        raise UnsupportedVolumeError(
            f'"{name}" has no time point {time_point}.', f"It holds {available}; the first one is 0."
        )
    return time_point or 0


def _scaled(array: NDArray[Any], slope: float, intercept: float) -> NDArray[Any]:
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if slope == 1.0 and intercept == 0.0:
        return native
    # 24 bits of mantissa hold every 16-bit integer exactly, but not every 32-bit one.
    precise = np.dtype(np.float64 if native.dtype.itemsize > 2 and native.dtype.kind in "iu" else np.float32)
    scaled = native.astype(np.result_type(precise, native.dtype) if native.dtype.kind == "f" else precise)
    scaled *= slope
    scaled += intercept
    return scaled


def _affine(nifti: Any) -> Affine:
    header = nifti.header
    if int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0:
        affine = np.array(nifti.affine, dtype=np.float64)
    else:
        # Nothing says where the voxels are: as ITK, and so Slicer, take LPS axes from 0; nibabel would centre them.
        affine = ras_from_lps(np.diag([*np.abs(header["pixdim"][1:4]).astype(np.float64), 1.0]))
    affine[:3] *= _MM_PER_UNIT.get(int(header["xyzt_units"]) & _UNIT_BITS, 1.0)
    return affine


def write(path: Path, array: NDArray[Any], affine: Affine) -> None:
    """Write voxels (C, I, J, K) as a NIfTI file; several channels become a vector per voxel."""
    nibabel = require("nibabel")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    values = array[0] if array.shape[0] == 1 else np.moveaxis(array, 0, -1)[:, :, :, None, :]
    nifti = nibabel.Nifti1Image(values, affine, dtype=values.dtype)
    if array.shape[0] > 1:
        nifti.header["intent_code"] = _VECTOR_INTENT
    nifti.header.set_xyzt_units("mm")
    nifti.set_sform(affine, _SCANNER_FRAME)
    # The qform cannot hold shear: without it a reader has the exact sform or says that it cannot read the file.
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    sheared = not np.allclose(axes.T @ axes, np.eye(3), atol=1e-5)
    nifti.set_qform(affine, 0 if sheared else _SCANNER_FRAME, strip_shears=True)
    # Through a stream of ours: nibabel leaves its own open when the disk is full.
    with path.open("wb") as stream, _packed(stream, path) as packed:
        nifti.to_stream(packed)


def _packed(stream: BinaryIO, path: Path) -> AbstractContextManager[BinaryIO]:
    if path.suffix.lower() != ".gz":
        return nullcontext(stream)
    # Without name and time, equal images make equal files.
    return gzip.GzipFile("", "wb", _FAST, stream, mtime=0)  # type: ignore[return-value]
