"""Voxel values of slices: decoded, rescaled, stacked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.packages import require
from AutoLabelLib.dicom.damage import damage_named, damaged
from AutoLabelLib.dicom.slices import Slice


def read(ordered: list[Slice]) -> tuple[NDArray[Any], str | None]:
    """Return the values (I, J, K) of slices in their order, and the unit: "HU" for calibrated CT, else None.

    Values stay integers where all slices' slopes and intercepts are whole numbers; else they are float32.

    Raises:
        FileError: If a file is cut off, or its compression is not known.
        MissingDependency: If the package that decodes it is not installed.
    """
    whole = all(one.stays_integer for one in ordered)
    columns, rows = ordered[0].shape_ij
    # Fortran order: each slice is one block, as in the files and in Slicer.
    values = np.zeros((columns, rows, len(ordered)), np.int32 if whole else np.float32, order="F")
    decoded_path, decoded = None, np.empty(0)
    for index, one in enumerate(ordered):
        if one.path != decoded_path:  # a multi-frame file is decoded once, not once per frame
            decoded_path, decoded = one.path, _decoded(one)
        with damage_named(one.path):  # there may be fewer frames or voxels than the header says
            stored = decoded if one.frame is None else decoded[one.frame]
            real = stored * one.slope + (one.intercept or 0.0)
            values[:, :, index] = (np.rint(real) if whole else real).T
    return (_smallest_integers(values) if whole else values), _unit(ordered)


def _decoded(one: Slice) -> NDArray[Any]:
    """Return the stored values of a file, (rows, columns) or (frames, rows, columns)."""
    with damage_named(one.path):
        dataset = require("pydicom").dcmread(one.path)
        try:
            return np.asarray(dataset.pixel_array)
        except (RuntimeError, NotImplementedError):
            compression = dataset.file_meta.TransferSyntaxUID
            if not compression.is_compressed:
                raise damaged(one.path) from None
        return _decoded_by_itk(one, compression.name)


def _decoded_by_itk(one: Slice, compression: str) -> NDArray[Any]:
    """Decode with the GDCM in SimpleITK, for compressions that pydicom has no plug-in for."""
    sitk = require("SimpleITK")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(one.path))
    reader.SetImageIO("GDCMImageIO")
    warns = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise FileError(
            f'"{one.path.name}" cannot be decoded: it is damaged, or no decoder for "{compression}" is installed.',
            "Install more decoders: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg",
        ) from error
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(warns)
    values = sitk.GetArrayFromImage(image)
    if one.frame is None:
        values = values.reshape(values.shape[-2:])
    # ITK has rescaled already; `read` does that, too.
    return np.asarray((values - (one.intercept or 0.0)) / one.slope)


def _smallest_integers(values: NDArray[Any]) -> NDArray[Any]:
    """Return 32-bit integers as 16-bit ones where they fit: half the memory, and exact."""
    low, high = int(values.min()), int(values.max())
    for kind in (np.int16, np.uint16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def _unit(ordered: list[Slice]) -> str | None:
    first = ordered[0]
    calibrated = first.intercept is not None and first.rescale_unit in ("", "HU")
    return "HU" if first.modality == "CT" and calibrated else None
