from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from AutoLabelLib.core.affine import lps_from_ras, ras_from_index
from AutoLabelLib.core.errors import FileError, GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import read_image, write_image
from Testing.grids import affines, lopsided, make_affine

SHAPE = (4, 5, 6)
SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")
GRIDS = {
    "anisotropic": make_affine("RAS", (0.7, 1.3, 4.0), origin_mm=(-31, 12.5, 80)),
    "oblique": make_affine("LPS", (0.7, 1.3, 4.0), (12, -9, 17), origin_mm=(-31, 12.5, 80)),
    "left-handed": make_affine("LAS", (0.7, 1.3, 4.0), (12, -9, 17), origin_mm=(-31, 12.5, 80)),
    "permuted": make_affine("SRA", (0.7, 1.3, 4.0), (12, -9, 17)),
    "sheared": make_affine("RAS", (0.7, 1.3, 4.0), (12, -9, 17), (0.1, 0.2, -0.3)),
}


def phantom(affine: np.ndarray, channels: int = 1, dtype: type = np.int16) -> Image:
    one = lopsided(SHAPE).astype(dtype)
    return Image(np.stack([one + channel for channel in range(channels)]).astype(dtype), affine)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("grid", GRIDS)
def test_written_image_reads_back_the_same(tmp_path: Path, grid: str, suffix: str) -> None:
    image = phantom(GRIDS[grid])
    write_image(tmp_path / f"image{suffix}", image)
    back = read_image(tmp_path / f"image{suffix}")
    assert np.array_equal(back.array, image.array)
    assert back.array.dtype == np.int16
    assert back.same_grid(image)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(affine=affines(), dtype=st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64]))
def test_every_grid_and_type_survives_a_file(tmp_path: Path, suffix: str, affine: np.ndarray, dtype: type) -> None:
    image = phantom(affine, dtype=dtype)
    write_image(tmp_path / f"image{suffix}", image)
    back = read_image(tmp_path / f"image{suffix}")
    assert np.array_equal(back.array, image.array)
    assert back.array.dtype == dtype
    assert back.same_grid(image)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_channels_survive_a_file(tmp_path: Path, suffix: str) -> None:
    image = phantom(GRIDS["oblique"], channels=2)
    write_image(tmp_path / f"image{suffix}", image)
    assert np.array_equal(read_image(tmp_path / f"image{suffix}").array, image.array)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("grid", ["oblique", "left-handed", "permuted"])
def test_itk_sees_each_voxel_where_we_do(tmp_path: Path, grid: str, suffix: str) -> None:
    image = phantom(GRIDS[grid])
    write_image(tmp_path / f"image{suffix}", image)
    other = sitk.ReadImage(str(tmp_path / f"image{suffix}"))
    for index in [(0, 0, 0), (3, 0, 1), (1, 4, 5)]:
        position_lps = lps_from_ras(ras_from_index(image.affine, index))
        found = other.TransformPhysicalPointToIndex(position_lps.tolist())
        assert other[found] == image.array[(0, *index)]


def test_sheared_nifti_of_another_tool_is_taken_as_it_is(tmp_path: Path) -> None:
    nifti = nibabel.Nifti1Image(lopsided(SHAPE).astype(np.int16), None)
    nifti.set_sform(GRIDS["sheared"], 1)
    nibabel.save(nifti, tmp_path / "sheared.nii")
    assert np.allclose(read_image(tmp_path / "sheared.nii").affine, GRIDS["sheared"], atol=1e-5)


def test_itk_refuses_a_sheared_nifti_rather_than_misplacing_it(tmp_path: Path) -> None:
    write_image(tmp_path / "image.nii", phantom(GRIDS["sheared"]))
    with pytest.raises(RuntimeError, match="orthonormal"):
        sitk.ReadImage(str(tmp_path / "image.nii"))


def test_nifti_without_codes_lies_where_itk_puts_it(tmp_path: Path) -> None:
    nifti = nibabel.Nifti1Image(lopsided(SHAPE).astype(np.int16), None)
    nifti.header["pixdim"][1:4] = (2, 3, 4)
    nifti.header["sform_code"] = nifti.header["qform_code"] = 0
    path = tmp_path / "plain.nii"
    path.write_bytes(nifti.header.binaryblock + b"\0" * 4 + nifti.get_fdata().astype(np.int16).tobytes(order="F"))
    header = nibabel.load(path).header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (0, 0)
    other = sitk.ReadImage(str(path))
    image = read_image(path)
    assert np.allclose(lps_from_ras(image.affine)[:3, 3], other.GetOrigin())
    assert np.allclose(lps_from_ras(image.affine)[:3, :3], np.diag(other.GetSpacing()))


