"""The task "explanation": heat on the image's own grid, for segments and for classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core import locations
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import (
    ContractError,
    InputError,
    JobCancelled,
    UnsupportedVolumeError,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.explanation.subject import Subject
from AutoLabelLib.worker.tasks import explanation
from AutoLabelLib.worker.training.clicks import central_voxel
from Testing.grids import make_affine
from Testing.tiny_bundles import TinyBundle, write_bundle
from Testing.tiny_classifiers import TinyClassifier, write_classifier

MODELS = locations.resources() / "Models"
GRIDS = {
    "PIL": make_affine("PIL", (1.0, 1.2, 0.9), origin_mm=(10, -20, 30)),
    "anisotropic": make_affine("LPS", (0.8, 0.9, 2.5), origin_mm=(10, -20, 30)),
    "oblique": make_affine("RAS", (1.0, 1.0, 1.5), (20, -15, 30), origin_mm=(10, -20, 30)),
    "left-handed": make_affine("LAS", (1.0, 1.2, 2.0), (5, 0, 0)),
    "sheared": make_affine("PIR", (1.0, 1.2, 1.6), (10, 0, 5), (0.2, -0.1, 0.3)),
}
SHAPE = (20, 17, 14)


def explain(folder: Path, image: Image, context: TaskContext | None = None, **more: Any) -> Result:
    labelmaps = (more.pop("labelmap"),) if "labelmap" in more else ()
    prompts = more.pop("prompts", Prompts())
    options = {"device": "cpu", "method": "integrated_gradients", "steps": 2, "deletion": False, **more}
    job = Job("explanation", str(folder), (image,), labelmaps, prompts, options)
    return explanation.run(job, context or TaskContext())


def blob(affine: NDArray[np.float64]) -> tuple[Image, NDArray[np.float64]]:
    """Return an MR image with one lopsided thing of the value 1 in it, and its middle in RAS mm."""
    voxels = np.zeros(SHAPE, np.int16)
    voxels[4:8, 9:14, 3:6] = 1
    voxels[4:6, 9:11, 6:8] = 1
    middle = ras_from_index(affine, np.argwhere(voxels).mean(axis=0))
    return Image(voxels[None], affine, "MR"), middle


def middle_of(heat: Image) -> NDArray[np.float64]:
    values = heat.array[0]
    index = np.indices(values.shape).reshape(3, -1)
    return ras_from_index(heat.affine, np.average(index, axis=1, weights=values.ravel()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "tiny", TinyBundle(classes=2, axcodes="LPS", patch_voxels=(24, 24, 24)))


@pytest.mark.parametrize("name", GRIDS)
def test_heat_lies_on_the_images_own_grid_where_the_evidence_is(name: str, folder: Path) -> None:
    image, middle = blob(GRIDS[name])
    result = explain(folder, image)
    heat = result.images[0]
    assert heat.same_grid(image)
    assert heat.array.dtype == np.float32
    assert (heat.array.min(), heat.array.max()) == (0, 1)
    assert np.linalg.norm(middle_of(heat) - middle) < 0.5 * min(image.spacing_mm)
    np.testing.assert_array_equal(result.labelmaps[0].array[0], image.array[0])
    assert result.values["target"] == "class 1"


@pytest.mark.parametrize("name", GRIDS)
def test_a_network_of_another_spacing_that_is_told_prompts(name: str, tmp_path: Path) -> None:
    """The region is the network's own, the heat the image's; what lies beyond the region is 0."""
    tiny = TinyBundle(classes=2, spacing_mm=(0.7, 0.7, 1.1), patch_voxels=(24, 24, 16), prompts=("point",))
    image, middle = blob(GRIDS[name])
    prompts = Prompts((Point(tuple(middle)),))  # type: ignore[arg-type]
    heat = explain(write_bundle(tmp_path / "tiny", tiny), image, prompts=prompts).images[0]
    assert heat.same_grid(image)
    assert np.linalg.norm(middle_of(heat) - middle) < 1.0 * min(image.spacing_mm)
    assert heat.array[0][image.array[0] == 0].mean() < 0.2 * heat.array[0][image.array[0] == 1].mean()


def test_a_segment_larger_than_the_window_is_looked_at_in_several(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=2, patch_voxels=(8, 8, 8)))
    voxels = np.zeros((24, 12, 12), np.int16)
    voxels[2:22, 3:9, 3:9] = 1
    heat = explain(model, Image(voxels[None], np.eye(4), "MR")).images[0].array[0]
    assert heat[2:22, 4:8, 4:8].min() > 0.5
    assert heat[:, 11].max() < 0.2


def test_a_given_segment_is_explained_even_on_another_grid(folder: Path) -> None:
    image, _ = blob(GRIDS["oblique"])
    voxels = np.zeros((1, 30, 30, 30), np.uint8)
    voxels[0, 10:20, 10:20, 10:20] = 5
    affine = make_affine("RAS", origin_mm=tuple(ras_from_index(image.affine, (5.5, 11, 4)) - 15))
    given = Labelmap(voxels, affine, (Segment("mine", 5), Segment("nothing", 6)))
    result = explain(folder, image, labelmap=given)
    assert not result.labelmaps
    assert result.values["target"] == "class 1"
    assert result.images[0].array.any()
    with pytest.raises(InputError, match="nothing to explain"):
        explain(folder, image, labelmap=given, segment="nothing")
    with pytest.raises(InputError, match="class 1"):
        explain(folder, image, labelmap=given, target="class 9")


def test_one_voxel_is_enough(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=2, spacing_mm=(3.0, 3.0, 3.0), patch_voxels=(8, 8, 8)))
    image, _ = blob(np.eye(4))
    voxels = np.zeros((1, *SHAPE), np.uint8)
    voxels[0, 5, 10, 4] = 1
    assert explain(model, image, labelmap=Labelmap(voxels, np.eye(4), (Segment("dot", 1),))).images[0].array.any()


def test_bad_input_gets_a_sentence(folder: Path, tmp_path: Path) -> None:
    image, _ = blob(np.eye(4))
    noise = np.random.default_rng(0).normal(0, 0.05, SHAPE).astype(np.float32)
    with pytest.raises(InputError, match="finds nothing"):
        explain(folder, Image(noise[None], np.eye(4), "MR"))
    with pytest.raises(ContractError, match="made for MR"):
        explain(folder, Image(image.array, np.eye(4), "CT"))
    with pytest.raises(UnsupportedVolumeError, match="NaN"):
        explain(folder, Image(np.full((1, *SHAPE), np.nan, np.float32), np.eye(4), "MR"))
    with pytest.raises(InputError, match="no option"):
        explain(folder, image, colour="red")
    with pytest.raises(InputError, match="gradcam"):
        explain(folder, image, method="gradcat")
    with pytest.raises(InputError, match="layer"):
        explain(folder, image, method="gradcam", layer="nowhere")
    with pytest.raises(InputError, match="needs an image"):
        explanation.run(Job("explanation", str(folder)), TaskContext())
    with pytest.raises(ContractError, match="no network"):
        explain(MODELS / "any_structure", image)
    told = write_bundle(tmp_path / "told", TinyBundle(classes=2, prompts=("point",), patch_voxels=(8, 8, 8)))
    with pytest.raises(ContractError, match="where to look"):
        explain(told, image)


def test_progress_per_pass_and_cancelling(folder: Path) -> None:
    image, _ = blob(np.eye(4))
    seen: list[Progress] = []
    explain(folder, image, TaskContext(seen.append), method="occlusion", deletion=True, draws=1)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 20
    assert fractions[-1] == 1
    assert max(fractions[:-1]) <= 0.99
    context = TaskContext(seen.append, lambda: len(seen) > len(fractions) + 10)
    with pytest.raises(JobCancelled):
        explain(folder, image, context, method="occlusion")
    assert len(seen) < 2 * len(fractions)


def test_the_same_job_gives_the_same_heat_and_says_how_it_was_made(folder: Path) -> None:
    image, _ = blob(np.eye(4))
    first, second = (explain(folder, image, method="smoothgrad", samples=2, seed=3, deletion=True) for _ in range(2))
    np.testing.assert_array_equal(first.images[0].array, second.images[0].array)
    assert first.values == second.values
    assert first.provenance["model"]["name"] == "tiny"
    assert first.provenance["options"]["seed"] == 3
    found = first.values["deletion"]
    assert found["probability"][0] > found["probability"][-1]
    assert found["drop"] > found["random_drop"]


def test_heat_that_deletion_does_not_confirm_is_not_to_be_relied_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = blob(np.eye(4))
    confirmed = explain(folder, image, deletion=True, draws=1)
    assert not confirmed.warnings
    monkeypatch.setattr(Subject, "heat", lambda self, relevance, start: (self.image[0] == 0).numpy().astype(np.float32))
    assert "do not rely" in explain(folder, image, deletion=True, draws=1).warnings[-1]


def ct_with_light_on_the_right() -> tuple[Image, Labelmap]:
    affine = make_affine("LPI", (0.8, 0.8, 1.5), (10, 5, 0), origin_mm=(20, 20, 40))
    voxels = np.full((24, 24, 14), -800, np.int16)
    index = np.moveaxis(np.indices(voxels.shape), 0, -1)
    places = ras_from_index(affine, index) - ras_from_index(affine, (12, 12, 7))
    voxels[np.linalg.norm(places - (4.0, 0.0, 0.0), axis=-1) < 2.5] = 0
    mask = (np.linalg.norm(places, axis=-1) < 3).astype(np.uint8)
    return Image(voxels[None], affine, "CT", unit="HU"), Labelmap(mask[None], affine, (Segment("spot", 1),))


def test_a_class_is_explained_on_the_grid_of_the_image(tmp_path: Path) -> None:
    """The patch is the classifier's own; mask and features are held fixed."""
    scale = {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": -1000.0, "a_max": 0.0, "b_min": 0.0}
    steps = ({**scale, "b_max": 5.0, "clip": True},)
    model = write_classifier(tmp_path / "tiny", TinyClassifier(normalisation=steps, section={"mask_channel": True}))
    image, labelmap = ct_with_light_on_the_right()
    result = explain(model, image, labelmap=labelmap, deletion=True)
    heat = result.images[0]
    assert heat.same_grid(image)
    assert result.values["target"] == "right"
    light = ras_from_index(image.affine, np.argwhere(image.array[0] == 0).mean(axis=0))
    assert np.linalg.norm(middle_of(heat) - light) < 1.5
    assert result.values["deletion"]["drop"] > max(result.values["deletion"]["random_drops"])
    left = explain(model, image, labelmap=labelmap, target="left")
    assert left.values["probability"] == pytest.approx(1 - result.values["probability"])
    with pytest.raises(InputError, match="left, right"):
        explain(model, image, labelmap=labelmap, target="above")


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients"])
def test_the_bundled_models_look_at_what_they_segment(method: str, test_data: Path) -> None:
    torch.set_num_threads(1)
    data = test_data / "lung_nodule_ct"
    name = "LIDC-IDRI-0042_R_3.nii.gz"  # a patient whom the model never saw
    image, mask = read_image(data / "images" / name, "CT"), read_voxels(data / "masks" / name).array[0] > 0
    click = Point(tuple(ras_from_index(image.affine, central_voxel(mask, image.spacing_mm))))  # type: ignore[arg-type]
    result = explain(
        MODELS / "lung_nodule_ct", image, method=method, steps=4, deletion=True, draws=1, prompts=Prompts((click,))
    )
    found, heat = result.values["deletion"], result.images[0].array[0]
    assert heat[mask].mean() > 3 * heat[~mask].mean()
    assert found["drop"] > max(found["random_drops"])
    assert found["area"] < min(found["random_areas"])
