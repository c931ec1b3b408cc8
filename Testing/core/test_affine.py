from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.errors import GeometryError
from Testing.grids import ORIENTATIONS, affines, lopsided, make_affine, shapes

SHAPE = (3, 4, 5)
OBLIQUE = {"spacing_mm": (0.7, 1.1, 2.5), "angles_degrees": (12.0, -9.0, 17.0), "origin_mm": (-31.0, 12.5, 80.0)}


def voxel_positions(affine: np.ndarray, shape_ijk: tuple[int, ...]) -> np.ndarray:
    indices = np.stack(np.meshgrid(*map(np.arange, shape_ijk), indexing="ij"), axis=-1)
    return geometry.ras_from_index(affine, indices)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(3), "4x4"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.diag([np.inf, 1, 1, 1]), "infinite"),
        (np.ones((4, 4)), "last row"),
        (np.diag([1.0, 0.0, 1.0, 1.0]), "singular"),
        (make_affine(shear=(1e6, 0, 0)), "singular"),
    ],
)
def test_as_affine_refuses_what_is_no_grid(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(GeometryError, match=message):
        geometry.as_affine(matrix)


def test_as_affine_copies_and_locks() -> None:
    source = np.eye(4)
    affine = geometry.as_affine(source)
    source[0, 3] = 7
    assert affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        affine[0, 0] = 2


@given(affines())
def test_as_affine_accepts_every_real_grid(affine: np.ndarray) -> None:
    np.testing.assert_array_equal(geometry.as_affine(affine), affine)


@given(affines(), st.tuples(*[st.floats(-1000, 1000)] * 3))
def test_lps_and_back_is_exact(affine: np.ndarray, position: tuple[float, float, float]) -> None:
    np.testing.assert_array_equal(geometry.ras_from_lps(geometry.lps_from_ras(affine)), affine)
    np.testing.assert_array_equal(geometry.ras_from_lps(geometry.lps_from_ras(position)), position)


@given(affines(), st.tuples(*[st.floats(-50, 50)] * 3))
def test_the_lps_affine_sends_an_index_to_the_lps_position(affine: np.ndarray, index: tuple[float, ...]) -> None:
    position_ras_mm = geometry.ras_from_index(affine, index)
    position_lps_mm = geometry.ras_from_index(geometry.lps_from_ras(affine), index)
    np.testing.assert_allclose(position_lps_mm, position_ras_mm * [-1, -1, 1], atol=1e-9)


@given(affines(), st.lists(st.tuples(*[st.floats(-300, 300)] * 3), min_size=1, max_size=4))
def test_index_to_ras_and_back(affine: np.ndarray, indices: list[tuple[float, ...]]) -> None:
    there_and_back = geometry.index_from_ras(affine, geometry.ras_from_index(affine, indices))
    np.testing.assert_allclose(there_and_back, indices, atol=1e-6)


def test_integer_indices_are_voxel_centres() -> None:
    affine = make_affine(spacing_mm=(2, 3, 4), origin_mm=(10, 20, 30))
    np.testing.assert_array_equal(geometry.ras_from_index(affine, (0, 0, 0)), (10, 20, 30))
    np.testing.assert_array_equal(geometry.ras_from_index(affine, [(1, 1, 1)]), [(12, 23, 34)])


@given(affines(largest_shear=0.0))
def test_voxel_volume_without_shear_is_the_product_of_the_spacings(affine: np.ndarray) -> None:
    assert geometry.voxel_volume_ml(affine) == pytest.approx(np.prod(geometry.spacing_mm(affine)) / 1000)


def test_shear_keeps_the_voxel_volume() -> None:
    sheared = make_affine(spacing_mm=(1, 2, 3), shear=(0.5, 0.2, 0.1))
    assert geometry.voxel_volume_ml(sheared) == pytest.approx(0.006)
    assert np.prod(geometry.spacing_mm(sheared)) > 6.0


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_orientation_is_known_upright_and_oblique(code: str) -> None:
    assert geometry.orientation(make_affine(code)) == code
    assert geometry.orientation(make_affine(code, **OBLIQUE)) == code


@given(affines())
def test_orientation_names_each_direction_once(affine: np.ndarray) -> None:
    assert geometry.orientation(affine) in ORIENTATIONS


@given(affines())
def test_the_orientation_that_a_grid_has_needs_no_change(affine: np.ndarray) -> None:
    order = geometry.axis_order(affine, geometry.orientation(affine))
    assert order == geometry.AxisOrder((0, 1, 2), (False, False, False))


@pytest.mark.parametrize("target", ["RAS", "LPI", "SAR"])
@pytest.mark.parametrize("code", ORIENTATIONS)
def test_axis_order_brings_every_orientation_to_the_target(code: str, target: str) -> None:
    affine = make_affine(code, **OBLIQUE)
    order = geometry.axis_order(affine, target)
    reordered = order.apply_to_affine(affine, SHAPE)
    assert geometry.orientation(reordered) == target
    moved = order.apply(lopsided(SHAPE))
    # Every voxel keeps its place in the patient: sort both by value and compare positions.
    before = voxel_positions(affine, SHAPE).reshape(-1, 3)
    after = voxel_positions(reordered, moved.shape).reshape(-1, 3)[np.argsort(moved, axis=None)]
    np.testing.assert_allclose(after, before, atol=1e-9)


@given(affines(), shapes(), st.sampled_from(ORIENTATIONS))
def test_axis_order_and_its_inverse_cancel(affine: np.ndarray, shape: tuple[int, int, int], target: str) -> None:
    order = geometry.axis_order(affine, target)
    array = lopsided(shape)[None]
    moved = order.apply(array)
    np.testing.assert_array_equal(order.inverse().apply(moved), array)
    assert order.inverse().inverse() == order
    back = order.inverse().apply_to_affine(order.apply_to_affine(affine, shape), moved.shape[1:])
    np.testing.assert_allclose(back, affine, atol=1e-9)


def test_applying_an_order_copies_nothing() -> None:
    array = lopsided(SHAPE)
    assert np.shares_memory(geometry.AxisOrder((2, 0, 1), (True, False, True)).apply(array), array)


@pytest.mark.parametrize("code", ["", "RA", "RAAS", "RRS", "XYZ", "ras"])
def test_axis_order_refuses_what_is_no_orientation(code: str) -> None:
    with pytest.raises(GeometryError, match="not an orientation code"):
        geometry.axis_order(np.eye(4), code)


def corners_of_the_box(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    edges = list(itertools.product(*((-0.5, n - 0.5) for n in shape)))
    return geometry.ras_from_index(affine, edges)


@given(affines(), shapes(40), shapes(40))
def test_a_zoomed_grid_covers_the_same_box(
    affine: np.ndarray, shape: tuple[int, int, int], new_shape: tuple[int, int, int]
) -> None:
    zoomed = geometry.zoomed_affine(affine, shape, new_shape)
    np.testing.assert_allclose(
        corners_of_the_box(zoomed, new_shape), corners_of_the_box(affine, shape), atol=1e-6, rtol=0
    )
    np.testing.assert_allclose(geometry.zoomed_affine(zoomed, new_shape, shape), affine, atol=1e-6)


@given(affines(), shapes(40), st.tuples(*[st.floats(0.3, 6.0)] * 3))
def test_a_zoomed_shape_comes_closest_to_the_wanted_spacing(
    affine: np.ndarray, shape: tuple[int, int, int], target_mm: tuple[float, float, float]
) -> None:
    new_shape = geometry.zoomed_shape(affine, shape, target_mm)
    extent_mm = np.array(shape) * geometry.spacing_mm(affine)
    assert min(new_shape) >= 1
    for n, extent, wanted in zip(new_shape, extent_mm, target_mm, strict=True):
        assert n == 1 or abs(n - extent / wanted) <= 0.5 + 1e-9


def test_zoom_agrees_with_interpolate() -> None:
    torch = pytest.importorskip("torch")
    shape, new_shape = (4, 6, 5), (7, 3, 10)
    affine = make_affine("LPS", **OBLIQUE)
    # A linear ramp in R is interpolated exactly, but for the border, where interpolate repeats the outermost voxel.
    ramp = torch.from_numpy(voxel_positions(affine, shape)[..., 0])[None, None]
    sampled = torch.nn.functional.interpolate(ramp, new_shape, mode="trilinear", align_corners=False)[0, 0].numpy()
    zoomed = geometry.zoomed_affine(affine, shape, new_shape)
    expected = voxel_positions(zoomed, new_shape)
    index = geometry.index_from_ras(affine, expected)
    inner = ((index >= 0) & (index <= np.array(shape) - 1)).all(axis=-1)
    assert inner.sum() > 50
    np.testing.assert_allclose(sampled[inner], expected[..., 0][inner], atol=1e-9)


@given(affines(), shapes(), st.tuples(*[st.integers(-5, 5)] * 3))
def test_a_crop_keeps_its_voxels_in_place(
    affine: np.ndarray, shape: tuple[int, int, int], start: tuple[int, int, int]
) -> None:
    cropped = geometry.cropped_affine(affine, start)
    index = np.array(shape) - 1
    np.testing.assert_allclose(
        geometry.ras_from_index(cropped, index - start), geometry.ras_from_index(affine, index), atol=1e-9
    )
    np.testing.assert_allclose(geometry.cropped_affine(cropped, -np.array(start)), affine, atol=1e-9)


@given(affines(), shapes(), st.floats(0.01, 5.0))
def test_same_affine_measures_at_the_corners(affine: np.ndarray, shape: tuple[int, int, int], apart_mm: float) -> None:
    moved = affine.copy()
    moved[0, 3] += apart_mm
    assert geometry.same_affine(affine, affine, shape)
    assert not geometry.same_affine(affine, moved, shape)
    assert geometry.same_affine(affine, moved, shape, tolerance_mm=apart_mm * 1.001 + 1e-9)


def test_a_small_turn_counts_only_on_a_large_grid() -> None:
    turned = make_affine(angles_degrees=(0, 0, 0.01))
    assert geometry.same_affine(np.eye(4), turned, (2, 2, 2))
    assert not geometry.same_affine(np.eye(4), turned, (512, 512, 300))
