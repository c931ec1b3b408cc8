"""The method "geodesic" on objects of known shape: all kinds of prompts and grids, and what cannot be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core import locations
from AutoLabelLib.core.affine import cropped_affine, index_from_ras, ras_from_index, spacing_mm
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box, Lasso, Point, Position, Prompts, Scribble
from AutoLabelLib.worker.classical import geodesic
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import segmentation
from Testing.slicer_scene import GRIDS

MODEL = locations.resources() / "Models" / "any_structure"
SHAPE = (44, 40, 30)
ISOTROPIC = np.diag([1.0, 1.0, 1.0, 1.0])


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget answers before each test: what it measures must not come from another one."""
    geodesic._ANSWERS.clear()
    return


def run(image: Image, prompts: Prompts, start: Labelmap | None = None, **options: Any) -> Result:
    starts = () if start is None else (start,)
    job = Job("segmentation", str(MODEL), (image,), starts, prompts, {"device": "cpu", **options})
    return segmentation.run(job, TaskContext())


def found(image: Image, prompts: Prompts, start: Labelmap | None = None) -> NDArray[np.bool_]:
    labelmap = run(image, prompts, start).labelmaps[0]
    assert labelmap.same_grid(image)
    return np.asarray(labelmap.array[0] > 0)


def ball(
    middle: ArrayLike, radius_mm: float, affine: NDArray[np.float64] = ISOTROPIC, shape: tuple[int, ...] = SHAPE
) -> NDArray[np.bool_]:
    """Return the voxels (I, J, K) that are no farther from an index than a radius."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    apart = ras_from_index(affine, index) - ras_from_index(affine, middle)
    return np.asarray((apart**2).sum(axis=-1) <= radius_mm**2)


def picture(mask: NDArray[np.bool_], affine: NDArray[np.float64] = ISOTROPIC, noise: float = 8.0) -> Image:
    """Return an image in which a mask is brighter by 100, with noise."""
    values = 100.0 * mask + np.random.default_rng(0).normal(50, noise, mask.shape)
    return Image(values.astype(np.float32)[None], affine, "MR")


def at(index: ArrayLike, affine: NDArray[np.float64] = ISOTROPIC) -> Position:
    r, a, s = ras_from_index(affine, index)
    return (float(r), float(a), float(s))


def click(*index: float, affine: NDArray[np.float64] = ISOTROPIC, positive: bool = True) -> Point:
    return Point(at(index, affine), positive)


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize("grid", GRIDS)
def test_one_click_finds_a_lopsided_object_on_any_grid(grid: str) -> None:
    affine = GRIDS[grid]
    size = np.ceil(np.array([14.0, 10.0, 7.5]) / spacing_mm(affine)).astype(int)
    start, half = np.array([12, 11, 10]), size // 2
    mask = np.zeros(SHAPE, bool)
    for low in (start, start + half * [0, 1, 1]):  # a block, and another one upon one of its corners
        mask[tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))] = True
    answer = found(picture(mask, affine), Prompts((click(*(start + half), affine=affine),)))
    assert dice(answer, mask) > 0.9


@pytest.mark.parametrize(("scale", "offset"), [(1e-3, 0.0), (5500.0, 0.0), (1.0, -1024.0), (-1.0, 300.0)])
def test_the_scale_of_intensities_does_not_matter(scale: float, offset: float) -> None:
    image = picture(ball((20, 18, 14), 8))
    prompts = Prompts((click(20, 18, 14), click(20, 18, 28, positive=False)))
    other = Image(image.array * np.float32(scale) + np.float32(offset), image.affine, "MR")
    assert dice(found(image, prompts), found(other, prompts)) > 0.995


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_any_type_of_voxels_is_taken(dtype: type[np.generic]) -> None:
    mask = ball((20, 18, 14), 8)
    image = picture(mask)
    typed = Image(np.clip(image.array, 0, 255).astype(dtype), image.affine, "CT")
    assert dice(found(typed, Prompts((click(20, 18, 14),))), mask) > 0.95


def test_an_object_larger_than_the_first_look_is_followed() -> None:
    shape = (110, 100, 90)
    mask = ball((50, 48, 44), 38, shape=shape)
    assert dice(found(picture(mask), Prompts((click(30, 40, 40),))), mask) > 0.97


def test_an_object_too_large_for_its_own_resolution_is_found_in_place() -> None:
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    mask = ball((70, 66, 62), 26, affine, (140, 132, 124))
    answer = found(picture(mask, affine), Prompts((click(70, 66, 62, affine=affine),)))
    assert dice(answer, mask) > 0.97
    assert np.abs(np.argwhere(answer).mean(axis=0) - np.argwhere(mask).mean(axis=0)).max() < 0.3


def dumbbell() -> tuple[NDArray[np.bool_], NDArray[np.bool_], Image]:
    """Return two balls with a bridge between them, and an image of all."""
    left, right = ball((12, 18, 14), 7), ball((32, 18, 14), 7)
    bridge = np.zeros(SHAPE, bool)
    bridge[12:32, 16:20, 13:16] = True
    return left, right, picture(left | right | bridge)


def test_a_negative_click_cuts_off_what_does_not_belong() -> None:
    left, right, image = dumbbell()
    start = Labelmap((left | right)[None].astype(np.uint8), ISOTROPIC, (Segment("S", 1),))
    answer = found(image, Prompts((click(32, 18, 14, positive=False),)), start)
    assert (answer & left).sum() > 0.95 * left.sum()
    assert not (answer & right)[34:].any()


def test_a_negative_scribble_does_so_too() -> None:
    left, right, image = dumbbell()
    stroke = Scribble((at((28, 14, 14)), at((32, 18, 14)), at((36, 22, 14))), positive=False)
    start = Labelmap((left | right)[None].astype(np.uint8), ISOTROPIC, (Segment("S", 1),))
    answer = found(image, Prompts(scribbles=(stroke,)), start)
    assert (answer & left).sum() > 0.95 * left.sum()
    assert (answer & right).sum() < 0.2 * right.sum()


def test_a_positive_click_adds_what_was_missed_and_leaves_the_rest() -> None:
    left, right = ball((12, 18, 14), 7), ball((33, 18, 14), 6)
    image = picture(left | right)
    before = found(image, Prompts((click(12, 18, 14),)))
    assert dice(before, left) > 0.95
    after = found(image, Prompts((click(12, 18, 14), click(33, 18, 14))))
    assert dice(after, left | right) > 0.93
    np.testing.assert_array_equal(after[:20], before[:20])


def test_a_scribble_finds_an_object_of_two_intensities() -> None:
    mask = ball((20, 18, 14), 9)
    values = 100.0 * mask + 60.0 * (mask & (np.arange(SHAPE[0]) > 20)[:, None, None])
    noisy = values + np.random.default_rng(0).normal(0, 6, SHAPE)
    image = Image(noisy.astype(np.float32)[None], ISOTROPIC, "MR")
    stroke = Scribble((at((14, 18, 14)), at((27, 18, 14))))
    assert dice(found(image, Prompts(scribbles=(stroke,))), mask) > 0.93


@pytest.mark.parametrize("grid", GRIDS)
def test_a_box_holds_the_object_and_nothing_beside_it(grid: str) -> None:
    affine = GRIDS[grid]
    inside, outside = ball((22, 20, 14), 9, affine), ball((22, 20, 14), 14, affine) & ~ball((22, 20, 14), 12, affine)
    middle = np.asarray(at((22, 20, 14), affine))
    box = Box(tuple(middle - 10), tuple(middle + 10))
    answer = found(picture(inside | outside, affine), Prompts(boxes=(box,)))
    assert dice(answer, inside) > 0.9
    positions = ras_from_index(affine, np.argwhere(answer))
    assert (np.abs(positions - middle) <= 10.01).all()


@pytest.mark.parametrize("grid", GRIDS)
def test_a_lasso_in_one_plane_finds_the_object_around_it(grid: str) -> None:
    affine = GRIDS[grid]
    mask = ball((22, 20, 14), 10, affine)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    axes = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
    middle = np.asarray(at((22, 20, 14), affine))
    loop = middle + 12 * (np.cos(turns)[:, None] * axes[:, 0] + np.sin(turns)[:, None] * axes[:, 1])
    inside = index_from_ras(affine, loop)
    assert (inside > 0).all()
    assert dice(found(picture(mask, affine), Prompts(lassos=(Lasso(tuple(map(tuple, loop))),))), mask) > 0.85


def test_negative_boxes_and_lassos_are_kept_empty() -> None:
    _, right, image = dumbbell()
    box = Box(at((25, 0, 0)), at((43, 39, 29)), positive=False)
    answer = found(image, Prompts((click(12, 18, 14),), boxes=(box,)))
    assert answer.any()
    assert not answer[25:].any()
    loop = tuple(at(index) for index in ((26, 12, 14), (38, 12, 14), (38, 24, 14), (26, 24, 14)))
    answer = found(image, Prompts((click(12, 18, 14),), lassos=(Lasso(loop, positive=False),)))
    assert (answer & right).sum() < 0.3 * right.sum()


def test_a_mask_is_corrected_where_it_was_pointed_at_only() -> None:
    left, right, image = dumbbell()
    start = Labelmap((left | right)[None].astype(np.uint8), ISOTROPIC, (Segment("S", 1),))
    answer = found(image, Prompts((click(32, 18, 14, positive=False),)), start)
    np.testing.assert_array_equal(answer[:12], left[:12])
    assert (answer & right).sum() < 0.3 * right.sum()


def test_a_mask_may_be_a_box_of_the_image() -> None:
    left, right, image = dumbbell()
    whole = Labelmap((left | right)[None].astype(np.uint8), ISOTROPIC, (Segment("S", 1),))
    corner = (3, 5, 4)
    part = Labelmap(whole.array[:, 3:, 5:, 4:], cropped_affine(ISOTROPIC, corner), whole.segments)
    prompts = Prompts((click(32, 18, 14, positive=False),))
    np.testing.assert_array_equal(found(image, prompts, whole), found(image, prompts, part))
    elsewhere = Labelmap(whole.array, cropped_affine(ISOTROPIC, (0.4, 0, 0)), whole.segments)
    with pytest.raises(InputError, match="not on the image's grid"):
        run(image, prompts, elsewhere)


def test_what_is_remembered_gives_the_same_answer() -> None:
    _, _, image = dumbbell()
    prompts = Prompts((click(12, 18, 14), click(32, 18, 14, positive=False), click(16, 18, 14)))
    at_once = found(image, prompts)
    geodesic._ANSWERS.clear()
    for count in (1, 2, 3):
        step_by_step = found(image, Prompts(prompts.points[:count]))
    np.testing.assert_array_equal(at_once, step_by_step)


def test_an_answer_can_be_cropped_to_what_was_found() -> None:
    mask = ball((20, 18, 14), 8)
    image = picture(mask)
    prompts = Prompts((click(20, 18, 14),))
    whole, small = run(image, prompts), run(image, prompts, crop=True)
    start = small.values["start_ijk"]
    box = tuple(slice(a, a + n) for a, n in zip(start, small.labelmaps[0].spatial_shape, strict=True))
    np.testing.assert_array_equal(whole.labelmaps[0].array[0][box], small.labelmaps[0].array[0])
    assert whole.labelmaps[0].array.sum() == small.labelmaps[0].array.sum()
    assert small.provenance["method"] == "geodesic"
    assert small.provenance["model"]["name"] == "any_structure"


def test_two_slices_are_enough() -> None:
    mask = ball((20, 18, 0), 8)[:, :, :2]
    assert dice(found(picture(mask), Prompts((click(20, 18, 1),))), mask) > 0.85


def test_a_single_voxel_can_be_marked() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[20, 18, 14] = True
    assert found(picture(mask), Prompts((click(20, 18, 14),)))[20, 18, 14]


def test_what_cannot_be_answered_is_one_sentence() -> None:
    image = picture(ball((20, 18, 14), 8))
    with pytest.raises(InputError, match="nothing to take away from"):
        run(image, Prompts((click(20, 18, 14, positive=False),)))
    with pytest.raises(InputError, match="as part of it and as not part of it"):
        run(image, Prompts((click(20, 18, 14), click(20.2, 18, 14, positive=False))))
    with pytest.raises(GeometryError, match="outside the volume"):
        run(image, Prompts((click(200, 18, 14),)))


def test_what_is_probably_not_meant_is_warned_of() -> None:
    mask = ball((20, 18, 14), 8)
    dark = Image(np.where(mask, 100, -1000).astype(np.int16)[None], ISOTROPIC, "CT", unit="HU")
    assert any("usually air" in warning for warning in run(dark, Prompts((click(2, 2, 2),))).warnings)
    box = Box(at((30, 10, 6)), at((40, 30, 24)))
    prompts = Prompts((click(20, 18, 14),), boxes=(box,))
    assert any("outside of the box" in warning for warning in run(dark, prompts).warnings)
    flat = Image(np.random.default_rng(0).normal(0, 1, (1, *SHAPE)), ISOTROPIC, "MR")
    assert any("hardly differs" in warning for warning in run(flat, Prompts((click(20, 18, 14),))).warnings)
    assert not run(dark, Prompts((click(20, 18, 14),))).warnings


def test_what_is_left_of_a_mask_needs_no_click_of_its_own() -> None:
    array = np.zeros((30, 20, 20), np.float32)
    array[4:12, 6:14, 6:14] = array[18:24, 6:14, 6:14] = 100
    array[12:18, 9:11, 9:11] = 100  # a bridge between what was found and what is missing
    image = Image(array[None], np.eye(4), "MR")
    found = np.zeros(array.shape, np.uint8)
    found[4:12, 6:14, 6:14] = 1
    start = Labelmap(found[None], np.eye(4), (Segment("found", 1),))
    prompts = Prompts((Point((21, 10, 10)), Point((15, 9, 9), positive=False)))
    answer, _ = geodesic.segment(image, prompts, start, TaskContext())
    assert answer.holds(np.argwhere(found > 0)).mean() > 0.9
