"""A folder of DICOM files: which series it holds, and one of them as an image."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.packages import require
from AutoLabelLib.dicom import pixels, slices, stack
from AutoLabelLib.dicom.damage import damage_named, damaged

_SCANNED_TAGS = ["SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality", "Rows"]
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_IMAGE_CLASS = "Image Storage"
_NOT_IMAGES = ("SEG", "RTDOSE", "RTSTRUCT", "PR", "SR", "KO", "REG")


class _Header(NamedTuple):
    """What tells series apart."""

    uid: str
    number: int | None
    description: str
    modality: str


@dataclass(frozen=True)
class Series:
    """One image series of a folder.

    Attributes:
        uid: SeriesInstanceUID.
        number: SeriesNumber; None where it has none.
        description: SeriesDescription.
        modality: Such as "CT".
        files: Its files, in no particular order.
    """

    uid: str
    number: int | None
    description: str
    modality: str
    files: tuple[Path, ...]

    def __str__(self) -> str:
        number = "without number" if self.number is None else f"number {self.number}"
        return f'{number}, "{self.description}" ({self.modality}, {len(self.files)} files, {self.uid})'


def list_series(folder: str | Path) -> list[Series]:
    """Return the image series in a folder and its subfolders, by number.

    Raises:
        FileError: If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileError(f'There is no folder "{folder}".', "Choose the folder that holds the DICOM files.")
    found: dict[str, tuple[_Header, list[Path]]] = {}
    with quiet():
        for path in sorted(folder.rglob("*")):
            hidden = path.name.startswith(".")  # such as the "._" files that macOS leaves on other disks
            header = None if hidden or not path.is_file() else _header(path)
            if header is not None:
                found.setdefault(header.uid, (header, []))[1].append(path)
    series = [Series(h.uid, h.number, h.description, h.modality, tuple(files)) for h, files in found.values()]
    return sorted(series, key=lambda one: (one.number is None, one.number or 0, one.uid))


def read_series(folder: str | Path, series_uid: str | None = None) -> Image:
    """Return one series of a folder as an image: rescaled values, with "HU" as unit for calibrated CT.

    Files without an ending, files in subfolders and files that are no DICOM images are no obstacle. A tilted gantry
    gives a sheared affine.

    Args:
        folder: Folder of the files.
        series_uid: SeriesInstanceUID, or SeriesNumber where it is unique; None if there is only one series.

    Raises:
        FileError: If there is no series, or a file is damaged.
        InputError: If there are several series and none is chosen.
        GeometryError: If slices are missing, doubled, or do not form one volume.
        UnsupportedVolumeError: If the slices are colour pictures, or frames that are no volume.
        MissingDependency: If no decoder for the compression is installed.
    """
    chosen = _choose(list_series(folder), series_uid, Path(folder))
    with quiet():
        members = [one for path in chosen.files for one in _slices_of_file(path)]
        ordered, affine = stack.build(members)
        array, unit = pixels.read(ordered)
    return Image(array[None], affine, chosen.modality, unit=unit)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom's remarks about sloppy files off the console; they may also quote patient data."""
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _header(path: Path) -> _Header | None:
    """Return what tells series apart; None for what is no DICOM image.

    Raises:
        FileError: If it looks like a DICOM image that is cut off: leaving it out would lose a slice silently.
    """
    pydicom = require("pydicom")
    with damage_named(path):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_SCANNED_TAGS)
        except pydicom.errors.InvalidDicomError:
            if path.suffix.lower() == ".dcm":
                raise
            return None
        if header.get("Modality") in _NOT_IMAGES or _is_directory(header):
            return None
        if "SeriesInstanceUID" not in header or "Rows" not in header:
            sop_class = header.get("SOPClassUID")
            if sop_class is None or sop_class.name.endswith(_IMAGE_CLASS):
                raise damaged(path)
            return None
        number = header.get("SeriesNumber")
        return _Header(
            str(header.SeriesInstanceUID),
            None if number is None else int(number),
            str(header.get("SeriesDescription") or ""),
            str(header.get("Modality") or ""),
        )


def _is_directory(header: Any) -> bool:
    """Return whether a file is a DICOMDIR, the table of contents of a disc."""
    return bool(header.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY_CLASS)


def _choose(series: list[Series], wanted: str | None, folder: Path) -> Series:
    if not series:
        raise FileError(f'There is no DICOM image in "{folder}".', "Choose the folder that holds the DICOM files.")
    matching = [one for one in series if wanted is None or wanted in (one.uid, str(one.number))]
    if len(matching) == 1:
        return matching[0]
    listed = "; ".join(str(one) for one in series)
    hint = "Choose one by its number or UID: series_uid=... in Python, --series on the command line."
    if wanted is not None:
        raise InputError(f'{len(matching)} series match "{wanted}". There are: {listed}.', hint)
    raise InputError(f"The folder holds {len(series)} series: {listed}.", hint)


def _slices_of_file(path: Path) -> list[slices.Slice]:
    with damage_named(path):
        return slices.slices_of(require("pydicom").dcmread(path, stop_before_pixels=True), path)
