"""Synthetic DICOM series, written with pydicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

COLUMNS, ROWS, SLICES = 5, 4, 6
SERIES_UID = "1.2.3.4"


def volume() -> np.ndarray:
    """Return stored values (I, J, K) of which none occurs twice."""
    return np.arange(COLUMNS * ROWS * SLICES, dtype=np.int16).reshape(COLUMNS, ROWS, SLICES)


def plane(dataset: Dataset, stored: np.ndarray) -> None:
    dataset.Columns, dataset.Rows = stored.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 1, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = stored.tobytes(order="F")


def _file(sop_class: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = SERIES_UID, "1.2.3"
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "4711"
    dataset.SeriesNumber, dataset.SeriesDescription, dataset.Modality = 3, "thin", "CT"
    return dataset


def ct_slices(
    orientation: tuple[float, ...] = (1, 0, 0, 0, 1, 0), step_lps_mm: tuple[float, float, float] = (0, 0, 2.5)
) -> list[Dataset]:
    """Return a CT series slice by slice, in the order of k."""
    slices = []
    for k in range(SLICES):
        dataset = _file(CTImageStorage)
        plane(dataset, volume()[:, :, k])
        dataset.ImageOrientationPatient = list(orientation)
        dataset.ImagePositionPatient = [
            round(float(v), 6) for v in np.array([-30, 20, 100]) + np.multiply(step_lps_mm, k)
        ]
        dataset.PixelSpacing = [0.8, 0.6]  # between rows, between columns
        dataset.SliceThickness = 2.5
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
        dataset.InstanceNumber = SLICES - k
        slices.append(dataset)
    return slices


def enhanced_ct() -> Dataset:
    """Return the same volume as one enhanced multi-frame file, with its frames in a shuffled order."""
    order = [3, 0, 5, 1, 4, 2]
    dataset = _file(EnhancedCTImageStorage)
    plane(dataset, volume()[:, :, 0])
    dataset.NumberOfFrames = SLICES
    dataset.PixelData = b"".join(volume()[:, :, k].tobytes(order="F") for k in order)
    shared, measures, rescale, orientation = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.8, 0.6], 2.5
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, -1024, "HU"
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PixelValueTransformationSequence = [measures], [rescale]
    shared.PlaneOrientationSequence = [orientation]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for k in order:
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = [-30, 20, 100 + 2.5 * k]
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    return dataset


@pytest.fixture
def write_series(tmp_path: Path) -> Callable[..., Path]:
    """Write data sets into a folder, under names whose order says nothing, and return the folder."""

    def write(datasets: list[Dataset], name: str = "series", **options: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for index, dataset in enumerate(datasets):
            dataset.save_as(folder / f"IM{(index * 7) % 23:04d}", enforce_file_format=True, **options)
        return folder

    return write