def test_slope_is_applied(tmp_path: Path) -> None:
    nifti = nibabel.Nifti1Image(lopsided(SHAPE).astype(np.int16), np.eye(4))
    nifti.header.set_slope_inter(0.5, -1024)
    raw = nifti.header.copy()
    path = tmp_path / "scaled.nii"
    nibabel.save(nifti, path)
    content = bytearray(path.read_bytes())
    raw["scl_slope"], raw["scl_inter"], raw["vox_offset"] = 0.5, -1024, 352
    content[:348] = raw.binaryblock[:348]
    content[352:] = lopsided(SHAPE).astype(np.int16).tobytes(order="F")
    path.write_bytes(content)
    image = read_image(path)
    assert image.array.dtype == np.float32
    assert np.array_equal(image.array[0], lopsided(SHAPE) * 0.5 - 1024)


def test_big_endian_becomes_native(tmp_path: Path) -> None:
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(np.dtype(">i2"))
    nibabel.save(nibabel.Nifti1Image(lopsided(SHAPE).astype(">i2"), np.eye(4), header), tmp_path / "big.nii")
    image = read_image(tmp_path / "big.nii")
    assert image.array.dtype.isnative
    assert np.array_equal(image.array[0], lopsided(SHAPE))


def test_metre_and_micron_become_mm(tmp_path: Path) -> None:
    nifti = nibabel.Nifti1Image(lopsided(SHAPE).astype(np.int16), np.diag([500, 500, 2000, 1.0]))
    nifti.header.set_xyzt_units("micron")
    nibabel.save(nifti, tmp_path / "micron.nii")
    assert read_image(tmp_path / "micron.nii").spacing_mm == pytest.approx((0.5, 0.5, 2.0))


def test_modality_gives_the_unit(tmp_path: Path) -> None:
    write_image(tmp_path / "image.nii", phantom(np.eye(4)))
    assert read_image(tmp_path / "image.nii", modality="CT").unit == "HU"
    assert read_image(tmp_path / "image.nii", modality="MR").unit is None
    assert read_image(tmp_path / "image.nii").modality == ""


def test_nan_is_read_for_the_contract_to_refuse(tmp_path: Path) -> None:
    values = lopsided(SHAPE).astype(np.float32)
    values[1, 2, 3] = np.nan
    write_image(tmp_path / "image.nrrd", Image(values[None], np.eye(4)))
    assert np.isnan(read_image(tmp_path / "image.nrrd").array[0, 1, 2, 3])


def test_one_slice_keeps_its_axis(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((5, 4), np.int16)), str(tmp_path / "flat.mha"))
    assert read_image(tmp_path / "flat.mha").spatial_shape == (4, 5, 1)
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 5), np.int16), np.eye(4)), tmp_path / "flat.nii")
    assert read_image(tmp_path / "flat.nii").spatial_shape == (4, 5, 1)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_4d_says_how_many_and_how_to_choose(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"four{suffix}"
    values = np.arange(3 * 6 * 5 * 4, dtype=np.int16).reshape(3, 6, 5, 4)  # time, k, j, i
    sitk.WriteImage(sitk.GetImageFromArray(values, isVector=False), str(path))
    with pytest.raises(UnsupportedVolumeError, match=r"3 volumes.*0 to 2.*time_point"):
        read_image(path)
    with pytest.raises(UnsupportedVolumeError, match="no time point 3"):
        read_image(path, time_point=3)
    assert np.array_equal(read_image(path, time_point=2).array[0], values[2].T)


def test_time_points_of_a_slicer_sequence(tmp_path: Path) -> None:
    write_image(tmp_path / "image.nrrd", phantom(np.eye(4), channels=3))
    (tmp_path / "image.nrrd").rename(tmp_path / "image.seq.nrrd")
    with pytest.raises(UnsupportedVolumeError, match="3 volumes"):
        read_image(tmp_path / "image.seq.nrrd")
    assert read_image(tmp_path / "image.seq.nrrd", time_point=2).array[0, 0, 0, 0] == 2


@pytest.mark.parametrize("suffix", [".nii", ".mha"])
def test_colours_are_refused(tmp_path: Path, suffix: str) -> None:
    picture = sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True)
    sitk.WriteImage(picture, str(tmp_path / f"rgb{suffix}"))
    if suffix == ".nii":  # ITK writes a vector; this is what others write
        rgb = np.zeros(SHAPE, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
        nibabel.save(nibabel.Nifti1Image(rgb, np.eye(4)), tmp_path / "rgb.nii")
    with pytest.raises(UnsupportedVolumeError, match="colour"):
        read_image(tmp_path / f"rgb{suffix}")


def test_colour_nrrd_is_refused_but_byte_channels_are_not(tmp_path: Path) -> None:
    write_image(tmp_path / "bytes.nrrd", phantom(np.eye(4), channels=3, dtype=np.uint8))
    assert read_image(tmp_path / "bytes.nrrd").array.shape[0] == 3
    content = (tmp_path / "bytes.nrrd").read_bytes().replace(b"kinds: vector", b"kinds: RGB-color")
    (tmp_path / "rgb.nrrd").write_bytes(content)
    with pytest.raises(UnsupportedVolumeError, match="colour"):
        read_image(tmp_path / "rgb.nrrd")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.97])
