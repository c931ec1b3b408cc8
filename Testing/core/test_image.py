from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core.errors import GeometryError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image, stack_channels
from Testing.grids import affines, lopsided, make_affine, shapes

SHAPE = (3, 4, 5)


def make_image(**changes: object) -> Image:
    fields = {"array": lopsided(SHAPE)[None], "affine": make_affine("LPS", (1, 2, 3)), "modality": "MR"}
    return Image(**(fields | changes))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(SHAPE), "3 dimensions"),
        (np.zeros((1, *SHAPE, 2)), "5 dimensions"),
        (np.zeros((1, 3, 0, 5)), "empty"),
        (np.zeros((0, 3, 4, 5)), "empty"),
        (np.zeros((1, *SHAPE), bool), "bool"),
        (np.zeros((1, *SHAPE), complex), "complex"),
        (np.full((1, *SHAPE), "x"), "numbers"),
    ],
)
def test_what_is_no_image_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(UnsupportedVolumeError, match=message):
        make_image(array=array)


def test_a_singular_affine_is_refused() -> None:
    with pytest.raises(GeometryError, match="singular"):
        make_image(affine=np.diag([1, 1, 0, 1]))


def test_one_name_per_channel() -> None:
    assert make_image(channel_names=["T1"]).channel_names == ("T1",)
    with pytest.raises(UnsupportedVolumeError, match="Expected 1 channel names"):
        make_image(channel_names=("T1", "T2"))


def test_the_voxels_are_locked_but_not_copied() -> None:
    array = lopsided(SHAPE)[None].copy()
    image = make_image(array=array)
    assert np.shares_memory(image.array, array)
    with pytest.raises(ValueError, match="read-only"):
        image.array[0, 0, 0, 0] = 1
    array[0, 0, 0, 0] = 1  # the caller's own view stays as it was


def test_grid_properties() -> None:
    image = make_image()
    assert image.spatial_shape == SHAPE
    assert image.spacing_mm == (1, 2, 3)
    assert image.orientation == "LPS"


@given(affines(), shapes(), st.sampled_from(["<i2", "<u1", "<f4", "<f8"]), st.integers(1, 3))
def test_equal_images_share_a_fingerprint_in_every_memory_layout(
    affine: np.ndarray, shape: tuple[int, int, int], dtype: str, channels: int
) -> None:
    array = np.stack([lopsided(shape) + 100 * channel for channel in range(channels)]).astype(dtype)
    reference = Image(array, affine).fingerprint
    assert Image(np.asfortranarray(array), affine.copy()).fingerprint == reference
    assert Image(array[:, ::-1].copy()[:, ::-1], affine).fingerprint == reference
    slicer_kji = np.ascontiguousarray(array.transpose(0, 3, 2, 1))
    assert Image(slicer_kji.transpose(0, 3, 2, 1), affine).fingerprint == reference


def test_a_negative_zero_in_the_affine_is_no_difference() -> None:
    negative = np.eye(4)
    negative[0, 3] = -0.0
    assert make_image(affine=negative).fingerprint == make_image(affine=np.eye(4)).fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"array": lopsided(SHAPE)[None] + 1},
        {"array": lopsided(SHAPE)[None].astype(np.int64)},
        {"array": lopsided(SHAPE).reshape(1, 4, 3, 5)},
        {"array": lopsided(SHAPE)[None, ::-1]},
        {"affine": make_affine("LPS", (1, 2, 3.001))},
        {"affine": make_affine("LAS", (1, 2, 3))},
        {"modality": "CT"},
        {"channel_names": ("T1",)},
        {"unit": "HU"},
    ],
)
def test_the_fingerprint_sees_every_change(changes: dict[str, object]) -> None:
    assert make_image(**changes).fingerprint != make_image().fingerprint


@given(shapes(4))
def test_the_fingerprint_tells_more_slices_than_one_update_holds_apart(shape: tuple[int, int, int]) -> None:
    array = np.zeros((1, shape[0], shape[1], 70), np.uint8)
    other = array.copy()
    other[..., -1] = 1
    assert Image(array, np.eye(4)).fingerprint != Image(other, np.eye(4)).fingerprint


def test_same_grid_needs_shape_and_place() -> None:
    image = make_image()
    assert image.same_grid(make_image(modality="CT"))
    assert not image.same_grid(make_image(affine=make_affine("LPS", (1, 2, 3), origin_mm=(0.1, 0, 0))))
    assert image.same_grid(make_image(affine=make_affine("LPS", (1, 2, 3), origin_mm=(0.1, 0, 0))), tolerance_mm=0.2)
    assert not image.same_grid(make_image(array=lopsided((3, 4, 6))[None]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_values_that_are_no_numbers_are_refused(bad: float, dtype: type) -> None:
    array = lopsided(SHAPE)[None].astype(dtype)
    array[0, 1, 2, 3] = bad
    with pytest.raises(UnsupportedVolumeError, match="NaN or infinite"):
        make_image(array=array).check_values()


def test_a_constant_channel_is_refused() -> None:
    make_image().check_values()
    array = np.stack([lopsided(SHAPE), np.full(SHAPE, 7)])
    with pytest.raises(UnsupportedVolumeError, match=r"same value \(7\)"):
        make_image(array=array).check_values()


def test_stacked_channels_keep_order_and_names() -> None:
    first, second = make_image(), make_image(array=lopsided(SHAPE)[None] * 2, modality="")
    both = make_image(array=np.stack([lopsided(SHAPE)] * 2))
    stacked = stack_channels([first, second, both])
    assert stacked.channel_names == ("MR", "image", "MR", "MR")
    np.testing.assert_array_equal(stacked.array[1], second.array[0])
    assert stacked.modality == "MR"


def test_channels_must_share_a_grid() -> None:
    with pytest.raises(UnsupportedVolumeError, match="not on the same grid"):
        stack_channels([make_image(), make_image(affine=np.eye(4))])
    with pytest.raises(UnsupportedVolumeError, match="no image"):
        stack_channels([])
