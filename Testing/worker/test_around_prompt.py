from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import OutOfMemory
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.prompt import Box, Point, Prompts, Scribble
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.networks.model_cache import ANSWERS
from AutoLabelLib.worker.segmentation.components import nearest_components, positive_positions_ras_mm
from AutoLabelLib.worker.tasks import segmentation
from Testing.grids import ORIENTATIONS, make_affine
from Testing.tiny_bundles import TinyBundle, rounding_weights, write_bundle

AFFINE = make_affine("PIR", (1.0, 1.5, 2.0), (10, 20, -15), (0.1, 0.2, -0.1), (40, -30, 20))
SHAPE = (36, 32, 28)


def model(folder: Path, **fields: Any) -> Path:
    patch = fields.pop("patch_voxels", (16, 16, 16))
    return write_bundle(
        folder / "tiny", TinyBundle(classes=2, prompts=("point", "scribble"), patch_voxels=patch, **fields)
    )


def run(folder: Path, array: NDArray[Any], prompts: Prompts, affine: NDArray[np.float64] = AFFINE) -> Result:
    job = Job(
        "segmentation", str(folder), (Image(array[None], affine, "MR"),), prompts=prompts, options={"engine": "fp32"}
    )
    return segmentation.run(job, TaskContext())


def click(*index: float, affine: NDArray[np.float64] = AFFINE, positive: bool = True) -> Point:
    x, y, z = ras_from_index(affine, index)
    return Point((float(x), float(y), float(z)), positive)


def block(*box: slice, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.int16]:
    array = np.zeros(shape, np.int16)
    array[box] = 1
    return array


@pytest.mark.parametrize("code", ORIENTATIONS[::5])
def test_what_is_in_the_region_returns_bit_by_bit(code: str, tmp_path: Path) -> None:
    affine = make_affine(code, (0.7, 1.0, 1.6), (5, -8, 12), (0.1, 0.0, 0.2))
    array = block(slice(11, 17), slice(12, 15), slice(9, 16))
    array[11, 12, 9] = 0
    found = run(model(tmp_path), array, Prompts((click(14, 13, 12, affine=affine),)), affine)
    np.testing.assert_array_equal(found.labelmaps[0].array[0], array)
    assert found.provenance["windows"] == 1


def test_a_region_at_another_spacing_returns_in_place(tmp_path: Path) -> None:
    affine = make_affine("LPS", (0.6, 0.6, 2.0), (5, -8, 12))
    array = block(slice(12, 24), slice(10, 22), slice(12, 17))
    found = run(
        model(tmp_path, spacing_mm=(1.0, 1.0, 1.0)), array, Prompts((click(18, 16, 14, affine=affine),)), affine
    )
    mask = found.labelmaps[0].array[0]
    assert 2 * (mask & array).sum() / (mask.sum() + array.sum()) > 0.9
    middles = [np.argwhere(m).mean(axis=0) for m in (mask, array)]
    np.testing.assert_allclose(*middles, atol=0.3)


def test_a_region_may_reach_beyond_the_volume(tmp_path: Path) -> None:
    array = block(slice(0, 4), slice(0, 3), slice(0, 5))
    found = run(model(tmp_path), array, Prompts((click(0, 0, 0),)))
    np.testing.assert_array_equal(found.labelmaps[0].array[0], array)


def test_beyond_the_volume_lies_its_lowest_value(tmp_path: Path) -> None:
    # Values below 1 are class 1 in this network, so that a fill of 0 instead of 2 would show as an open border.
    weights = rounding_weights(2, 3)
    weights["weight"], weights["bias"] = -weights["weight"], torch.tensor([0.0, 2.0])
    array = np.full(SHAPE, 3, np.int16)
    array[0, 0, 0] = 2
    found = run(model(tmp_path, state=weights), array, Prompts((click(1, 1, 1),)))
    assert found.labelmaps[0].array.sum() == 0
    assert found.provenance["windows"] == 1


@pytest.mark.parametrize(
    "box",
    [
        (slice(4, 18), slice(8, 20), slice(8, 20)),  # fits into a region that is centred at it
        (slice(2, 34), slice(10, 14), slice(10, 15)),  # longer than a region
        (slice(1, 35), slice(2, 30), slice(2, 26)),  # larger than a region on all sides
    ],
    ids=["second look", "long", "large"],
)
def test_an_object_that_goes_on_beyond_the_region_is_found_whole(box: tuple[slice, ...], tmp_path: Path) -> None:
    array = block(*box)
    found = run(model(tmp_path, more={"keep_component_at_prompt": True}), array, Prompts((click(6, 11, 12),)))
    np.testing.assert_array_equal(found.labelmaps[0].array[0], array)
    assert found.provenance["windows"] > 1


