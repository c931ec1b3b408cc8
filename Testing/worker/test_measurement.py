"""Measurements on bodies whose size is known, on every kind of grid."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.affine import index_from_ras, ras_from_index, spacing_mm
from AutoLabelLib.core.errors import GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.measurement.of_segment import measure, measured
from Testing.grids import ORIENTATIONS, make_affine, rotation

CENTER = np.array([12.0, -34.0, 56.0])
GRIDS = {
    "plain": {"spacing_mm": (0.7, 0.7, 1.0)},
    "thick slices": {"code": "LPS", "spacing_mm": (0.6, 0.6, 2.5)},
    "turned within the slices": {"code": "LPS", "spacing_mm": (0.7, 0.7, 1.5), "angles_degrees": (0, 0, 31)},
    "sheared along the slices": {"spacing_mm": (0.7, 0.8, 1.0), "shear": (0.2, 0.3, -0.25)},
    "oblique": {"code": "LAS", "spacing_mm": (0.7, 0.8, 1.1), "angles_degrees": (20, -33, 12)},
    "sheared and oblique": {"spacing_mm": (0.7, 0.8, 0.9), "angles_degrees": (15, 10, -40), "shear": (0.2, 0.1, 0.2)},
    "sagittal, a little oblique": {"code": "PIR", "spacing_mm": (0.8, 0.8, 1.0), "angles_degrees": (0, 7, 4)},
}


def grid_around(half_mm: float, **grid: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return an affine and the RAS positions (I, J, K, 3) of a cube of voxels around the middle."""
    affine = make_affine(**grid)  # type: ignore[arg-type]
    shape = np.ceil(2.8 * half_mm / np.linalg.norm(affine[:3, :3], axis=0)).astype(int)
    affine[:3, 3] = CENTER - affine[:3, :3] @ ((shape - 1) / 2) + 0.17  # no voxel's centre is the body's
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return affine, ras_from_index(affine, index)


def ellipsoid(positions: NDArray[np.float64], radii_mm: tuple[float, float, float], turn: float) -> NDArray[np.bool_]:
    """Return the voxels of an ellipsoid that is turned about S."""
    own = (positions - CENTER) @ rotation((0.0, 0.0, turn))
    return np.asarray(((own / radii_mm) ** 2).sum(axis=-1) <= 1.0)


def image_of(mask: NDArray[np.bool_], affine: NDArray[np.float64], inside: float = 30, outside: float = -800) -> Image:
    return Image(np.where(mask, inside, outside).astype(np.int16)[None], affine, "CT", unit="HU")


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_an_ellipsoid_is_measured_on_the_axial_plane(grid: dict[str, object]) -> None:
    affine, positions = grid_around(11.0, **grid)
    mask = ellipsoid(positions, (9.0, 6.0, 11.0), 25.0)

    found = measured(image_of(mask, affine), mask)

    assert found.values["long_axis_mm"] == pytest.approx(18.0, abs=0.75)
    assert found.values["short_axis_mm"] == pytest.approx(12.0, abs=0.75)
    assert found.values["max_diameter_3d_mm"] == pytest.approx(22.0, abs=0.5 + max(spacing_mm(affine)) / 2)
    assert found.values["volume_ml"] == pytest.approx(4 / 3 * np.pi * 9 * 6 * 11 / 1000, rel=0.02)
    long_axis, short_axis = (np.subtract(*found.lines_ras_mm[name]) for name in ("long_axis", "short_axis"))
    assert long_axis @ short_axis == pytest.approx(0.0, abs=1e-6)
    assert abs(long_axis[2]) < 0.3  # it lies in the axial plane
    own = rotation((0.0, 0.0, 25.0))[:, 0]
    assert abs(long_axis @ own) / np.linalg.norm(long_axis) > np.cos(np.deg2rad(8))
    np.testing.assert_allclose(np.mean(found.lines_ras_mm["long_axis"], axis=0), CENTER, atol=1.6)
    np.testing.assert_allclose(found.center_ras_mm, CENTER, atol=1.3)


