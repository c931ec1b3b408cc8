"""VISTA3D bundles of the zoo's form: named classes, clicks, and masks to correct."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ContractError, InputError, JobCancelled, OutOfMemory, UntrustedModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import bundle, memory_ladder
from AutoLabelLib.worker.prompted import vista3d_points
from AutoLabelLib.worker.tasks import segmentation
from Testing.grids import ORIENTATIONS, make_affine
from Testing.zoo_bundles import TRUE_VISTA3D_WINDOW, VISTA3D_NAMES, VISTA3D_WINDOW, write_vista3d

AFFINE = make_affine("LPS", (1.0, 1.5, 2.0), (10, 20, -15), (0.1, 0.0, 0.0), (40, -30, 20))
SHAPE = (30, 26, 22)
LIVER = (slice(3, 9), slice(4, 10), slice(5, 11))
SPLEEN = (slice(12, 18), slice(4, 12), slice(5, 9))
FAR = (slice(22, 28), slice(18, 24), slice(14, 19))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("bundles")
    return {
        "known": write_vista3d(root / "known"),
        "true": write_vista3d(root / "true", is_true_network=True),
        "zoomed": write_vista3d(root / "zoomed", spacing_mm=(2.0, 2.0, 2.0)),
    }


@pytest.fixture
def known(folders: dict[str, Path]) -> Path:
    """A bundle for which a voxel's value is its class, approved for this test."""
    catalogue.trust(folders["known"])
    vista3d_points.ANSWERS.clear()
    return folders["known"]


def scan(affine: NDArray[np.float64] = AFFINE) -> Image:
    array = np.zeros((1, *SHAPE), np.float32)
    for value, box in ((1, LIVER), (3, SPLEEN), (70, FAR)):
        array[0][box] = value
    return Image(array, affine, "CT", unit="HU")


def click(*index: float, positive: bool = True, affine: NDArray[np.float64] = AFFINE) -> Point:
    x, y, z = ras_from_index(affine, index)
    return Point((float(x), float(y), float(z)), positive)


def run(folder: Path, image: Image, *points: Point, start: NDArray[np.bool_] | None = None, **options: Any) -> Result:
    starts = () if start is None else (Labelmap(start[None].astype(np.uint8), image.affine, (Segment("mask", 1),)),)
    job = Job("segmentation", str(folder), (image,), starts, Prompts(points), {"device": "cpu", **options})
    return segmentation.run(job, TaskContext())


def mask_of(*boxes: tuple[slice, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, bool)
    for box in boxes:
        mask[box] = True
    return mask


def test_its_contract_lists_its_classes_without_running_it(tmp_path: Path) -> None:
    folder = write_vista3d(tmp_path / "any_name", is_trusted=False)
    spec = read_spec(folder)
    assert (spec.prompting, spec.prompts, spec.needs_prompt) == ("vista3d", ("point",), False)
    assert [segment.name for segment in spec.segments] == ["any structure", *VISTA3D_NAMES.values()]
    assert {s.name: s.label_value for s in spec.segments[1:]} == {name: n for n, name in VISTA3D_NAMES.items()}
    assert spec.anything is not None and spec.anything.label_value == 133
    with pytest.raises(UntrustedModelError):
        bundle.load(spec)


def test_named_classes_are_found_and_nothing_else_is_returned(known: Path) -> None:
    found = run(known, scan(), structures=["spleen", "liver"]).labelmaps[0]
    assert [(segment.name, segment.label_value) for segment in found.segments] == [("liver", 1), ("spleen", 3)]
    np.testing.assert_array_equal(found.array[0] == 1, mask_of(LIVER))
    np.testing.assert_array_equal(found.array[0] == 3, mask_of(SPLEEN))


def test_unasked_it_finds_what_the_bundle_says(known: Path) -> None:
    found = run(known, scan())
    assert [s.name for s in found.labelmaps[0].segments] == ["liver", "spleen", "right kidney", "left kidney"]
    assert np.unique(found.labelmaps[0].array).tolist() == [0, 1, 3]
    assert found.provenance["windows"] > 1


def test_a_class_made_of_others_is_found_part_by_part(known: Path) -> None:
    image = scan()
    array = image.array.copy()
    array[0][LIVER], array[0][SPLEEN] = 5, 14
    kidneys = Image(array, image.affine, "CT", unit="HU")
    whole = run(known, kidneys, structures=["kidney"]).labelmaps[0]
    np.testing.assert_array_equal(whole.array[0] == 2, mask_of(LIVER, SPLEEN))
    with pytest.raises(ContractError, match="one of its parts: right kidney, left kidney"):
        run(known, kidneys, click(5, 6, 7), structures=["kidney"])


@pytest.mark.parametrize("code", ORIENTATIONS[::3])
def test_a_click_finds_what_it_points_at_in_every_orientation(code: str, known: Path) -> None:
    affine = make_affine(code, (1.0, 1.5, 2.0), (10, 20, -15), (0.1, 0.2, 0.0), (40, -30, 20))
    found = run(known, scan(affine), click(14, 8, 6, affine=affine))
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, mask_of(SPLEEN))
    assert found.labelmaps[0].segments[0].name == "any structure"


