"""The parts of the methods without a network, each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from AutoLabelLib.worker.classical import likelihood, outline
from AutoLabelLib.worker.classical.distances import FAR, geodesic_distance
from AutoLabelLib.worker.classical.levels import levels_of
from AutoLabelLib.worker.classical.marks import marks_of
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.classical.view import look
from AutoLabelLib.worker.classical.walker import random_walk
from Testing.slicer_scene import GRIDS

SHAPE = (9, 8, 7)


def image(shape: tuple[int, int, int] = SHAPE, grid: str = "oblique") -> Image:
    return Image(np.arange(np.prod(shape), dtype=np.float32).reshape(1, *shape), GRIDS[grid])


def at(index: tuple[float, float, float], grid: str = "oblique") -> tuple[float, float, float]:
    r, a, s = ras_from_index(GRIDS[grid], index)
    return (float(r), float(a), float(s))


def test_a_distance_is_the_sum_of_costs_along_the_cheapest_way() -> None:
    cost = np.ones((5, 4, 3), np.float32)
    cost[2, :3] = 100.0  # a wall with a gap at j = 3
    distance = geodesic_distance(np.array([[0, 0, 0]]), cost, (1.0, 2.0, 3.0))
    assert distance[1, 0, 0] == pytest.approx(1.0)
    assert distance[0, 2, 1] == pytest.approx(2 * 2.0 + 3.0)
    assert distance[4, 0, 0] == pytest.approx(4 * 1.0 + 2 * 3 * 2.0)  # around the wall


def test_what_no_way_leads_to_is_far() -> None:
    cost = np.ones((5, 4, 3), np.float32)
    cost[2] = np.inf
    distance = geodesic_distance(np.array([[0, 0, 0]]), cost, (1.0, 1.0, 1.0))
    assert (distance[2:] == FAR).all()
    assert (distance[:2] < 10).all()


def test_the_best_level_is_where_the_edge_is() -> None:
    index = np.stack(np.meshgrid(*map(np.arange, (31, 31, 31)), indexing="ij"), axis=-1) - 15.0
    distance = np.sqrt((index**2).sum(axis=-1)).astype(np.float32)
    unlike = np.where(distance > 8, 6.0, 0.0).astype(np.float32)
    levels = levels_of(distance, np.ones(distance.shape, bool), unlike, (1.0, 1.0, 1.0))
    allowed = np.ones(len(levels.distance), bool)
    assert levels.first_good(allowed, 0.6)[0] == pytest.approx(8.0, abs=0.3)
    assert levels.best(allowed, 0.1) == pytest.approx(8.0, abs=0.3)
    assert levels.contrast.max() > 0.95


def test_a_walker_moves_a_boundary_to_the_edge_and_keeps_what_is_given() -> None:
    values = np.zeros((20, 6, 6), np.float32)
    values[12:] = 10.0
    given, free = np.zeros(values.shape, np.float32), np.zeros(values.shape, bool)
    given[:9], free[5:16] = 1.0, True
    free[14, 3, 3], given[14, 3, 3] = False, 1.0
    result = random_walk(values, given, free, np.full(values.shape, 0.5, np.float32), 0.01, (1.0, 1.0, 1.0))
    assert (result[:12] > 0.5).all()
    assert result[14, 3, 3] == 1.0
    result[14, 3, 3] = 0
    assert (result[12:, 0] < 0.5).all()


def test_intensities_in_between_belong_to_the_nearer_side() -> None:
    values = np.linspace(0, 100, 1000, dtype=np.float32).reshape(10, 10, 10)
    ratio = likelihood.log_likelihood_ratio(values, values > 80, values < 20, 2.0)
    assert (ratio[values > 60] > 0).all()
    assert (ratio[values < 40] < 0).all()
    nothing = np.zeros(values.shape, bool)
    assert not likelihood.log_likelihood_ratio(values, nothing, values < 20, 2.0).any()


def test_noise_has_the_scale_of_the_image() -> None:
    values = np.random.default_rng(0).normal(0, 5, (40, 40, 40)).astype(np.float32)
    assert likelihood.noise_of(values, 30.0) == pytest.approx(5.0, rel=0.05)
    assert likelihood.noise_of(values * 0, 30.0) == pytest.approx(0.6)
    assert likelihood.noise_of(values[:2, :2, :2] * 0, 0.0) > 0


def test_a_mask_is_read_and_written_in_boxes() -> None:
    full = np.random.default_rng(0).random(SHAPE) > 0.7
    mask = ObjectMask.trimmed(full, (0, 0, 0))
    np.testing.assert_array_equal(mask.read((0, 0, 0), SHAPE), full)
    np.testing.assert_array_equal(mask.read((-2, 3, 1), (4, 9, 5))[2:, :5], full[:4, 3:, 1:5])
    changed = mask.written((2, 2, 2), np.zeros((3, 3, 3), bool))
    full[2:5, 2:5, 2:5] = False
    np.testing.assert_array_equal(changed.read((0, 0, 0), SHAPE), full)
    places = np.argwhere(np.ones(SHAPE, bool))
    np.testing.assert_array_equal(changed.holds(places), full[tuple(places.T)])
    assert not changed.holds(np.array([[-1, 0, 0], [50, 0, 0]])).any()
    assert changed.written((0, 0, 0), np.zeros(SHAPE, bool)).is_empty
    assert not ObjectMask.empty().holds(np.array([[0, 0, 0]])).any()


def test_a_view_of_a_small_part_has_the_images_own_voxels() -> None:
    view = look(image(), (2, -3, 1), (6, 5, 99))
    assert view.values.shape == (4, 5, 6)
    assert view.is_native
    assert view.is_cut.tolist() == [[True, True], [False, True], [True, False]]
    assert view.index_of(np.array([[2, 0, 1], [1, 0, 1], [5, 4, 6]])).tolist() == [[0, 0, 0], [3, 4, 5]]
    assert view.rim[0].all()
    assert not view.rim[2:2, 0].any()


def test_a_coarse_view_shows_the_same_place() -> None:
    big = image((40, 30, 20), "anisotropic")
    view = look(big, (0, 0, 0), (40, 30, 20), 2000)
    assert not view.is_native
    assert view.values.size <= 2000
    assert view.spacing_mm == pytest.approx(np.asarray(big.spacing_mm) * view.step)
    mask = np.zeros((40, 30, 20), bool)
    mask[8:32, 9:24, 5:15] = True
    back = view.grown(view.shrunk(mask).astype(np.float32)) > 0.5
    assert np.abs(np.argwhere(back).mean(axis=0) - np.argwhere(mask).mean(axis=0)).max() < 0.7


def test_where_a_coarse_view_sees_no_change_voxels_stay() -> None:
    rng = np.random.default_rng(0)
    big = image((40, 30, 20), "anisotropic")
    view = look(big, (0, 0, 0), (40, 30, 20), 2000)
    full = np.zeros((40, 30, 20), bool)
    full[10:30, 8:22, 4:16] = rng.random((20, 14, 12)) > 0.05
    mask = ObjectMask.trimmed(full, (0, 0, 0))
    before = view.shrunk(full)
    np.testing.assert_array_equal(
        view.changed(mask, before, before.astype(np.float32)).read((0, 0, 0), full.shape), full
    )


def test_strokes_become_every_voxel_under_them() -> None:
    scribble = Scribble((at((1, 1, 1)), at((6, 1, 1)), at((6, 4, 1))), positive=False)
    point = Point(at((2, 3, 4)))
    marks = marks_of(Prompts((point,), scribbles=(scribble,)), image())
    assert [mark.positive for mark in marks] == [False, True]
    expected = {(i, 1, 1) for i in range(1, 7)} | {(6, j, 1) for j in range(1, 5)}
    assert set(map(tuple, marks[0].voxels.tolist())) == expected
    assert marks[1].voxels.tolist() == [[2, 3, 4]]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_negative_lasso_marks_its_inside_in_its_plane(grid: str) -> None:
    loop = tuple(at(index, grid) for index in ((1, 1, 3), (6, 1, 3), (6, 5, 3), (1, 5, 3)))
    marks = marks_of(Prompts(lassos=(Lasso(loop, positive=False),)), image(grid=grid))
    expected = {(i, j, 3) for i in range(1, 7) for j in range(1, 6)}
    assert set(map(tuple, marks[0].voxels.tolist())) == expected


@pytest.mark.parametrize("grid", GRIDS)
def test_a_box_holds_the_voxels_whose_centres_are_in_it(grid: str) -> None:
    given = image(grid=grid)
    box = Box(at((1, 2, 1), grid), at((6, 6, 5), grid))
    said = outline.outlined([box], given, (0, 0, 0), SHAPE, (1, 1, 1))
    index = np.argwhere(np.ones(SHAPE, bool))
    positions = ras_from_index(given.affine, index)
    voxel_mm = np.abs(given.affine[:3, :3]).sum(axis=1)  # a box that is thinner is as thick as a voxel
    for widened, holds in ((1e-6, np.less_equal), (np.maximum(0, voxel_mm / 2) + 1e-6, np.greater_equal)):
        low, high = np.asarray(box.low_ras_mm) - widened, np.asarray(box.high_ras_mm) + widened
        inside = ((positions >= low) & (positions <= high)).all(axis=1).reshape(SHAPE)
        assert holds(inside, said.possible).all()
    assert said.likely.any()
    assert not (said.likely & ~said.possible).any()
    first, last = outline.extent_of([box], given)
    places = np.argwhere(said.possible)
    assert (places >= first).all()
    assert (places < last).all()


def test_a_flat_box_and_a_lasso_reach_out_of_their_plane() -> None:
    given = Image(np.zeros((1, 40, 40, 40), np.float32), np.eye(4))
    box = outline.outlined([Box((10, 10, 20), (30, 30, 20))], given, (0, 0, 0), (40, 40, 40), (1, 1, 1))
    assert np.flatnonzero(box.possible.any(axis=(0, 1))).tolist() == [20]
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    lasso = Lasso(tuple((20 + 9 * np.cos(t), 20 + 9 * np.sin(t), 20.0) for t in turns))
    said = outline.outlined([lasso], given, (0, 0, 0), (40, 40, 40), (1, 1, 1))
    middle = said.likely[:, :, 20]
    assert middle.sum() == pytest.approx(np.pi * 81, rel=0.1)
    heights = np.flatnonzero(said.likely[20, 20])
    assert heights.min() == pytest.approx(11, abs=1)
    assert heights.max() == pytest.approx(29, abs=1)
    first, last = outline.extent_of([lasso], given)
    places = np.argwhere(said.possible)
    assert (places >= first).all()
    assert (places < last).all()
