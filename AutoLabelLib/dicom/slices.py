"""One slice of a series: a classic file, or one frame of an enhanced (multi-frame) file.

Source: DICOM PS3.3 C.7.6.2 (Image Plane), C.7.6.16 (Multi-frame Functional Groups), C.11.1 (Modality LUT).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import GeometryError, UnsupportedVolumeError

_GREY = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, eq=False)
class Slice:
    """Where a slice is in the patient, and how its stored values become real ones.

    Attributes:
        path: The file.
        frame: Index in a multi-frame file; None for a classic file.
        modality: Such as "CT".
        shape_ij: Number of columns and of rows.
        position_lps_mm: (3,), centre of the first voxel.
        row_lps: (3,), unit vector along a row (columns counting up).
        column_lps: (3,), unit vector along a column (rows counting up).
        spacing_ij_mm: Distance of voxels along a row, and along a column.
        thickness_mm: Nominal distance to the next slice; used only where there is no next one.
        bits: Of a stored value.
        slope: Factor on stored values.
        intercept: Summand after it; None where the file gives no rescaling.
        rescale_unit: Unit after rescaling as the file names it, such as "HU"; "" where it does not.
    """

    path: Path
    frame: int | None
    modality: str
    shape_ij: tuple[int, int]
    position_lps_mm: NDArray[np.float64]
    row_lps: NDArray[np.float64]
    column_lps: NDArray[np.float64]
    spacing_ij_mm: tuple[float, float]
    thickness_mm: float
    bits: int
    slope: float
    intercept: float | None
    rescale_unit: str

    @property
    def stays_integer(self) -> bool:
        """Whether every rescaled value is a whole number of 32 bits."""
        slope, intercept = self.slope, self.intercept or 0.0
        return slope.is_integer() and intercept.is_integer() and self.bits <= 16 and abs(slope) < 2**14

    @property
    def normal_lps(self) -> NDArray[np.float64]:
        """(3,), unit vector perpendicular to the slice."""
        return np.cross(self.row_lps, self.column_lps)


def slices_of(dataset: Any, path: Path) -> list[Slice]:
    """Return the slices that a file holds.

    Raises:
        UnsupportedVolumeError: If they are colour pictures, or frames without a place in the patient.
        GeometryError: If the place in the patient is missing or makes no sense.
    """
    if int(dataset.get("SamplesPerPixel", 1)) != 1 or dataset.get("PhotometricInterpretation") not in _GREY:
        raise UnsupportedVolumeError(
            "The series holds colour pictures, not values of one volume.", "Choose the original series."
        )
    if int(dataset.get("NumberOfFrames") or 1) > 1 or "PerFrameFunctionalGroupsSequence" in dataset:
        return _slices_of_enhanced(dataset, path)
    return [_slice(dataset, path, None, dataset, dataset, dataset, dataset)]


def _slices_of_enhanced(dataset: Any, path: Path) -> list[Slice]:
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        raise UnsupportedVolumeError(
            "The series is a multi-frame picture whose frames have no place in the patient.",
            "Choose a series of slices, or an enhanced CT, MR or PET.",
        )
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]

    def group(frame: Any, keyword: str) -> Any:
        """Return a functional group of a frame, or the one that all frames share."""
        for holder in (frame, shared):
            if holder is not None and holder.get(keyword):
                return holder[keyword].value[0]
        return {}

    return [
        _slice(
            dataset,
            path,
            index,
            group(frame, "PlanePositionSequence"),
            group(frame, "PlaneOrientationSequence"),
            group(frame, "PixelMeasuresSequence"),
            group(frame, "PixelValueTransformationSequence"),
        )
        for index, frame in enumerate(frames)
    ]


def _slice(
    dataset: Any, path: Path, frame: int | None, position: Any, orientation: Any, measures: Any, rescale: Any
) -> Slice:
    origin = _numbers(position.get("ImagePositionPatient"), 3)
    cosines = _numbers(orientation.get("ImageOrientationPatient"), 6)
    between_rows, between_columns = _numbers(measures.get("PixelSpacing"), 2)
    row, column = cosines[:3], cosines[3:]
    if not np.allclose([row @ row, column @ column, row @ column], [1, 1, 0], atol=1e-3):
        raise GeometryError("The orientation of a slice is not two perpendicular unit vectors.", "Export it again.")
    intercept = rescale.get("RescaleIntercept")
    return Slice(
        path=path,
        frame=frame,
        modality=str(dataset.get("Modality") or ""),
        shape_ij=(int(dataset.Columns), int(dataset.Rows)),
        position_lps_mm=origin,
        row_lps=row,
        column_lps=column,
        spacing_ij_mm=(float(between_columns), float(between_rows)),
        thickness_mm=float(measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 1.0),
        bits=int(dataset.BitsAllocated),
        slope=float(rescale.get("RescaleSlope") or 1.0),
        intercept=None if intercept is None else float(intercept),
        rescale_unit=str(rescale.get("RescaleType") or ""),
    )


def _numbers(values: Any, count: int) -> NDArray[np.float64]:
    if values is None or len(values) != count:
        raise GeometryError(
            "A slice does not say where it is in the patient (position, orientation or pixel spacing is missing).",
            "Choose the original series of the scanner, not a screenshot or a scout.",
        )
    numbers = np.array([float(value) for value in values])
    if not np.isfinite(numbers).all():
        raise GeometryError("The place of a slice in the patient is not a finite number.", "Export it again.")
    return numbers