def test_another_spacing_returns_in_place(folders: dict[str, Path]) -> None:
    catalogue.trust(folders["zoomed"])
    for structures in (None, ["spleen"]):
        found = run(folders["zoomed"], scan(), click(14, 8, 6), structures=structures).labelmaps[0].array[0] > 0
        truth = mask_of(SPLEEN)
        assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.7
        np.testing.assert_allclose(np.argwhere(found).mean(axis=0), np.argwhere(truth).mean(axis=0), atol=0.6)


def test_a_click_at_the_first_voxel_counts(known: Path) -> None:
    array = np.zeros((1, *SHAPE), np.float32)
    array[0, :4, :4, :4] = 9
    found = run(known, Image(array, AFFINE, "CT", unit="HU"), click(-0.4, -0.4, -0.4))
    assert found.labelmaps[0].array.astype(bool).sum() == 64


def test_a_second_click_costs_one_window_and_adds(known: Path) -> None:
    near, far = click(14, 8, 6), click(24, 20, 16)
    assert run(known, scan(), near).provenance["windows"] == 1
    both = run(known, scan(), near, far)
    assert both.provenance["windows"] == 1
    np.testing.assert_array_equal(both.labelmaps[0].array[0] > 0, mask_of(SPLEEN, FAR))
    assert run(known, scan(), near, far).provenance["windows"] == 0


def test_an_answer_depends_on_its_clicks_alone(known: Path) -> None:
    clicks = (click(14, 8, 6), click(5, 6, 7), click(13, 5, 6, positive=False), click(24, 20, 16))
    warm = [run(known, scan(), *clicks[: n + 1]).labelmaps[0].array for n in range(4)][-1]
    vista3d_points.ANSWERS.clear()
    np.testing.assert_array_equal(run(known, scan(), *clicks).labelmaps[0].array, warm)


def test_a_negative_click_takes_away(known: Path) -> None:
    found = run(known, scan(), click(14, 8, 6), click(5, 6, 7), click(6, 7, 8, positive=False))
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, mask_of(SPLEEN))


def test_clicks_can_be_about_a_named_class(known: Path) -> None:
    found = run(known, scan(), click(14, 8, 6), structures=["spleen"]).labelmaps[0]
    assert found.segments[0].name == "spleen" and np.unique(found.array).tolist() == [0, 3]
    np.testing.assert_array_equal(found.array[0] > 0, mask_of(SPLEEN))
    taken = run(known, scan(), click(14, 8, 6, positive=False), structures=["spleen"])
    assert not taken.labelmaps[0].array.any()


def test_a_mask_is_corrected_where_it_is_clicked(known: Path) -> None:
    start = mask_of(LIVER, (slice(24, 27), slice(2, 5), slice(2, 5)))
    start[3, 4, 5] = False  # a corner that nobody points at stays as it was
    found = run(known, scan(), click(14, 8, 6), start=start)
    np.testing.assert_array_equal(found.labelmaps[0].array[0] > 0, start | mask_of(SPLEEN))
    less = run(known, scan(), click(25, 3, 3, positive=False), start=start)
    np.testing.assert_array_equal(less.labelmaps[0].array[0] > 0, start & mask_of(LIVER))
    assert less.provenance["started_from_mask"]


