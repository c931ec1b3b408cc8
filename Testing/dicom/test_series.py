from __future__ import annotations

import builtins
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from AutoLabelLib.core.affine import lps_from_ras, ras_from_index, ras_from_lps
from AutoLabelLib.core.errors import AutoLabelError, FileError, GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.dicom.series import list_series, read_series

from .conftest import COLUMNS, ROWS, SLICES, ct_slices, enhanced_ct, plane, volume

OBLIQUE = (0.9659258, 0.258819, 0.0, -0.2578, 0.9622502, 0.0871557)
WriteSeries = Callable[..., Path]


def assert_agrees_with_itk(image: Image, folder: Path, indices: list[tuple[int, int, int]]) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    other = reader.Execute()
    for index in indices:
        position_lps = lps_from_ras(ras_from_index(image.affine, index))
        found = other.TransformPhysicalPointToContinuousIndex(position_lps.tolist())
        nearest = [round(value) for value in found]
        assert np.allclose(found, nearest, atol=1e-3)
        assert other[nearest] == image.array[(0, *index)]


def test_series_becomes_an_image_in_its_place(write_series: WriteSeries) -> None:
    image = read_series(write_series(ct_slices()))
    assert np.array_equal(image.array[0], volume() - 1024)
    assert image.array.dtype == np.int16
    assert (image.modality, image.unit) == ("CT", "HU")
    assert image.spacing_mm == pytest.approx((0.6, 0.8, 2.5))
    assert np.allclose(ras_from_index(image.affine, (0, 0, 0)), (30, -20, 100))
    assert image.orientation == "LPS"


@pytest.mark.parametrize("direction", [1, -1])
def test_oblique_series_agrees_with_itk(write_series: WriteSeries, direction: int) -> None:
    row, column = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])
    step = np.cross(row, column) * 2.5 * direction
    folder = write_series(ct_slices(OBLIQUE, tuple(step)))
    assert_agrees_with_itk(read_series(folder), folder, [(0, 0, 0), (4, 0, 1), (1, 3, 5), (2, 1, 3)])


def test_tilted_gantry_gives_a_sheared_grid(write_series: WriteSeries) -> None:
    image = read_series(write_series(ct_slices(step_lps_mm=(0, 0.9, 2.5))))
    third = image.affine[:3, 2]
    assert np.allclose(third, ras_from_lps(np.array([0, 0.9, 2.5])))
    assert np.array_equal(image.array[0], volume() - 1024)