def test_an_object_that_does_not_fit_is_looked_at_in_a_wider_region(tmp_path: Path) -> None:
    folder = model(tmp_path, more={"keep_component_at_prompt": True, "wider_voxels": [28, 28, 28]})
    small, large = block(slice(10, 14), slice(10, 14), slice(10, 14)), block(slice(8, 30), slice(4, 26), slice(3, 25))
    found = run(folder, small, Prompts((click(12, 11, 12),)))
    assert found.provenance["windows"] == 1
    found = run(folder, large, Prompts((click(17, 14, 13),)))
    np.testing.assert_array_equal(found.labelmaps[0].array[0], large)
    assert found.provenance["windows"] == 2
    # Two clicks that fit into no usual region have a wider one in common.
    found = run(folder, large, Prompts((click(10, 6, 5), click(27, 23, 22))))
    np.testing.assert_array_equal(found.labelmaps[0].array[0], large)
    assert found.provenance["windows"] == 1


def test_an_object_without_end_is_reported(tmp_path: Path) -> None:
    array = block(slice(0, 35), shape=(36, 36, 36))
    found = run(model(tmp_path, patch_voxels=(8, 8, 8)), array, Prompts((click(6, 11, 12),)))
    assert any("large" in warning for warning in found.warnings)
    assert found.provenance["windows"] <= 30


def test_clicks_far_apart_each_get_their_region(tmp_path: Path) -> None:
    array = block(slice(2, 5), slice(2, 5), slice(2, 5)) + block(slice(30, 33), slice(26, 29), slice(22, 25))
    prompts = Prompts((click(3, 3, 3), click(31, 27, 23)))
    np.testing.assert_array_equal(run(model(tmp_path), array, prompts).labelmaps[0].array[0], array)


@pytest.mark.parametrize("is_kept", [True, False])
def test_only_the_part_that_was_clicked_is_kept_if_the_model_says_so(is_kept: bool, tmp_path: Path) -> None:
    clicked = block(slice(14, 17), slice(14, 17), slice(12, 15))
    other = block(slice(20, 22), slice(14, 17), slice(12, 15))
    folder = model(tmp_path, more={"keep_component_at_prompt": is_kept})
    for index in ((15, 15, 13), (12.6, 15, 13)):  # in it, and beside it
        found = run(folder, clicked + other, Prompts((click(*index),))).labelmaps[0].array[0]
        np.testing.assert_array_equal(found, clicked if is_kept else clicked + other)


def test_a_click_is_drawn_where_it_is(tmp_path: Path) -> None:
    # This network returns its guidance: positive where the first guidance channel is above one half.
    weights = {"weight": torch.zeros(2, 3, 1, 1, 1), "bias": torch.tensor([0.5, 0.0])}
    weights["weight"][1, 1] = 1.0
    folder = model(tmp_path, state=weights, more={"prompting": {"sigma_mm": 2.0}})
    array = np.random.default_rng(0).integers(0, 9, SHAPE, dtype=np.int16)
    found = run(folder, array, Prompts((click(17.2, 14.1, 12.6), click(14, 14, 12, positive=False))))
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    apart_mm = np.linalg.norm(ras_from_index(AFFINE, index) - ras_from_index(AFFINE, (17.2, 14.1, 12.6)), axis=-1)
    np.testing.assert_array_equal(found.labelmaps[0].array[0], apart_mm < 2.0 * np.sqrt(2 * np.log(2)))


def test_intensities_of_the_whole_image_count_where_the_bundle_wants_them(tmp_path: Path) -> None:
    normalise = {"_target_": "ScaleIntensityd", "keys": "image", "minv": 0.0, "maxv": 1.0}
    array = block(slice(11, 17), slice(12, 15), slice(9, 16)) * 50
    array[35, 31, 27] = 100  # outside the region: 50 becomes one half, just above which is 1
    array[12, 13, 10] = 51
    found = run(model(tmp_path, normalisation=(normalise,)), array, Prompts((click(14, 13, 12),)))
    assert found.labelmaps[0].array.sum() == 1


def test_memory_that_is_short_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = block(slice(11, 17), slice(12, 15), slice(9, 16))
    seen = []

    def fault(plan: memory_ladder.Plan) -> None:
        seen.append(plan)
        if not plan.half:
            raise torch.OutOfMemoryError

    monkeypatch.setattr(memory_ladder, "fault", fault)
    found = run(model(tmp_path), array, Prompts((click(14, 13, 12),)))
    np.testing.assert_array_equal(found.labelmaps[0].array[0], array)
    assert len(found.warnings) == 1
    monkeypatch.setattr(memory_ladder, "fault", lambda plan: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(OutOfMemory):
        run(tmp_path / "tiny", array, Prompts((click(14, 13, 12),)))


def test_the_middle_of_strokes_and_boxes_counts() -> None:
    prompts = Prompts(
        (Point((1, 2, 3)), Point((9, 9, 9), positive=False)),
        (Box((0, 0, 0), (4, 6, 8)),),
        (Scribble(((5, 5, 5), (6, 6, 6))),),
    )
    np.testing.assert_array_equal(positive_positions_ras_mm(prompts), [(1, 2, 3), (5, 5, 5), (6, 6, 6), (2, 3, 4)])


def test_the_nearest_part_is_measured_in_millimetres() -> None:
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 0] = mask[0, 4, 4] = True
    affine = np.diag([1.0, 1.0, 5.0, 1.0])
    kept = nearest_components(mask, affine, ras_from_index(affine, [[4, 4, 3]]))
    assert kept[0, 4, 4]
    assert kept.sum() == 1