def test_what_no_window_covered_is_not_part_of_it(known: Path) -> None:
    values = np.random.default_rng(0).uniform(0.9, 1.1, (1, *SHAPE)).astype(np.float32)
    everything = Image(values, AFFINE, "CT", unit="HU")
    found = run(known, everything, click(14, 8, 6))
    assert found.labelmaps[0].array.astype(bool).sum() == np.prod(VISTA3D_WINDOW)


@pytest.mark.filterwarnings("ignore:Setting affine")  # MONAI's own inferer
def test_the_true_network_gives_what_monai_gives(folders: dict[str, Path]) -> None:
    from monai.apps.vista3d.inferer import point_based_window_inferer
    from monai.data.meta_tensor import MetaTensor

    catalogue.trust(folders["true"])
    network = bundle.load(read_spec(folders["true"])).network
    plain = np.eye(4)
    image = Image(np.random.default_rng(0).random((1, 40, 36, 33)).astype(np.float32), plain, "CT", unit="HU")
    values = MetaTensor(torch.from_numpy(image.array[None].copy()))
    arguments = {"point_coords": torch.tensor([[[14.0, 8, 6]]]), "point_labels": torch.tensor([[1]])}
    arguments["prompt_class"] = torch.tensor([[3]])
    for name, number in (("liver", 1), ("spleen", 3)):
        arguments["prompt_class"] = arguments["class_vector"] = torch.tensor([[number]])
        with torch.inference_mode():
            logits = point_based_window_inferer(values, TRUE_VISTA3D_WINDOW, network, transpose=True, **arguments)[0, 0]
        assert torch.isnan(logits).any()  # what no window covered, in MONAI's own answer
        expected = torch.nan_to_num(logits, nan=-1.0).numpy() > 0
        found = run(folders["true"], image, click(14, 8, 6, affine=plain), structures=[name]).labelmaps[0]
        np.testing.assert_array_equal(found.array[0] > 0, expected)


def test_the_true_network_finds_named_classes(folders: dict[str, Path]) -> None:
    catalogue.trust(folders["true"])
    told: list[Progress] = []
    image = Image(np.tile(scan().array, (1, 2, 1, 1)), AFFINE, "CT", unit="HU")
    job = Job("segmentation", str(folders["true"]), (image,), options={"device": "cpu", "structures": ["liver"]})
    result = segmentation.run(job, TaskContext(told.append))
    assert result.provenance["windows"] == len({p.message for p in told if p.message.startswith("Window")}) > 1


def test_an_object_that_goes_on_beyond_its_window_is_reported(known: Path) -> None:
    array = np.zeros((1, *SHAPE), np.float32)
    array[0, :, 4:10, 4:10] = 9
    found = run(known, Image(array, AFFINE, "CT", unit="HU"), click(14, 8, 6))
    assert any("goes on" in warning for warning in found.warnings)


def test_contradictory_requests_are_refused(known: Path) -> None:
    with pytest.raises(InputError, match="Point at the structure itself first"):
        run(known, scan(), click(14, 8, 6, positive=False))
    with pytest.raises(InputError, match="needs a click"):
        run(known, scan(), structures=["any structure"])
    with pytest.raises(ContractError, match="one structure only"):
        run(known, scan(), click(14, 8, 6), structures=["liver", "spleen"])


@pytest.mark.parametrize(
    "prompt",
    [
        Box((0, 0, 0), (3, 3, 3)),
        Scribble(((1.0, 1, 1), (4, 4, 4))),
        Lasso(((1.0, 1, 1), (4, 4, 4), (1, 4, 4))),
    ],
)
def test_other_prompts_are_refused(prompt: Box | Scribble | Lasso, known: Path) -> None:
    job = Job("segmentation", str(known), (scan(),), prompts=Prompts().adding(prompt))
    with pytest.raises(ContractError, match="it takes: point"):
        segmentation.run(job, TaskContext())


def test_it_can_be_cancelled(known: Path) -> None:
    for points in ((), (click(14, 8, 6),)):
        job = Job("segmentation", str(known), (scan(),), prompts=Prompts(points))
        with pytest.raises(JobCancelled):
            segmentation.run(job, TaskContext(is_cancelled=lambda: True))


def test_memory_that_runs_out_is_reported(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(plan: memory_ladder.Plan) -> None:
        raise MemoryError

    monkeypatch.setattr(memory_ladder, "fault", full)
    for points in ((), (click(14, 8, 6),)):
        with pytest.raises(OutOfMemory):
            run(known, scan(), *points)
