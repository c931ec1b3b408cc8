"""Simulated clicks, patches centred at them, and made-up surroundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training.box import Box
from AutoLabelLib.worker.training.clicks import (
    ClickHabits,
    central_voxel,
    more_clicks,
    shell_around,
    simulate_click,
)
from AutoLabelLib.worker.training.patches import beyond_mm, patch_grid, sample
from AutoLabelLib.worker.training.prompted import PromptedExamples, Prompting, from_recipe
from AutoLabelLib.worker.training.surroundings import Surroundings, continued_patch, cropped, without_object
from AutoLabelLib.worker.training.variation import Variation, random_turn, thicker

SPACING = (0.7, 0.9, 2.0)
PATCH = (32, 24, 16)
PATCH_SPACING = (0.8, 0.8, 1.5)
STILL = Variation(
    turn_degrees=0, tilt_degrees=0, zoom=1, flip_fraction=0, thick_fraction=0, recentre_fraction=0,
    noise=0, gain=0, shift=0, blur_fraction=0,
)  # fmt: skip


def _lopsided_box(shape: tuple[int, int, int] = (30, 26, 7)) -> Box:
    """A bright L-shaped object in noisy lung, touching the first and the last slice."""
    rng = np.random.default_rng(0)
    mask = np.zeros(shape, bool)
    mask[10:16, 8:11] = True
    mask[10:12, 11:17, 2:5] = True
    image = rng.normal(-0.8, 0.05, shape).astype(np.float32)
    image[mask] = 0.4
    return Box(image, without_object(image, mask, SPACING), mask, SPACING)


def test_clicks_hit_or_miss_as_their_habits_say() -> None:
    box, rng = _lopsided_box(), np.random.default_rng(1)
    habits = ClickHabits(inside_fraction=0.6, off_edge_mm=5.0)
    clicks = np.array([simulate_click(box.mask, SPACING, rng, habits) for _ in range(400)])
    voxels = np.clip(np.rint(clicks).astype(int), 0, np.array(box.mask.shape) - 1)
    inside = box.mask[tuple(voxels.T)]
    near = inside | shell_around(box.mask, SPACING, 5.0)[tuple(voxels.T)]
    assert 0.5 < inside.mean() < 0.7
    assert near.all()


@pytest.mark.parametrize("beyond_faces", [False, True])
def test_a_miss_may_lie_beyond_the_faces_of_the_box(beyond_faces: bool) -> None:
    habits = ClickHabits(inside_fraction=0.0, beyond_faces=beyond_faces)
    examples = PromptedExamples([_lopsided_box()], PATCH, PATCH_SPACING, Prompting(clicks=habits))
    rng = np.random.default_rng(0)
    clicks = np.array([examples._first_click(_lopsided_box(), rng) for _ in range(100)])
    outside = ((clicks < -0.5) | (clicks > np.array([30, 26, 7]) - 0.5)).any(axis=1)
    assert bool(outside.any()) == beyond_faces
    assert (clicks[:, 2] * SPACING[2] > -7).all() and (clicks[:, 2] * SPACING[2] < 7 * SPACING[2] + 7).all()


def test_the_central_voxel_belongs_to_the_object() -> None:
    mask = _lopsided_box().mask
    assert mask[tuple(central_voxel(mask, SPACING).astype(int))]


def test_negative_clicks_keep_away_from_the_object() -> None:
    box, rng = _lopsided_box(), np.random.default_rng(2)
    near = box.mask | shell_around(box.mask, SPACING, 3.0)
    for _ in range(30):
        positive, negative = more_clicks(box.mask, SPACING, rng, ClickHabits(more_fraction=1.0))
        assert all(box.mask[tuple(click.astype(int))] for click in positive)
        assert not any(near[tuple(click.astype(int))] for click in negative)


@pytest.mark.parametrize("seed", range(4))
def test_the_click_is_the_middle_of_its_patch(seed: int) -> None:
    """A lone bright voxel that is clicked lands within half a voxel of the middle, however the patch is turned."""
    rng = np.random.default_rng(seed)
    coordinates = np.stack(np.indices((40, 30, 12)), axis=0).astype(np.float32)
    click = np.array([17.3, 12.6, 6.2])
    turn = random_turn(rng, Variation())
    grid = patch_grid((33, 25, 17), PATCH_SPACING, (40, 30, 12), SPACING, click, turn)
    found = sample(coordinates, grid, "border")
    np.testing.assert_allclose(found[:, 16, 12, 8], click, atol=1e-3)
    step_mm = (found[:, 17, 12, 8] - found[:, 16, 12, 8]).numpy() * SPACING
    np.testing.assert_allclose(step_mm, turn[:, 0] * PATCH_SPACING[0], atol=1e-3)


def test_a_patch_pastes_back_where_it_came_from() -> None:
    box = _lopsided_box()
    centre = (np.array(box.mask.shape) - 1) / 2
    there = patch_grid((60, 60, 28), (0.35, 0.45, 0.5), box.mask.shape, SPACING, centre, np.eye(3))
    patch = sample(box.mask[None].astype(np.float32), there, "border")
    back = patch_grid(box.mask.shape, SPACING, (60, 60, 28), (0.35, 0.45, 0.5), np.array([29.5, 29.5, 13.5]), np.eye(3))
    np.testing.assert_array_equal(sample(patch.numpy(), back, "border")[0].numpy() > 0.5, box.mask)


def test_the_distance_beyond_the_faces_is_in_mm() -> None:
    grid = patch_grid((21, 1, 1), (1.0, 1.0, 1.0), (10, 10, 10), (0.5, 1.0, 1.0), np.array([4.5, 4.5, 4.5]), np.eye(3))
    expected = np.maximum(np.abs(np.arange(-10, 11)) - 2.5, 0)
    np.testing.assert_allclose(beyond_mm(grid, (10, 10, 10), (0.5, 1.0, 1.0))[:, 0, 0], expected, atol=1e-4)


def test_the_object_gives_way_to_its_surroundings() -> None:
    box = _lopsided_box()
    assert box.image[box.mask].min() > 0.3
    assert box.empty.max() < -0.5
    far = ~box.mask & ~shell_around(box.mask, SPACING, 1.5)
    np.testing.assert_array_equal(box.empty[far], box.image[far])


@pytest.mark.parametrize("kind", ["nothing", "own", "foreign", "hard"])
def test_the_label_never_reaches_beyond_the_box(kind: str) -> None:
    fractions = {
        "nothing_fraction": float(kind == "nothing"),
        "foreign_fraction": float(kind in ("foreign", "hard")),
        "hard_fraction": float(kind == "hard"),
    }
    options = Prompting(variation=STILL, surroundings=Surroundings(**fractions))
    boxes = [_lopsided_box(), _lopsided_box()]
    example = PromptedExamples(boxes, PATCH, PATCH_SPACING, options).example(0, 5)
    slices_with_object = int(example.label[0].any(dim=0).any(dim=0).sum())
    assert slices_with_object <= np.ceil(7 * SPACING[2] / PATCH_SPACING[2])
    assert example.image.shape == (3, *PATCH) and example.label.shape == (1, *PATCH)
    if kind == "nothing":
        assert float(example.image[0, :, :, 0].std()) < 1e-6 or float(example.image[0, :, :, -1].std()) < 1e-6


def test_readers_outlines_may_be_taught_more_generously_than_true_masks() -> None:
    options = Prompting(variation=STILL, surroundings=Surroundings(label_threshold=0.3, exact_label_threshold=0.5))
    box = _lopsided_box()
    voxels = [
        int(PromptedExamples([case], PATCH, PATCH_SPACING, options).example(0, 5).label.sum())
        for case in (box, replace(box, exact=True))
    ]
    plain = Prompting(variation=STILL, surroundings=Surroundings(label_threshold=0.5))
    assert voxels[0] > voxels[1] == int(PromptedExamples([box], PATCH, PATCH_SPACING, plain).example(0, 5).label.sum())


def test_a_box_is_cut_closer_but_never_into_its_object() -> None:
    box, rng = _lopsided_box(), np.random.default_rng(0)
    shapes = set()
    for _ in range(20):
        cut, start = cropped(box, rng, Surroundings(crop_fraction=1.0, crop_margin_mm=1.0))
        shapes.add(cut.mask.shape)
        assert cut.mask.sum() == box.mask.sum()
        window = tuple(slice(a, a + n) for a, n in zip(start, cut.mask.shape, strict=True))
        np.testing.assert_array_equal(cut.image, box.image[window])
    assert len(shapes) > 10
    assert cropped(box, rng, Surroundings())[0] is box


def test_a_seamless_neighbour_is_chosen_among_several() -> None:
    box = _lopsided_box()
    grid = patch_grid(PATCH, PATCH_SPACING, box.mask.shape, SPACING, np.array([14.5, 12.5, 3.0]), np.eye(3))
    patches = [torch.full(PATCH, value) for value in (3.0, -0.8, 5.0)]
    options = Surroundings(nothing_fraction=0.0, foreign_fraction=1.0, tries=3, blend_mm=2.0)
    image, _ = continued_patch(box, grid, lambda: patches.pop(), np.random.default_rng(0), options)
    assert not patches
    assert float(image[:, :, 0].max()) < 0.5


def test_large_cases_serve_as_surroundings_of_small_ones() -> None:
    large = np.full((60, 60, 30), 7.0, np.float32)
    mask = np.zeros(large.shape, bool)
    mask[28:32, 28:32, 14:16] = True
    whole = Box(large, large, mask, (1.0, 1.0, 1.0))
    fractions = Surroundings(nothing_fraction=0, foreign_fraction=1, whole_fraction=1, hard_fraction=1)
    examples = PromptedExamples(
        [_lopsided_box(), whole], PATCH, PATCH_SPACING, Prompting(variation=STILL, surroundings=fractions)
    )
    image = examples.example(0, 1).image[0]
    assert abs(float(image.max()) - 7.0) < 1e-3
    assert float(image[14:18, 10:14, 7:9].max()) < 1.0  # the object's own box stays


def test_the_click_is_drawn_where_the_patch_shows_it() -> None:
    example = PromptedExamples([_lopsided_box()], PATCH, PATCH_SPACING, Prompting(variation=STILL)).example(0, 3)
    peak = np.array(np.unravel_index(int(example.image[1].argmax()), PATCH))
    assert (np.abs(peak - (np.array(PATCH) - 1) / 2) <= 0.5).all()


def test_equal_seeds_give_equal_examples() -> None:
    examples = PromptedExamples([_lopsided_box(), _lopsided_box()], PATCH, PATCH_SPACING)
    first, again, other = examples.example(1, 7), examples.example(1, 7), examples.example(1, 8)
    assert torch.equal(first.image, again.image) and torch.equal(first.label, again.label)
    assert not torch.equal(first.image, other.image)
    assert all(bool(torch.isfinite(examples.example(0, seed).image).all()) for seed in range(20))


def test_thicker_slices_keep_the_object_and_its_extent() -> None:
    box = _lopsided_box()
    thin = Box(box.image, box.empty, box.mask, (0.7, 0.9, 0.6))
    thick = thicker(thin, np.random.default_rng(0), Variation(thick_fraction=1.0))
    count = round(thick.spacing_mm[2] / 0.6)
    assert count in (2, 3) and thick.mask.shape[2] == 7 // count and thick.mask.any()
    assert thicker(box, np.random.default_rng(0), Variation(thick_fraction=1.0)) is box  # already thick


def test_a_recipe_with_an_unknown_entry_is_refused() -> None:
    assert from_recipe({"clicks": {"off_edge_mm": 3.0}}).clicks.off_edge_mm == 3.0
    with pytest.raises(InputError, match="dispense"):
        from_recipe({"dispense": 1})
    with pytest.raises(InputError, match="wobble"):
        from_recipe({"variation": {"wobble": 1}})