def test_real_series_agree_with_itk(test_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(test_data / "dicom" / "PGBM-003.zip") as archive:
        archive.extractall(tmp_path)
    folders = sorted(path for path in (tmp_path / "PGBM-003").iterdir() if path.is_dir())
    assert len(folders) == 5
    for folder in folders:
        image = read_series(folder)
        assert image.modality == "MR"
        assert image.unit is None
        assert_agrees_with_itk(image, folder, [(0, 0, 0), (30, 11, 3), (17, 45, 20)])
    with pytest.raises(InputError, match=r"5 series.*T1post.*22 files.*--series"):
        read_series(tmp_path)
    chosen = read_series(tmp_path, "11")
    assert np.array_equal(chosen.array, read_series(tmp_path, list_series(tmp_path)[0].uid).array)


def test_enhanced_multi_frame_is_the_same_volume(write_series: WriteSeries) -> None:
    one, many = read_series(write_series([enhanced_ct()], "enhanced")), read_series(write_series(ct_slices()))
    assert np.array_equal(one.array, many.array)
    assert one.same_grid(many)
    assert one.unit == "HU"


def test_slopes_that_differ_by_slice(write_series: WriteSeries) -> None:
    slices = ct_slices()
    for k, dataset in enumerate(slices):
        dataset.Modality, dataset.RescaleSlope, dataset.RescaleIntercept = "PT", 0.5 + k, 0
        del dataset.RescaleType
    image = read_series(write_series(slices))
    assert image.array.dtype == np.float32
    assert np.allclose(image.array[0], volume() * (0.5 + np.arange(SLICES)))
    assert (image.modality, image.unit) == ("PT", None)


@pytest.mark.parametrize(("intercept", "unit"), [(-1024, "HU"), (0, "HU"), (None, None)])
def test_only_rescaled_ct_is_in_hounsfield_units(write_series: WriteSeries, intercept: int | None, unit: str) -> None:
    slices = ct_slices()
    for dataset in slices:
        del dataset.RescaleType
        if intercept is None:
            del dataset.RescaleIntercept
        else:
            dataset.RescaleIntercept = intercept
    assert read_series(write_series(slices)).unit == unit


def test_large_values_keep_their_value(write_series: WriteSeries) -> None:
    slices = ct_slices()
    for dataset in slices:
        dataset.RescaleSlope = 1000
    image = read_series(write_series(slices))
    assert np.array_equal(image.array[0], volume().astype(np.int32) * 1000 - 1024)


@pytest.mark.parametrize("missing", [1, 2, 4])
def test_missing_slices_are_counted(write_series: WriteSeries, missing: int) -> None:
    slices = ct_slices()
    del slices[missing]
    with pytest.raises(GeometryError, match=r"1 slice\(s\) are missing.*5\.00 mm apart, expected 2\.50"):
        read_series(write_series(slices))


def test_doubled_slices(write_series: WriteSeries) -> None:
    with pytest.raises(GeometryError, match="2 of 8 slices lie where another one is"):
        read_series(write_series([*ct_slices(), *ct_slices()[1:3]]))


def test_two_time_points(write_series: WriteSeries) -> None:
    with pytest.raises(GeometryError, match=r"6 of 12.*time points"):
        read_series(write_series([*ct_slices(), *ct_slices()]))


def test_uneven_slices(write_series: WriteSeries) -> None:
    slices = ct_slices()
    slices[2].ImagePositionPatient = [-30, 20, 105.8]
    with pytest.raises(GeometryError, match=r"unevenly spaced: from 1\.70 to 3\.30"):
        read_series(write_series(slices))


def test_rounded_positions_are_even_enough(write_series: WriteSeries) -> None:
    slices = ct_slices(step_lps_mm=(0, 0, 0.625))
    for dataset in slices:
        dataset.ImagePositionPatient = [-30, 20, round(float(dataset.ImagePositionPatient[2]), 2)]
    assert read_series(write_series(slices)).spacing_mm[2] == pytest.approx(0.625, abs=0.002)


def test_slices_off_the_line(write_series: WriteSeries) -> None:
    slices = ct_slices()
    slices[3].ImagePositionPatient = [-25, 20, 107.5]
    with pytest.raises(GeometryError, match=r"line: one is 5\.00 mm off"):
        read_series(write_series(slices))


def mixed_size(dataset) -> None:
    plane(dataset, np.zeros((COLUMNS, ROWS + 1), np.int16))


def mixed_spacing(dataset) -> None:
    dataset.PixelSpacing = [0.8, 0.7]


def mixed_orientation(dataset) -> None:
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]


@pytest.mark.parametrize(
    ("spoil", "text"), [(mixed_size, "size"), (mixed_spacing, "pixel spacing"), (mixed_orientation, "orientation")]
)
def test_mixed_geometry(write_series: WriteSeries, spoil: Callable, text: str) -> None:
    slices = ct_slices()
    spoil(slices[0])
    with pytest.raises(GeometryError, match=f"differ in {text}"):
        read_series(write_series(slices))


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
def test_truncated_file_is_an_error_not_a_missing_slice(write_series: WriteSeries, kept: float) -> None:
    folder = write_series(ct_slices())
    last = sorted(folder.iterdir())[-1]
    content = last.read_bytes()
    last.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(FileError, match="damaged or cut off"):
        read_series(folder)


@pytest.mark.parametrize("kind", ["classic", "enhanced"])
def test_spoilt_files_are_errors_of_ours_or_images(write_series: WriteSeries, kind: str) -> None:
    random = np.random.default_rng(4)
    folder = write_series(ct_slices() if kind == "classic" else [enhanced_ct()])
    path = sorted(folder.iterdir())[0]
    whole = path.read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for place in random.integers(128, len(whole), 3):
            content[place] = random.integers(256)
        path.write_bytes(content)
        with suppress(InputError):
            read_series(folder)


def test_empty_dcm_file_is_an_error(write_series: WriteSeries) -> None:
    folder = write_series(ct_slices())
    (folder / "extra.dcm").write_bytes(b"")
    with pytest.raises(FileError, match=r"extra\.dcm"):
        read_series(folder)


