"""Handcrafted features: what must not change them, what they say of bad input, and that they mean what they say."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.directions import DIRECTIONS
from AutoLabelLib.worker.features.laplacian import laplacian_of_gaussian
from AutoLabelLib.worker.features.mesh import convex_hull, surface_mesh
from AutoLabelLib.worker.features.runs import runs
from AutoLabelLib.worker.features.settings import CORE, FAMILIES, FeatureSettings, from_mapping

ALL = FeatureSettings(tuple(FAMILIES))
TURNABLE = FeatureSettings(tuple(family for family in FAMILIES if family not in ("hog", "lesion")))
SPACING_MM = np.array([0.7, 0.9, 1.5])
Array = NDArray[np.float64]


def radius_mm(shape: tuple[int, int, int], spacing_mm: Array) -> Array:
    """Return the distance (I, J, K) of each voxel from the middle of a grid."""
    axes = ((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(shape, spacing_mm, strict=True))
    return np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij")))


@pytest.fixture(scope="module")
def nodule() -> tuple[Array, NDArray[np.bool_]]:
    """A ragged, lopsided blob of uneven brightness in darker surroundings."""
    shape = (34, 28, 20)
    random = np.random.default_rng(5)
    coarse = gaussian_filter(random.normal(size=shape), 1.5) * 4
    mask = radius_mm(shape, SPACING_MM) + 2 * coarse < 8
    mask[:, :6] = False
    image = np.where(mask, 20.0, -750.0) + 60 * coarse + random.normal(0, 20, shape)
    return image, mask


def worst_difference(first: dict[str, float], second: dict[str, float]) -> float:
    """Return by how much two sets of features differ at most, relative to their size."""
    assert list(first) == list(second)
    pairs = [(first[name], second[name]) for name in first]
    assert [math.isnan(a) for a, _ in pairs] == [math.isnan(b) for _, b in pairs]
    return max(abs(a - b) / max(abs(a), 1e-3) for a, b in pairs if not math.isnan(a))


@pytest.mark.parametrize("resample_mm", [None, 1.1])
def test_the_order_and_direction_of_axes_change_nothing(
    nodule: tuple[Array, NDArray[np.bool_]], resample_mm: float | None
) -> None:
    image, mask = nodule
    settings = replace(TURNABLE, resample_mm=resample_mm)
    before = extraction.extract(image, mask, SPACING_MM, settings)
    for number, axes in enumerate(itertools.permutations(range(3))):
        flips = tuple(slice(None, None, -1 if number >> axis & 1 else 1) for axis in range(3))
        turned = (array.transpose(axes)[flips] for array in (image, mask))
        after = extraction.extract(*turned, SPACING_MM[list(axes)], settings)
        assert worst_difference(before, after) < 1e-5


@pytest.mark.parametrize("resample_mm", [None, 1.1])
def test_how_much_of_the_image_was_given_changes_nothing(
    nodule: tuple[Array, NDArray[np.bool_]], resample_mm: float | None
) -> None:
    image, mask = (np.pad(array, 20, mode="symmetric") for array in nodule)
    mask[:20] = mask[-20:] = mask[:, :20] = mask[:, -20:] = mask[:, :, :20] = mask[:, :, -20:] = False
    settings = replace(ALL, resample_mm=resample_mm, log_sigmas_mm=(1.0, 2.0))
    whole = extraction.extract(image, mask, SPACING_MM, settings)
    part = (slice(3, -5), slice(6, None), slice(8, -9))
    assert worst_difference(whole, extraction.extract(image[part], mask[part], SPACING_MM, settings)) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_alone_says_the_same(nodule: tuple[Array, NDArray[np.bool_]], family: str) -> None:
    together = extraction.extract(*nodule, SPACING_MM, ALL)
    alone = extraction.extract(*nodule, SPACING_MM, FeatureSettings((family,)))
    assert alone
    assert worst_difference(alone, {name: together[name] for name in alone}) < 1e-9


def test_coarser_slices_are_the_same_nodule_after_resampling() -> None:
    fine_mm, coarse_mm = np.array([0.5, 0.5, 0.5]), np.array([0.5, 0.5, 2.0])
    fine, coarse = radius_mm((60, 60, 60), fine_mm), radius_mm((60, 60, 15), coarse_mm)
    settings = FeatureSettings(("morph", "stat"), resample_mm=0.5)
    one, other = (
        extraction.extract(100 - 4 * distance, distance < 10, spacing_mm, settings)
        for distance, spacing_mm in ((fine, fine_mm), (coarse, coarse_mm))
    )
    for name in ("morph_volume_mesh_ml", "morph_maximum_3d_diameter_mm", "stat_mean"):
        assert one[name] == pytest.approx(other[name], rel=0.06)


def test_a_ball_is_measured_right() -> None:
    spacing_mm = np.array([0.5, 0.6, 0.8])
    distance = radius_mm((50, 44, 34), spacing_mm)
    mask = distance < 10
    found = extraction.extract(distance, mask, spacing_mm)
    assert found["morph_volume_mesh_ml"] == pytest.approx(4 / 3 * math.pi, rel=0.01)
    assert found["morph_maximum_3d_diameter_mm"] == pytest.approx(20, rel=0.04)
    assert found["morph_major_axis_length_mm"] == pytest.approx(4 * 10 / math.sqrt(5), rel=0.01)
    assert found["morph_elongation"] == pytest.approx(1, abs=0.02)
    assert 0.9 < found["morph_sphericity"] < 1
    assert found["morph_centre_of_mass_shift_mm"] == pytest.approx(0, abs=1e-9)


def test_a_rod_is_long_and_neither_wide_nor_thick() -> None:
    mask = np.zeros((40, 9, 9), bool)
    mask[4:36, 3:6, 3:6] = True
    found = extraction.extract(np.zeros(mask.shape), mask, (1, 1, 1))
    assert found["morph_elongation"] < 0.15
    assert found["morph_maximum_3d_diameter_mm"] == pytest.approx(math.dist((0, 0, 0), (32, 3, 3)), rel=0.03)
    hull = convex_hull(surface_mesh(mask, np.ones(3)))
    assert found["morph_volume_density_convex_hull"] == pytest.approx(
        surface_mesh(mask, np.ones(3)).volume_mm3 / hull.volume_mm3
    )


def test_autocorrelation_is_the_sum_over_all_pairs(nodule: tuple[Array, NDArray[np.bool_]]) -> None:
    image, mask = (array[10:18, 10:17, 6:12] for array in nodule)
    values, places_mm = image[mask], np.argwhere(mask) * SPACING_MM
    apart_mm = np.linalg.norm(places_mm[:, None] - places_mm, axis=-1)
    weights = np.divide(1, apart_mm, out=np.zeros_like(apart_mm), where=apart_mm > 0)
    off, count = values - values.mean(), len(values)
    moran = count / weights.sum() * (off @ weights @ off) / (off @ off)
    geary = (count - 1) / (2 * weights.sum()) * np.sum(weights * (values[:, None] - values) ** 2) / (off @ off)
    found = extraction.extract(image, mask, SPACING_MM, FeatureSettings(("morph",)))
    assert found["morph_morans_i"] == pytest.approx(moran, abs=1e-5)
    assert found["morph_gearys_c"] == pytest.approx(geary, abs=1e-5)


def test_runs_are_those_that_walking_along_lines_finds() -> None:
    levels = np.random.default_rng(2).integers(0, 3, (5, 6, 4))
    expected = []
    for step in DIRECTIONS:
        for start in np.ndindex(levels.shape):
            inside = all(0 <= at < n for at, n in zip(np.subtract(start, step), levels.shape, strict=True))
            if not levels[start] or (inside and levels[tuple(np.subtract(start, step))] == levels[start]):
                continue
            length, place = 1, np.add(start, step)
            while (place >= 0).all() and (place < levels.shape).all() and levels[tuple(place)] == levels[start]:
                length, place = length + 1, place + step
            expected.append((int(levels[start]), length))
    found = zip(*(part.tolist() for part in runs(levels)), strict=True)
    assert sorted(found) == sorted(expected)


def test_the_laplacian_is_in_millimetres() -> None:
    spacing_mm = np.array([0.4, 0.5, 0.8])
    blob = np.exp(-(radius_mm((51, 41, 27), spacing_mm) ** 2) / (2 * 2.0**2))  # a Gaussian of 2 mm
    answer = laplacian_of_gaussian(blob, spacing_mm, 1.5)[25, 20, 13]
    width = 2.0**2 + 1.5**2  # smoothing adds up the squares; the Laplacian in the middle is -3 / width of the height
    assert answer == pytest.approx(-3 / width * (2.0**2 / width) ** 1.5, rel=0.01)


def test_a_stripe_is_seen_by_the_oriented_gradients() -> None:
    voxels = np.zeros((24, 24, 24))
    voxels[:, 8:16] = 100  # its edges are normal to j
    found = extraction.extract(voxels, np.ones_like(voxels), (1, 1, 1), FeatureSettings(("hog",)))
    assert found["hog_ij_000deg"] + found["hog_ij_160deg"] + found["hog_ij_080deg"] > 0.9
    assert math.isnan(found["hog_ik_000deg"])


def test_the_density_counts_what_it_is_made_of() -> None:
    random = np.random.default_rng(3)
    voxels = random.normal(0, 10, (20, 20, 20))
    settings = FeatureSettings(("density",))
    one = extraction.extract(voxels, np.ones_like(voxels), (1, 1, 1), settings)
    voxels[:10] += 200
    two = extraction.extract(voxels, np.ones_like(voxels), (1, 1, 1), settings)
    assert (one["density_mode_count"], two["density_mode_count"]) == (1, 2)
    assert one["density_entropy_bits"] == pytest.approx(math.log2(10 * math.sqrt(2 * math.pi * math.e)), abs=0.1)
    assert one["density_at_0_sd"] == pytest.approx(1 / math.sqrt(2 * math.pi), rel=0.05)


def test_patterns_of_a_flat_place_and_of_a_bright_spot() -> None:
    voxels = np.zeros((7, 7, 7))
    voxels[3, 3, 3] = 1
    mask = voxels > 0
    assert extraction.extract(voxels, mask, (1, 1, 1), FeatureSettings(("lbp",)))["lbp_uniform_0"] == 1
    assert extraction.extract(voxels * 0, mask, (1, 1, 1), FeatureSettings(("lbp",)))["lbp_uniform_8"] == 1


def test_names_are_those_of_the_features_in_order_and_described(nodule: tuple[Array, NDArray[np.bool_]]) -> None:
    settings = replace(ALL, log_sigmas_mm=(1.5, 3.0))
    names = extraction.names(settings)
    assert tuple(extraction.extract(*nodule, SPACING_MM, settings)) == names
    assert len(set(names)) == len(names)
    for name in names:
        assert name.split("_")[0] in FAMILIES
        assert extraction.describe(name)
        assert extraction.why_undefined(name)
    assert extraction.describe("morph_sphericity") == "how round and smooth it is, from 0 to 1 for a ball"
    assert "1.5 mm" in extraction.describe("log_1.5mm_mean")
    assert len(set(map(extraction.describe, extraction.names(FeatureSettings(("glcm",)))))) == 25


@pytest.mark.parametrize("name", ["morph_sphereness", "roundness", "", "log_mean"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InputError, match="no feature"):
        extraction.describe(name)


def test_every_feature_of_an_ordinary_nodule_is_defined(nodule: tuple[Array, NDArray[np.bool_]]) -> None:
    assert np.isfinite(list(extraction.extract(*nodule, SPACING_MM, ALL).values())).all()


def test_a_single_voxel_has_some_features_and_nan_for_the_rest(nodule: tuple[Array, NDArray[np.bool_]]) -> None:
    image, _ = nodule
    mask = np.zeros(image.shape, bool)
    mask[9, 14, 10] = True
    found = extraction.extract(image, mask, SPACING_MM, ALL)
    assert tuple(found) == extraction.names(ALL)
    assert found["stat_mean"] == image[9, 14, 10]
    assert found["morph_volume_voxel_counting_ml"] == pytest.approx(np.prod(SPACING_MM) / 1000)
    for name in (
        "morph_elongation",
        "morph_morans_i",
        "glcm_contrast",
        "ngtdm_contrast",
        "ivh_volume_at_intensity_fraction_10",
    ):
        assert math.isnan(found[name])


@pytest.mark.parametrize("shape", [(1, 9, 9), (9, 1, 9), (9, 9, 1), (9, 1, 1)])
def test_a_sheet_and_a_line(shape: tuple[int, int, int]) -> None:
    voxels = np.random.default_rng(0).normal(0, 100, shape)
    found = extraction.extract(voxels, np.ones(shape), (1, 1, 2), ALL)
    assert math.isnan(found["morph_volume_density_aee"])
    assert found["morph_flatness"] == 0
    assert found["glcm_contrast"] > 0


def test_one_intensity_everywhere() -> None:
    found = extraction.extract(np.full((6, 6, 6), 40.0), np.ones((6, 6, 6)), (1, 1, 1), ALL)
    assert found["stat_variance"] == found["stat_skewness"] == found["glcm_joint_entropy"] == 0
    assert found["ngtdm_coarseness"] == 1e6
    assert math.isnan(found["glcm_correlation"])


def test_a_range_takes_voxels_from_the_intensities_and_not_from_the_shape(
    nodule: tuple[Array, NDArray[np.bool_]],
) -> None:
    image, mask = (array.copy() for array in nodule)
    image[mask & (np.random.default_rng(1).random(mask.shape) < 0.05)] = 3000  # metal
    plain = extraction.extract(image, mask, SPACING_MM)
    limited = extraction.extract(image, mask, SPACING_MM, FeatureSettings(intensity_range=(-1000, 400)))
    assert limited["stat_maximum"] < 400 < plain["stat_maximum"]
    assert limited["morph_volume_mesh_ml"] == plain["morph_volume_mesh_ml"]
    nothing = extraction.extract(image, mask, SPACING_MM, replace(ALL, intensity_range=(5000, 6000)))
    assert nothing["morph_volume_mesh_ml"] == plain["morph_volume_mesh_ml"]
    assert math.isnan(nothing["stat_mean"])
    assert math.isnan(nothing["glrlm_run_entropy"])


def test_levels_of_a_given_width_begin_at_the_range() -> None:
    voxels = np.full((4, 4, 4), -30.0)
    settings = FeatureSettings(("ih",), bin_width=25.0, intensity_range=(-100, 100))
    assert extraction.extract(voxels, np.ones((4, 4, 4)), (1, 1, 1), settings)["ih_mean"] == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_inside_is_an_error_and_outside_is_not(nodule: tuple[Array, NDArray[np.bool_]], bad: float) -> None:
    image, mask = (array.copy() for array in nodule)
    image[~mask] = bad
    assert np.isfinite(list(extraction.extract(image, mask, SPACING_MM, replace(ALL, resample_mm=1.0)).values())).all()
    image[tuple(np.argwhere(mask)[7])] = bad
    with pytest.raises(UnsupportedVolumeError, match="NaN or infinite inside the segment"):
        extraction.extract(image, mask, SPACING_MM)


def test_bad_input_gets_one_sentence(nodule: tuple[Array, NDArray[np.bool_]]) -> None:
    image, mask = nodule
    with pytest.raises(InputError, match="empty"):
        extraction.extract(image, np.zeros_like(mask), SPACING_MM)
    with pytest.raises(InputError, match="no pair"):
        extraction.extract(image, mask[1:], SPACING_MM)
    with pytest.raises(InputError, match="three positive numbers"):
        extraction.extract(image, mask, (1, 1, 0))
    with pytest.raises(InputError, match="grey levels"):
        extraction.extract(image, mask, SPACING_MM, FeatureSettings(bin_width=0.001))
    tiny = np.zeros_like(mask)
    tiny[10, 10, 10] = tiny[12, 12, 12] = True
    with pytest.raises(InputError, match="so small that nothing of it is left"):
        extraction.extract(image, tiny, SPACING_MM, FeatureSettings(resample_mm=4.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": ["colour"]}, 'no family of features "colour"'),
        ({"families": []}, "no family"),
        ({"bin_width": 0}, "positive"),
        ({"bin_count": 1}, "between 2 and 1024"),
        ({"bin_width": 25, "bin_count": 8}, "either"),
        ({"intensity_range": [400, -1000]}, "is empty"),
        ({"intensity_range": "wide"}, "cannot be read"),
        ({"resample_mm": -1}, "positive"),
        ({"log_sigmas_mm": [0]}, "positive"),
        ({"binwidth": 25}, 'no setting "binwidth"'),
    ],
)
def test_settings_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_mapping(options)


def test_settings_from_json() -> None:
    assert from_mapping({}) == FeatureSettings(CORE, 25.0)
    assert from_mapping({"bin_count": 32}) == FeatureSettings(bin_width=None, bin_count=32)
    assert from_mapping({"families": "morph,stat", "bin_width": None}).families == ("morph", "stat")
    assert from_mapping({"intensity_range": [-1000, 400], "log_sigmas_mm": [2]}).log_sigmas_mm == (2.0,)