def test_truncated_file_is_an_error_and_the_console_stays_clean(
    tmp_path: Path, suffix: str, kept: float, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"image{suffix}"
    noise = np.random.default_rng(0).integers(0, 30000, (1, 20, 20, 20)).astype(np.int16)
    write_image(path, Image(noise, np.eye(4)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(FileError, match="damaged"):
        read_image(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_one_flipped_bit_never_changes_voxels_silently(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(2)
    image = Image((random.normal(size=(1, 12, 12, 12)) * 30).astype(np.int16), np.eye(4))
    path = tmp_path / f"image{suffix}"
    write_image(path, image)
    whole = path.read_bytes()
    for place in random.integers(len(whole) // 3, len(whole), 60):
        content = bytearray(whole)
        content[place] ^= 1 << int(random.integers(8))
        path.write_bytes(content)
        try:
            assert np.array_equal(read_image(path).array, image.array)
        except FileError as error:
            assert "damaged" in error.message


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_spoilt_files_are_errors_of_ours_or_images(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(3)
    path = tmp_path / f"image{suffix}"
    write_image(path, phantom(GRIDS["oblique"]))
    whole = path.read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for place in random.integers(0, len(whole) // 2, 3):
            content[place] = random.integers(256)
        path.write_bytes(content)
        with suppress(InputError):
            read_image(path)


def test_nifti_2(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti2Image(lopsided(SHAPE).astype(np.int16), GRIDS["oblique"]), tmp_path / "two.nii.gz")
    image = read_image(tmp_path / "two.nii.gz")
    assert np.array_equal(image.array[0], lopsided(SHAPE))
    assert np.allclose(image.affine, GRIDS["oblique"])


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".nhdr", ".mhd"])
def test_rubbish_is_an_error(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"image{suffix}"
    rubbish = np.random.default_rng(1).bytes(5000)
    path.write_bytes(gzip.compress(rubbish) if suffix.endswith("gz") else rubbish)
    with pytest.raises(FileError, match="damaged"):
        read_image(path)
    assert capfd.readouterr() == ("", "")


def test_uncompressed_metaimage_cut_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "image.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((5, 5, 5), np.int16)), str(path), False)
    assert read_image(path).array.sum() == 125
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FileError, match="cut off"):
        read_image(path)
    assert capfd.readouterr() == ("", "")


def test_detached_headers(tmp_path: Path) -> None:
    picture = sitk.GetImageFromArray(lopsided((6, 5, 4)).astype(np.int16))
    for suffix, data in ((".mhd", ".raw"), (".nhdr", ".raw")):
        path = tmp_path / f"image{suffix}"
        sitk.WriteImage(picture, str(path))
        assert np.array_equal(read_image(path).array[0].T, lopsided((6, 5, 4)))
        (tmp_path / f"image{data}").unlink()
        with pytest.raises(FileError):
            read_image(path)


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
def test_singular_affine_is_a_geometry_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image{suffix}"
    if suffix == ".nii":
        nifti = nibabel.Nifti1Image(lopsided(SHAPE).astype(np.int16), None)
        nifti.header["sform_code"] = 1
        nifti.header["srow_x"], nifti.header["srow_y"], nifti.header["srow_z"] = (
            [1, 1, 0, 0],
            [1, 1, 0, 0],
            [0, 0, 1, 0],
        )
        content = nifti.header.binaryblock + b"\0" * 4 + bytes(2 * 4 * 5 * 6)
        path.write_bytes(content)
    else:
        write_image(path, phantom(np.eye(4)))
        content = path.read_bytes()
        content = content.replace(b"(0.0,-1.0,0.0)", b"(-1.0,0.0,0.0)")
        path.write_bytes(content.replace(b"-1.0 0.0 0.0 0.0 -1.0", b"-1.0 0.0 0.0 -1.0 0.0"))
    with pytest.raises(GeometryError, match="singular"):
        read_image(path)


def test_what_is_no_image_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        read_image(tmp_path / "missing.nii")
    with pytest.raises(FileError, match="folder"):
        read_image(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(FileError, match=r"not known.*\.nii\.gz"):
        read_image(tmp_path / "picture.png")
    (tmp_path / "IM0001.dcm").write_bytes(b"")
    with pytest.raises(FileError, match="folder of the series"):
        read_image(tmp_path / "IM0001.dcm")
    with pytest.raises(FileError, match="not known"):
        write_image(tmp_path / "image.xyz", phantom(np.eye(4)))
    (tmp_path / "mask.seg.nrrd").write_bytes(b"")
    with pytest.raises(FileError, match="segmentation"):
        read_image(tmp_path / "mask.seg.nrrd")


def test_real_volume(test_data: Path) -> None:
    image = read_image(test_data / "ct" / "torso_ct_3mm.nii.gz", modality="CT")
    other = sitk.ReadImage(str(test_data / "ct" / "torso_ct_3mm.nii.gz"))
    assert np.array_equal(image.array[0], sitk.GetArrayFromImage(other).T)
    assert np.allclose(image.spacing_mm, other.GetSpacing())
    assert image.orientation == "RAS"
