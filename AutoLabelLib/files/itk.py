"""NRRD and MetaImage files, read through SimpleITK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.affine import Affine, ras_from_lps
from AutoLabelLib.core.errors import FileError, GeometryError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.packages import require
from AutoLabelLib.files import formats, metaimage, packed
from AutoLabelLib.files.nifti import chosen_time_point

_COLOR_KINDS = ("RGB-color", "RGBA-color", "HSV-color", "XYZ-color")
_PIXEL_KIND = "NRRD_kinds[pixel]"


@dataclass(frozen=True, eq=False)
class ItkFile:
    """What a file holds: the voxels, and the texts of its header by key."""

    image: Image
    metadata: Mapping[str, str]


def read(path: Path, time_point: int | None = None) -> ItkFile:
    """Return the image in an NRRD or MetaImage file together with its header's texts.

    Raises:
        FileError: If it is damaged.
        UnsupportedVolumeError: If it is 4D and no time point is chosen, or it is a colour picture.
        GeometryError: If its affine is singular.
    """
    sitk = require("SimpleITK")
    if formats.suffix(path) in formats.META_IMAGE:
        metaimage.check_complete(path)
    elif not packed.is_intact_nrrd(path):
        raise _damaged(path.name)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with _quiet(sitk):
            reader.ReadImageInformation()
            metadata = _texts(reader)
            _refuse_colors(sitk, reader, metadata, path.name)
            _choose_volume(reader, path.name, time_point)
            image = reader.Execute()
    except RuntimeError as error:
        raise _readable(error, path.name) from error
    array = _channels_first(sitk, image)
    if formats.suffix(path) == ".seq.nrrd":  # Slicer keeps the time points of a sequence as components of each voxel
        array = array[chosen_time_point(len(array), time_point, path.name)][None]
    return ItkFile(Image(array, _affine(image)), metadata)


@contextmanager
def _quiet(sitk: Any) -> Iterator[None]:
    """Keep ITK's warnings off the console while a file is read."""
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)


def _texts(reader: Any) -> dict[str, str]:
    """Return the header's texts; what is no UTF-8 in them becomes a replacement character."""
    keys = [key for key in reader.GetMetaDataKeys() if key.isascii()]
    return {key: reader.GetMetaData(key).encode("utf-8", "surrogateescape").decode("utf-8", "replace") for key in keys}


def _choose_volume(reader: Any, name: str, time_point: int | None) -> None:
    size = list(reader.GetSize())
    if len(size) > 4:
        raise UnsupportedVolumeError(f'"{name}" has {len(size)} dimensions, but a volume has 3.')
    if len(size) == 4:
        chosen = chosen_time_point(size[3], time_point, name)
        reader.SetExtractSize([*size[:3], 0])
        reader.SetExtractIndex([0, 0, 0, chosen])


def _refuse_colors(sitk: Any, reader: Any, metadata: Mapping[str, str], name: str) -> None:
    kind = metadata.get(_PIXEL_KIND)
    is_byte_triple = reader.GetPixelID() == sitk.sitkVectorUInt8 and reader.GetNumberOfComponents() in (3, 4)
    # MetaImage does not say what the components are: three or four bytes are a colour there.
    if kind in _COLOR_KINDS or (is_byte_triple and kind is None):
        raise UnsupportedVolumeError(
            f'"{name}" is a colour picture (RGB), not values of one volume.', "Convert it to grey values first."
        )


def _channels_first(sitk: Any, image: Any) -> Any:
    """Return (C, I, J, K) from ITK's (K, J, I[, C]); a flat picture becomes one slice."""
    array = sitk.GetArrayFromImage(image)
    array = array[..., None] if image.GetNumberOfComponentsPerPixel() == 1 else array
    if image.GetDimension() == 2:
        array = array[None]
    return array.transpose(3, 2, 1, 0)


def _affine(image: Any) -> Affine:
    dimension = image.GetDimension()
    affine = np.eye(4)
    directions = np.reshape(image.GetDirection(), (dimension, dimension))
    affine[:dimension, :dimension] = directions * np.asarray(image.GetSpacing())
    affine[:dimension, 3] = image.GetOrigin()
    return ras_from_lps(affine)


def _readable(error: RuntimeError, name: str) -> FileError | GeometryError:
    text = str(error).lower()
    if "determinant" in text or "zero-valued spacing" in text:
        return GeometryError(
            f'The affine of "{name}" is singular: two of its axes coincide or a spacing is zero.',
            "Check how the file was made.",
        )
    return _damaged(name)


def _damaged(name: str) -> FileError:
    return FileError(f'"{name}" cannot be read: it is damaged or cut off.', "Copy or export it again.")