def _echo(folder: Path) -> Path:
    """A network that answers what it answered before, plus the positive clicks."""
    weights = {"weight": torch.zeros(2, 4, 1, 1, 1), "bias": torch.tensor([0.8, 0.0])}
    weights["weight"][1, 1], weights["weight"][1, 3] = 1.0, 1.0
    return model(folder, state=weights, more={"prompting": {"sigma_mm": 2.0, "previous_answer": True}})


def test_a_network_reads_what_it_answered_to_the_clicks_before(tmp_path: Path) -> None:
    folder = _echo(tmp_path)
    array = np.random.default_rng(0).integers(0, 9, SHAPE, dtype=np.int16)
    clicks = [click(15, 14, 12), click(17, 14, 12), click(15, 14, 13), click(20, 18, 14, positive=False)]
    ANSWERS.clear()
    found = [run(folder, array, Prompts(tuple(clicks[: n + 1]))) for n in range(4)]
    assert [result.provenance["windows"] for result in found] == [1, 1, 1, 1]  # what was answered is remembered
    masks = [result.labelmaps[0].array[0] for result in found]
    assert all((after >= before).all() for before, after in pairwise(masks))
    assert masks[0].sum() < masks[1].sum() < masks[3].sum()
    ANSWERS.clear()
    anew = run(folder, array, Prompts(tuple(clicks)))
    assert anew.provenance["windows"] == 4
    np.testing.assert_array_equal(anew.labelmaps[0].array[0], masks[3])


def test_a_negative_click_before_the_first_positive_one_is_no_round(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 9, SHAPE, dtype=np.int16)
    ANSWERS.clear()
    prompts = Prompts((click(20, 18, 14, positive=False), click(15, 14, 12), click(16, 14, 12)))
    assert run(_echo(tmp_path), array, prompts).provenance["windows"] == 2


def test_corrections_are_obeyed_where_the_bundle_says_so(tmp_path: Path) -> None:
    # This network finds what is brighter than one half, and nothing of the clicks.
    array = block(slice(11, 17), slice(12, 15), slice(9, 16))
    folder = model(tmp_path, more={"prompting": {"cut": {"reach": 0.5}}})
    first = run(folder, array, Prompts((click(20, 14, 12),))).labelmaps[0].array[0]
    np.testing.assert_array_equal(first, array)  # the first click says where to look, even if it is beside the object
    clicks = (click(14, 13, 12), click(12, 13, 10, positive=False))
    taken_away = run(folder, array, Prompts(clicks)).labelmaps[0].array[0]
    assert not taken_away[12, 13, 10] and array[12, 13, 10]
    assert taken_away[16, 13, 14]


def _shy(folder: Path, shyness: float) -> Path:
    """A network that finds what is brighter than one half, and above 0.5 of shyness not what is next to a click."""
    weights = {"weight": torch.zeros(2, 4, 1, 1, 1), "bias": torch.tensor([0.5, 0.0])}
    weights["weight"][1, 0], weights["weight"][1, 1] = 1.0, -shyness
    prompting = {"sigma_mm": 1.0, "previous_answer": True}
    return model(folder, state=weights, more={"prompting": prompting, "keep_component_at_prompt": True})


def test_a_click_beside_an_object_is_answered_from_the_middle_of_it(tmp_path: Path) -> None:
    array = block(slice(12, 17), slice(12, 17), slice(10, 15))
    folder, beside = _shy(tmp_path, shyness=1.0), click(9, 14, 12)
    ANSWERS.clear()
    found = run(folder, array, Prompts((beside,)))
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    apart_mm = np.linalg.norm(ras_from_index(AFFINE, index) - ras_from_index(AFFINE, (14, 14, 12)), axis=-1)
    np.testing.assert_array_equal(found.labelmaps[0].array[0], array * (apart_mm >= np.sqrt(2 * np.log(2))))
    assert found.provenance["windows"] == 2
    corrected = run(folder, array, Prompts((beside, click(15, 14, 12))))
    assert corrected.provenance["windows"] == 1  # what it starts from is remembered


@pytest.mark.parametrize("index", [(14, 13, 11), (31, 14, 12)])
def test_a_click_in_an_object_or_far_from_any_stays_where_it_is(index: tuple[int, int, int], tmp_path: Path) -> None:
    array = block(slice(12, 17), slice(12, 17), slice(10, 15))
    ANSWERS.clear()
    found = run(_shy(tmp_path, shyness=0.0), array, Prompts((click(*index),)))
    assert found.provenance["windows"] == 1


def test_a_speck_between_the_click_and_the_object_is_not_meant() -> None:
    mask = np.zeros((30, 12, 12), bool)
    mask[12:24, 2:11, 2:11] = True
    mask[8, 6, 6] = True
    beside, hit = nearest_components(mask, np.eye(4), np.array([[6.0, 6, 6]])), np.array([[8.0, 6, 6]])
    assert beside[15, 6, 6] and not beside[8, 6, 6]
    assert nearest_components(mask, np.eye(4), hit).sum() == 1  # but who hits it means it
