"""An existing mask as a prompt: networks correct it where they are told to, and leave the rest as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import cropped_affine, ras_from_index
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Point, Prompts, Scribble
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks.grid import model_grid, region
from AutoLabelLib.worker.networks.model_cache import ANSWERS
from AutoLabelLib.worker.segmentation.start_mask import GivenAnswer, pointed_at
from AutoLabelLib.worker.tasks import segmentation
from Testing.grids import ORIENTATIONS, make_affine
from Testing.tiny_bundles import TinyBundle, rounding_weights, write_bundle

AFFINE = make_affine("PIR", (1.0, 1.5, 2.0), (10, 20, -15), (0.1, 0.2, -0.1), (40, -30, 20))
SHAPE = (30, 26, 22)
FOUND = (slice(6, 14), slice(8, 16), slice(6, 14))  # what the network finds, as it is bright


def clicked_model(folder: Path, **fields: Any) -> Path:
    tiny = TinyBundle(classes=2, prompts=("point", "scribble"), patch_voxels=(16, 16, 16), **fields)
    return write_bundle(folder / "tiny", tiny)


def scan(affine: NDArray[np.float64] = AFFINE) -> Image:
    array = np.zeros((1, *SHAPE), np.int16)
    array[0][FOUND] = 1
    return Image(array, affine, "MR")


def block(*box: slice) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, bool)
    mask[box] = True
    return mask


def click(*index: float, positive: bool = True, affine: NDArray[np.float64] = AFFINE) -> Point:
    x, y, z = ras_from_index(affine, index)
    return Point((float(x), float(y), float(z)), positive)


def run(folder: Path, start: NDArray[np.bool_], *points: Point, image: Image | None = None, **more: Any) -> Result:
    image = image or scan()
    labelmap = Labelmap(start[None].astype(np.uint8), image.affine, (Segment("drawn", 1),))
    options = {"engine": "fp32", "device": "cpu", **more}
    return segmentation.run(
        Job("segmentation", str(folder), (image,), (labelmap,), Prompts(points), options), TaskContext()
    )


def test_what_is_missing_is_added_and_nothing_else_changes(tmp_path: Path) -> None:
    start = block(slice(6, 10), slice(8, 16), slice(6, 14))
    start[20, 20, 20] = True
    found = run(clicked_model(tmp_path), start, click(12, 12, 10))
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, start | block(*FOUND))
    assert found.provenance["started_from_mask"] and not found.warnings


def test_too_much_is_taken_away(tmp_path: Path) -> None:
    start = block(slice(6, 20), slice(8, 16), slice(6, 14))
    found = run(clicked_model(tmp_path), start, click(17, 12, 10, positive=False))
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, block(*FOUND))


def test_the_rest_of_the_boundary_stays_as_it_was_drawn(tmp_path: Path) -> None:
    drawn = block(slice(5, 15), slice(7, 17), slice(5, 15))  # one voxel larger all around than the network's own
    start = drawn | block(slice(14, 20), slice(9, 15), slice(7, 13))
    found = run(clicked_model(tmp_path), start, click(18, 12, 10, positive=False)).labelmaps[0].array[0] > 0
    assert not found[16:20].any()
    np.testing.assert_array_equal(found[:12], start[:12])


@pytest.mark.parametrize("code", ORIENTATIONS[::8])
def test_it_is_corrected_in_every_orientation(code: str, tmp_path: Path) -> None:
    affine = make_affine(code, (0.8, 1.0, 1.6), (5, -8, 12), (0.1, 0.0, 0.2))
    start = block(slice(6, 10), slice(8, 16), slice(6, 14))
    image = scan(affine)
    for previous in (False, True):
        more = {"more": {"prompting": {"previous_answer": True}}} if previous else {}
        folder = clicked_model(tmp_path / str(previous), **more)
        found = run(folder, start, click(12, 12, 10, affine=affine), image=image)
        np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, block(*FOUND))


def test_a_network_that_reads_its_answer_before_reads_the_mask(tmp_path: Path) -> None:
    """This one finds what is bright or was there before: without the mask it would not know of a dark part of it."""
    ANSWERS.clear()
    weights = rounding_weights(2, 4)
    weights["weight"][1, 3] = 2.0
    folder = clicked_model(tmp_path, state=weights, more={"prompting": {"previous_answer": True}})
    start = block(slice(6, 10), slice(8, 16), slice(6, 14)) | block(slice(6, 9), slice(2, 8), slice(6, 14))
    same = run(folder, start, click(7, 4, 10, positive=False))
    np.testing.assert_array_equal(same.labelmaps[0].array[0] > 0, start)
    assert any("does not agree" in warning for warning in same.warnings)
    np.testing.assert_array_equal(
        run(folder, start, click(12, 12, 10)).labelmaps[0].array[0] > 0, start | block(*FOUND)
    )


def test_a_stroke_corrects_too(tmp_path: Path) -> None:
    start = block(slice(6, 10), slice(8, 16), slice(6, 14))
    path = tuple(click(*index).position_ras_mm for index in ((11, 12, 10), (13, 12, 10)))
    labelmap = Labelmap(start[None].astype(np.uint8), AFFINE, (Segment("drawn", 1),))
    prompts = Prompts(scribbles=(Scribble(path),))
    options = {"engine": "fp32", "device": "cpu"}
    job = Job("segmentation", str(clicked_model(tmp_path)), (scan(),), (labelmap,), prompts, options)
    np.testing.assert_array_equal(segmentation.run(job, TaskContext()).labelmaps[0].array[0] > 0, block(*FOUND))


def test_a_mask_on_another_grid_is_refused(tmp_path: Path) -> None:
    labelmap = Labelmap(np.ones((1, 3, 3, 3), np.uint8), cropped_affine(AFFINE, (0.5, 0, 0)), (Segment("drawn", 1),))
    job = Job("segmentation", str(clicked_model(tmp_path)), (scan(),), (labelmap,), Prompts((click(9, 9, 9),)))
    with pytest.raises(InputError, match="not on the image's grid"):
        segmentation.run(job, TaskContext())


def test_it_must_be_clear_which_structure_the_mask_is_of(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny", TinyBundle(classes=3))
    with pytest.raises(ContractError, match=r"not clear which structure.*class 1, class 2"):
        run(folder, block(*FOUND))


def test_the_click_for_a_mask_is_its_deepest_voxel() -> None:
    mask = block(slice(2, 9), slice(2, 9), slice(2, 9)) | block(slice(9, 20), slice(4, 6), slice(4, 6))
    point = pointed_at(ObjectMask.trimmed(mask, (0, 0, 0)), Image(np.zeros((1, *SHAPE)), np.eye(4)))
    assert point == Point((5, 5, 5))


def test_one_voxel_can_be_corrected(tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = run(clicked_model(tmp_path), block(slice(8, 9), slice(9, 10), slice(7, 8)), click(11, 12, 10))
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, block(*FOUND))


@pytest.mark.parametrize("code", ["RAS", "LPS", "PIR", "SAL"])
def test_a_mask_stands_as_an_answer_that_fades_across_its_outline(code: str) -> None:
    affine = make_affine(code, (0.8, 1.0, 2.0), (10, -15, 20))
    mask = np.zeros((20, 18, 9), bool)
    mask[4:12, 5:9, 2:6] = True
    mask[4, 5, 2] = False
    start = ObjectMask.trimmed(mask, np.zeros(3, int))
    grid = model_grid(affine, mask.shape, "RAS")
    for size in (40, 6):
        part = region(grid, ras_from_index(affine, (8, 7, 4)), (size, size, size), (1.0, 1.0, 1.0))
        stands = GivenAnswer(start, Prompts((Point((0, 0, 0)),))).probability(part)
        np.testing.assert_array_equal(stands > 0.5, grid.order.apply(mask)[part.coverage])
        assert 0.5 < float(stands.max()) < 0.999
    assert len(stands.unique()) > 2
