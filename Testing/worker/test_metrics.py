from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from AutoLabelLib.worker.evaluation import metrics
from Testing.grids import affines, make_affine, shapes


def ball(shape: tuple[int, int, int], centre: tuple[float, ...], radius: float) -> np.ndarray:
    grid = np.indices(shape).astype(float)
    return sum((grid[axis] - centre[axis]) ** 2 for axis in range(3)) <= radius**2


def cube(low: int, high: int, shape: tuple[int, int, int] = (12, 12, 12)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[low:high, low:high, low:high] = True
    return mask


EMPTY = np.zeros((12, 12, 12), bool)


def test_perfect_agreement() -> None:
    result = metrics.agreement(cube(2, 6), cube(2, 6), make_affine(spacing_mm=(1, 2, 5)))
    assert (result.dice, result.hd95_mm, result.volume_error_ml, result.volume_error_percent) == (1, 0, 0, 0)
    assert result.volume_ml == pytest.approx(64 * 10 / 1000)


def test_both_empty_agree_perfectly() -> None:
    result = metrics.agreement(EMPTY, EMPTY, np.eye(4))
    assert (result.dice, result.hd95_mm, result.volume_error_ml, result.volume_error_percent) == (1, 0, 0, None)


def test_a_missed_structure_has_no_distance() -> None:
    result = metrics.agreement(EMPTY, cube(2, 6), np.eye(4))
    assert (result.dice, result.hd95_mm) == (0, None)
    assert result.volume_error_ml == pytest.approx(-0.064)
    assert result.volume_error_percent == pytest.approx(-100)


def test_an_invented_structure_has_no_distance_and_no_percentage() -> None:
    result = metrics.agreement(cube(2, 6), EMPTY, np.eye(4))
    assert (result.dice, result.hd95_mm, result.volume_error_percent) == (0, None, None)
    assert result.volume_error_ml == pytest.approx(0.064)


def test_dice_of_half_an_overlap() -> None:
    first, second = EMPTY.copy(), EMPTY.copy()
    first[0, 0, 0:4] = second[0, 0, 2:6] = True
    assert metrics.dice(first, second) == 0.5


@pytest.mark.parametrize(("axis", "spacing"), [(0, 0.5), (1, 2.0), (2, 5.0)])
def test_distance_is_in_millimetres_along_each_axis(axis: int, spacing: float) -> None:
    prediction = np.zeros((12, 12, 12), bool)
    reference = prediction.copy()
    prediction[4, 4, 4] = True
    index = [4, 4, 4]
    index[axis] += 3
    reference[tuple(index)] = True
    affine = make_affine("LPS", (0.5, 2.0, 5.0), (20, -30, 10))
    assert metrics.hd95_mm(prediction, reference, affine) == pytest.approx(3 * spacing)


def test_distance_on_a_sheared_grid_is_the_one_in_the_patient() -> None:
    prediction, reference = EMPTY.copy(), EMPTY.copy()
    prediction[2, 2, 2] = reference[4, 5, 3] = True
    affine = make_affine("RAS", (1.0, 2.0, 3.0), shear=(0.5, -0.3, 0.2))
    apart_mm = np.linalg.norm(affine[:3, :3] @ (2, 3, 1))
    assert metrics.hd95_mm(prediction, reference, affine) == pytest.approx(apart_mm)
    assert apart_mm != pytest.approx(np.linalg.norm(np.array((2, 3, 1)) * (1, 2, 3)), rel=0.05)


def test_the_95th_percentile_forgives_a_speck() -> None:
    reference = ball((24, 24, 24), (10, 10, 10), 7)
    prediction = reference.copy()
    prediction[23, 23, 23] = True
    assert metrics.hd95_mm(prediction, reference, np.eye(4)) == 0


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")  # MONAI calls itself so
@settings(max_examples=25)
@given(affines(largest_shear=0.0), st.integers(0, 2**32 - 1))
def test_hd95_is_monais_on_every_orthogonal_grid(affine: np.ndarray, seed: int) -> None:
    torch = pytest.importorskip("torch")
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance

    rng = np.random.default_rng(seed)
    shape = (14, 12, 10)
    masks = [ball(shape, tuple(rng.uniform(2, 9, 3)), float(rng.uniform(1.5, 6))) for _ in range(2)]
    if not all(mask.any() for mask in masks):
        return
    tensors = [torch.from_numpy(mask)[None, None].float() for mask in masks]
    spacing = np.linalg.norm(affine[:3, :3], axis=0).tolist()
    expected = float(compute_hausdorff_distance(*tensors, include_background=True, percentile=95, spacing=spacing))
    assert metrics.agreement(*masks, affine).hd95_mm == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(shapes(6), st.integers(0, 2**32 - 1), affines())
def test_figures_are_within_their_bounds_and_symmetric(
    shape: tuple[int, int, int], seed: int, affine: np.ndarray
) -> None:
    rng = np.random.default_rng(seed)
    first, second = (rng.random(shape) < rng.random() for _ in range(2))
    there, back = metrics.agreement(first, second, affine), metrics.agreement(second, first, affine)
    assert 0 <= there.dice <= 1
    assert there.dice == back.dice
    assert there.hd95_mm == back.hd95_mm
    assert there.volume_error_ml == -back.volume_error_ml
    diagonal_mm = sum(np.linalg.norm(affine[:3, axis]) * n for axis, n in enumerate(shape))
    assert there.hd95_mm is None or 0 <= there.hd95_mm <= diagonal_mm
    assert (there.hd95_mm is None) == (first.any() != second.any())


def test_cropping_changes_nothing() -> None:
    first, second = ball((40, 30, 20), (8, 9, 10), 5), ball((40, 30, 20), (10, 9, 9), 4)
    affine = make_affine("LPI", (0.7, 0.8, 2.0))
    whole = metrics.hd95_mm(first, second, affine)
    assert metrics.agreement(first, second, affine).hd95_mm == pytest.approx(whole)
    assert metrics.union_box(first, second) == (slice(3, 15), slice(4, 15), slice(5, 16))


def test_a_surface_includes_the_border_of_the_volume() -> None:
    whole = np.ones((4, 4, 4), bool)
    assert metrics.surface(whole).sum() == 64 - 8