def lopsided_body() -> NDArray[np.bool_]:
    """Return an L that is longest along i in slice k=1, with a foot along k: no flip maps it on itself."""
    mask = np.zeros((13, 9, 7), bool)
    mask[1:11, 2:4, 1] = True
    mask[1:3, 2:7, 1:3] = True
    mask[9, 3, 1:6] = True
    return mask


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_the_same_body_on_a_grid_of_every_orientation(code: str) -> None:
    plain = make_affine("RAS", (0.9, 1.1, 1.6), origin_mm=(-20, 30, 40))
    body = lopsided_body()
    expected = measured(image_of(body, plain), body)
    # The same voxels of the patient, in another order: each is found by its position.
    moved = make_affine(code, tuple(np.abs(make_affine(code)[:3, :3].T @ (0.9, 1.1, 1.6))))
    corners = ras_from_index(plain, [[0, 0, 0], np.subtract(body.shape, 1)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    moved[:3, 3] = first = np.where(moved[:3, :3].sum(axis=1) > 0, low, high)
    shape = tuple(np.rint(index_from_ras(moved, low + high - first)).astype(int) + 1)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    source = np.rint(index_from_ras(plain, ras_from_index(moved, index))).astype(int)
    mask = body[tuple(source.transpose(3, 0, 1, 2))]

    found = measured(image_of(mask, moved), mask)

    assert found.values == pytest.approx(expected.values)
    for name, line in expected.lines_ras_mm.items():
        np.testing.assert_allclose(found.lines_ras_mm[name], line, atol=1e-6)
    np.testing.assert_allclose(found.center_ras_mm, expected.center_ras_mm)
    np.testing.assert_allclose(found.size_mm, expected.size_mm)


def test_a_bar_has_the_length_between_its_edges() -> None:
    mask = np.zeros((9, 7, 5), bool)
    mask[2:7, 3, 2] = True
    found = measure(image_of(mask, make_affine("LPS", (0.8, 0.5, 3.0))), mask)
    assert found["long_axis_mm"] == pytest.approx(4.0)
    assert found["short_axis_mm"] == pytest.approx(0.5)
    assert found["max_diameter_3d_mm"] == pytest.approx(np.hypot(4 * 0.8, 3.0))  # the slice is thick
    assert (found["voxels"], found["parts"]) == (5, 1)


@pytest.mark.parametrize("angles", [(0, 0, 0), (20, -33, 12), (45, 45, 45)])
def test_one_voxel_is_as_large_as_a_voxel(angles: tuple[float, float, float]) -> None:
    affine = make_affine("LPS", (0.7, 0.7, 0.7), angles)
    mask = np.zeros((5, 5, 5), bool)
    mask[4, 0, 2] = True  # at the faces of the volume
    found = measured(image_of(mask, affine), mask)
    assert found.values["volume_ml"] == pytest.approx(0.7**3 / 1000)
    assert 0.5 < found.values["short_axis_mm"] <= found.values["long_axis_mm"] < 0.95
    assert found.values["sd_hu"] == 0.0
    np.testing.assert_allclose(found.center_ras_mm, ras_from_index(affine, (4, 0, 2)))


def test_a_thin_sheet_on_an_oblique_grid_is_not_lost() -> None:
    affine = make_affine("LPS", (1.0, 1.0, 1.0), (30, 25, 15))
    mask = np.zeros((20, 20, 9), bool)
    mask[2:18, 2:18, 4] = True
    assert measure(image_of(mask, affine), mask)["long_axis_mm"] > 14


def test_the_long_axis_stays_within_one_part() -> None:
    mask = np.zeros((40, 9, 3), bool)
    mask[2:7, 3:6, 1] = True
    mask[36, 4, 1] = True
    found = measure(image_of(mask, np.eye(4)), mask)
    assert found["parts"] == 2
    assert found["long_axis_mm"] < 7
    assert found["max_diameter_3d_mm"] > 33


def test_the_short_axis_is_one_line_and_not_the_width() -> None:
    """Two bumps, on either side at opposite ends: the widest line across touches one of them only."""
    mask = np.zeros((40, 15, 3), bool)
    mask[2:38, 6:9, 1] = True
    mask[5:9, 9:12, 1] = True
    mask[31:35, 3:6, 1] = True
    assert 5.5 < measure(image_of(mask, np.eye(4)), mask)["short_axis_mm"] < 7.0


def test_the_slice_with_the_longest_axis_is_taken() -> None:
    mask = np.zeros((20, 20, 6), bool)
    mask[8:12, 8:12, 1:5] = True
    mask[3:17, 9, 3] = True
    found = measured(image_of(mask, np.diag([1.0, 1.0, 2.0, 1.0])), mask)
    assert {position[2] for line in found.lines_ras_mm.values() for position in line} == {6.0}


def test_intensities_have_their_unit() -> None:
    affine, positions = grid_around(5.0)
    mask = ellipsoid(positions, (5.0, 5.0, 5.0), 0.0)
    rng = np.random.default_rng(0)
    voxels = rng.normal(40, 9, mask.shape)
    ct = measure(Image(voxels[None], affine, "CT", unit="HU"), mask)
    assert ct["mean_hu"] == pytest.approx(voxels[mask].mean())
    assert ct["sd_hu"] == pytest.approx(voxels[mask].std())
    assert (ct["min_hu"], ct["max_hu"]) == (voxels[mask].min(), voxels[mask].max())
    mr = measure(Image(np.stack([voxels, 2 * voxels]), affine, "MR", ("T1", "T2")), mask)
    assert mr["mean_intensity_T2"] == pytest.approx(2 * mr["mean_intensity_T1"])
    assert not [name for name in (*mr, *measure(Image(voxels[None], affine), mask)) if "hu" in name or "solid" in name]


def test_the_solid_part_of_a_nodule() -> None:
    affine, positions = grid_around(8.0)
    mask, core = (ellipsoid(positions, (radius,) * 3, 0.0) for radius in (8.0, 4.0))
    voxels = np.where(core, 20, np.where(mask, -650, -840)).astype(np.int16)
    image = Image(voxels[None], affine, "CT", unit="HU")
    found = measure(image, mask)
    assert found["solid_percent"] == pytest.approx(12.5, abs=0.5)
    assert found["solid_volume_ml"] == pytest.approx(np.count_nonzero(core) * found["volume_ml"] / found["voxels"])
    assert found["solid_above_hu"] == -300
    assert measured(image, mask, solid_above_hu=-700).values["solid_percent"] == 100
    assert "solid_percent" not in measure(image, mask, solid=False)


def test_what_does_not_lie_in_lung_has_no_solid_part() -> None:
    affine, positions = grid_around(8.0)
    mask = ellipsoid(positions, (8.0, 7.0, 6.0), 0.0)
    assert "solid_percent" not in measure(image_of(mask, affine, 60, 40), mask)  # in the liver
    assert "solid_percent" not in measure(image_of(mask, affine, 60, -1000), mask)  # a patient in air
    assert "solid_percent" in measure(image_of(mask, affine, 60, 40), mask, solid=True)


def test_what_cannot_be_measured_is_said() -> None:
    mask = np.zeros((4, 5, 6), bool)
    image = Image(np.full((1, 4, 5, 6), np.nan), np.eye(4), "CT", unit="HU")
    with pytest.raises(InputError, match="segment is empty"):
        measure(image, mask)
    with pytest.raises(GeometryError, match="mask has"):
        measure(image, np.ones((4, 5, 7), bool))
    with pytest.raises(UnsupportedVolumeError, match="NaN"):
        measure(image, ~mask)