def test_other_files_are_no_obstacle(write_series: WriteSeries) -> None:
    folder = write_series(ct_slices())
    (folder / "notes.txt").write_text("hello")
    (folder / "._IM0000.dcm").write_bytes(b"\0\5\x16\7")
    (folder / "sub").mkdir()
    shutil.move(folder / "IM0000", folder / "sub" / "IM0000")
    report = ct_slices()[0]
    report.Modality, report.SeriesInstanceUID = "SEG", generate_uid()
    report.save_as(folder / "seg", enforce_file_format=True)
    assert read_series(folder).spatial_shape == (COLUMNS, ROWS, SLICES)


def test_several_series_are_listed_without_patient_data(write_series: WriteSeries) -> None:
    other = ct_slices()
    for dataset in other:
        dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.SeriesDescription = "9.9.9", 4, "bone"
    folder = write_series([*ct_slices(), *other])
    with pytest.raises(InputError) as caught:
        read_series(folder)
    text = str(caught.value)
    assert 'number 3, "thin" (CT, 6 files, 1.2.3.4)' in text
    assert "Doe" not in text
    assert "4711" not in text
    assert np.array_equal(read_series(folder, "9.9.9").array, read_series(folder, "4").array)
    with pytest.raises(InputError, match='0 series match "5"'):
        read_series(folder, "5")


def test_colours_are_refused(write_series: WriteSeries) -> None:
    slices = ct_slices()
    for dataset in slices:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit, dataset.PixelRepresentation = 7, 0
        dataset.PixelData = bytes(3 * COLUMNS * ROWS)
    with pytest.raises(UnsupportedVolumeError, match="colour"):
        read_series(write_series(slices))


def test_slices_without_a_place(write_series: WriteSeries) -> None:
    slices = ct_slices()
    for dataset in slices:
        del dataset.ImagePositionPatient
    with pytest.raises(GeometryError, match="where it is"):
        read_series(write_series(slices))


def test_frames_without_a_place(write_series: WriteSeries) -> None:
    dataset = enhanced_ct()
    del dataset.PerFrameFunctionalGroupsSequence
    with pytest.raises(UnsupportedVolumeError, match="multi-frame"):
        read_series(write_series([dataset]))


def test_one_slice_is_a_volume_of_one_slice(write_series: WriteSeries) -> None:
    image = read_series(write_series(ct_slices()[:1]))
    assert image.spatial_shape == (COLUMNS, ROWS, 1)
    assert image.spacing_mm[2] == 2.5


def test_folders_without_dicom(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no DICOM image"):
        read_series(tmp_path)
    with pytest.raises(FileError, match="no folder"):
        read_series(tmp_path / "missing")


def compressed(slices: list[Dataset], folder: Path) -> list[Dataset]:
    """Return slices with their voxels packed as lossless JPEG, by GDCM."""
    for k, dataset in enumerate(slices):
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.SetFileName(str(folder / "packed.dcm"))
        writer.Execute(sitk.GetImageFromArray(volume()[:, :, k].T[None]))
        packed = pydicom.dcmread(folder / "packed.dcm")
        dataset.PixelData = packed.PixelData
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
    return slices


def test_compressed_series_is_decoded_without_plugins(write_series: WriteSeries, tmp_path: Path) -> None:
    slices = compressed(ct_slices(), tmp_path)
    slices[2].RescaleSlope = 3
    image = read_series(write_series(slices))
    expected = volume().astype(np.int32)
    expected[:, :, 2] *= 3
    assert np.array_equal(image.array[0], expected - 1024)


def test_compressed_and_cut_off(write_series: WriteSeries, tmp_path: Path) -> None:
    folder = write_series(compressed(ct_slices(), tmp_path))
    path = sorted(folder.iterdir())[2]
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FileError):
        read_series(folder)


def test_without_pydicom_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.dcm").write_bytes(b"")
    real_import = builtins.__import__

    def no_pydicom(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == "pydicom":
            raise ModuleNotFoundError(name)
        return real_import(name, *rest, **more)

    monkeypatch.setattr("importlib.import_module", no_pydicom)
    with pytest.raises(AutoLabelError, match="pip install pydicom"):
        read_series(tmp_path)


@pytest.mark.filterwarnings("ignore")  # of pydicom, about what is written here
def test_reading_is_silent(write_series: WriteSeries, capfd: pytest.CaptureFixture[str]) -> None:
    slices = ct_slices()
    for dataset in slices:
        dataset.add_new("SeriesDescription", "LO", "x" * 70)  # longer than allowed
        dataset.SpecificCharacterSet = "NONSENSE"
    read_series(write_series(slices))
    assert capfd.readouterr() == ("", "")
