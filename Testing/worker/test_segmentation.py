from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import (
    ContractError,
    GeometryError,
    InputError,
    JobCancelled,
    UnsupportedVolumeError,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import segmentation
from Testing.grids import ORIENTATIONS, make_affine
from Testing.tiny_bundles import TinyBundle, write_bundle

GRIDS = {
    "anisotropic": make_affine("LPS", (0.5, 0.7, 3.0), origin_mm=(10, -20, 30)),
    "oblique": make_affine("RAS", (1.0, 1.0, 2.0), (20, -15, 30), origin_mm=(10, -20, 30)),
    "left-handed": make_affine("LAS", (1.0, 1.2, 2.0)),
    "sheared": make_affine("PIR", (1.0, 1.2, 2.0), (10, 0, 5), (0.2, -0.1, 0.3)),
}


@pytest.fixture(scope="module")
def phantom() -> NDArray[np.int16]:
    """Classes 0 to 3 on (9, 12, 14) voxels, without any symmetry."""
    return np.random.default_rng(0).integers(0, 4, (9, 12, 14), dtype=np.int16)


def segment(folder: Path, image: Image | tuple[Image, ...], context: TaskContext | None = None, **more: Any) -> Result:
    images = image if isinstance(image, tuple) else (image,)
    prompts = more.pop("prompts", Prompts())
    options = {"engine": "fp32", "device": "cpu", **more}
    return segmentation.run(
        Job("segmentation", str(folder), images, prompts=prompts, options=options), context or TaskContext()
    )


def mr(array: NDArray[Any], affine: NDArray[np.float64] | None = None) -> Image:
    array = array if array.ndim == 4 else array[None]
    return Image(array, np.eye(4) if affine is None else affine, "MR")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = TinyBundle(classes=4, label_values=(3, 7, 9), axcodes="LPS")
    return write_bundle(tmp_path_factory.mktemp("bundle") / "tiny", tiny, is_trusted=False)


@pytest.fixture(autouse=True)
def approved(folder: Path, own_user_data: None) -> None:
    from AutoLabelLib.core import catalogue

    catalogue.trust(folder)


def expected(phantom: NDArray[np.int16]) -> NDArray[np.uint8]:
    return np.array([0, 3, 7, 9], np.uint8)[phantom]


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_every_orientation_returns_bit_by_bit(code: str, folder: Path, phantom: NDArray[np.int16]) -> None:
    affine = make_affine(code, (0.8, 1.1, 2.3), (7, -5, 3), origin_mm=(4, 5, 6))
    labelmap = segment(folder, mr(phantom, affine)).labelmaps[0]
    np.testing.assert_array_equal(labelmap.array[0], expected(phantom))
    np.testing.assert_array_equal(labelmap.affine, affine)


@pytest.mark.parametrize("name", GRIDS)
def test_every_grid_returns_bit_by_bit(name: str, folder: Path, phantom: NDArray[np.int16]) -> None:
    labelmap = segment(folder, mr(phantom, GRIDS[name])).labelmaps[0]
    np.testing.assert_array_equal(labelmap.array[0], expected(phantom))
    np.testing.assert_array_equal(labelmap.affine, GRIDS[name])


def test_slicers_memory_order_changes_nothing(folder: Path, phantom: NDArray[np.int16]) -> None:
    labelmap = segment(folder, mr(np.asfortranarray(phantom), GRIDS["oblique"])).labelmaps[0]
    np.testing.assert_array_equal(labelmap.array[0], expected(phantom))


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("spacing_mm", [(0.6, 0.7, 0.9), (2.0, 1.5, 1.5)])
def test_another_spacing_moves_nothing(name: str, spacing_mm: tuple[float, float, float], tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=2, spacing_mm=spacing_mm, patch_voxels=(16, 16, 16)))
    affine = GRIDS[name]
    index = np.stack(np.meshgrid(*map(np.arange, (40, 44, 24)), indexing="ij"), axis=-1)
    position = (ras_from_index(affine, index) - ras_from_index(affine, (22, 20, 13))) / (12, 9, 7)
    truth = (position**2).sum(axis=-1) < 1
    found = segment(model, mr(truth.astype(np.int16), affine)).labelmaps[0].array[0] == 1
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.95
    middles = [ras_from_index(affine, np.argwhere(mask).mean(axis=0)) for mask in (truth, found)]
    assert np.linalg.norm(middles[0] - middles[1]) < 0.5 * min(np.linalg.norm(affine[:3, :3], axis=0))


def test_channels_come_in_one_image_or_in_several(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=4, channels=2))
    other = np.zeros_like(phantom) + np.arange(14, dtype=np.int16)
    together = segment(model, mr(np.stack([phantom, other]))).labelmaps[0]
    apart = segment(model, (mr(phantom), mr(other))).labelmaps[0]
    np.testing.assert_array_equal(together.array[0], phantom)
    np.testing.assert_array_equal(apart.array[0], phantom)


def test_sigmoid_channels_become_layers_that_overlap(tmp_path: Path) -> None:
    import torch

    sigmoid = (
        {"_target_": "Activationsd", "keys": "pred", "sigmoid": True},
        {"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.5},
    )
    weights = {"weight": torch.ones(2, 1, 1, 1, 1), "bias": torch.tensor([-0.5, -1.5])}
    tiny = TinyBundle(classes=2, label_values=(1, 1), postprocessing=sigmoid, state=weights)
    model = write_bundle(tmp_path / "tiny", tiny)
    array = np.arange(9 * 10 * 11, dtype=np.int16).reshape(9, 10, 11) % 3
    for spacing in (1.0, 0.5):
        affine = make_affine(spacing_mm=(spacing,) * 3)
        labelmap = segment(model, mr(array, affine)).labelmaps[0]
        np.testing.assert_array_equal(labelmap.array, [array >= 1, array >= 2])


def test_an_absent_structure_is_an_empty_segment(folder: Path) -> None:
    array = np.zeros((9, 9, 9), np.int16)
    array[2:4, 3:5, 4:8] = 1
    labelmap = segment(folder, mr(array)).labelmaps[0]
    assert [segment.name for segment in labelmap.segments] == ["class 3", "class 7", "class 9"]
    assert [labelmap.volume_ml(segment) > 0 for segment in labelmap.segments] == [True, False, False]


def test_mirror_images_are_averaged(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=4, more={"mirror_axes": [0, 2]}))
    with_mirrors = segment(model, mr(phantom))
    np.testing.assert_array_equal(with_mirrors.labelmaps[0].array[0], phantom)
    assert with_mirrors.provenance["mirror_axes"] == [0, 2]
    assert segment(model, mr(phantom), mirror=False).provenance["mirror_axes"] == []


def test_labels_are_cleaned_only_if_the_bundle_says_so(tmp_path: Path) -> None:
    array = np.zeros((12, 12, 12), np.int16)
    array[1:5, 1:5, 1:5] = 1
    array[9, 9, 9] = 1
    keep = {"_target_": "KeepLargestConnectedComponentd", "keys": "pred", "applied_labels": [1]}
    argmax = {"_target_": "AsDiscreted", "keys": "pred", "argmax": True}
    save = {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@missing"}
    plain = write_bundle(tmp_path / "plain", TinyBundle(classes=2))
    clean = write_bundle(tmp_path / "clean", TinyBundle(classes=2, postprocessing=(argmax, keep, save)))
    assert segment(plain, mr(array)).labelmaps[0].array.sum() == 65
    assert segment(clean, mr(array)).labelmaps[0].array.sum() == 64


def test_the_same_job_gives_the_same_bits(folder: Path) -> None:
    image = mr(np.random.default_rng(1).normal(1.5, 1, (17, 18, 19)).astype(np.float32))
    first, second = (segment(folder, image).labelmaps[0].array for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_result_tells_how_it_was_made(folder: Path, phantom: NDArray[np.int16]) -> None:
    result = segment(folder, mr(phantom))
    assert set(result.phase_seconds) >= {"load", "preprocess", "network", "postprocess"}
    provenance = result.provenance
    assert provenance["model"]["name"] == "tiny"
    assert len(provenance["model"]["sha256"]) == 64
    assert provenance["engine"] == "fp32"
    assert provenance["device"] == "cpu"
    assert provenance["windows"] == 2 * 2 * 2
    assert set(provenance["versions"]) >= {"autolabel", "torch", "monai", "python"}


def test_progress_is_told_per_window_and_cancelling_ends_within_one(folder: Path, phantom: NDArray[np.int16]) -> None:
    told: list[Progress] = []
    segment(folder, mr(phantom), TaskContext(told.append))
    assert [p.message for p in told if p.message.startswith("Window")][:8] == [f"Window {n} of 8" for n in range(1, 9)]
    assert told[-1].fraction == 1.0
    told.clear()
    stopped = TaskContext(told.append, lambda: sum(p.message.startswith("Window") for p in told) >= 3)
    with pytest.raises(JobCancelled):
        segment(folder, mr(phantom), stopped)
    assert told[-1].message == "Window 3 of 8"


def test_an_unknown_modality_is_a_warning(folder: Path, phantom: NDArray[np.int16]) -> None:
    assert "modality" in segment(folder, Image(phantom[None], np.eye(4))).warnings[0]


@pytest.mark.parametrize(
    ("array", "modality", "error"),
    [
        (np.full((5, 5, 5), np.nan, np.float32), "MR", UnsupportedVolumeError),
        (np.arange(25).reshape(5, 5, 1), "MR", UnsupportedVolumeError),
        (np.zeros((5, 5, 5)), "MR", UnsupportedVolumeError),
        (np.arange(250).reshape(2, 5, 5, 5), "MR", ContractError),
        (np.arange(125).reshape(5, 5, 5), "CT", ContractError),
    ],
    ids=["NaN", "one slice", "constant", "two channels", "CT"],
)
def test_an_image_that_does_not_fit_is_refused(
    array: NDArray[Any], modality: str, error: type[Exception], folder: Path
) -> None:
    array = array if array.ndim == 4 else array[None]
    with pytest.raises(error):
        segment(folder, Image(array, np.eye(4), modality))


def test_a_prompt_must_be_understood_and_inside(folder: Path, tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    with pytest.raises(ContractError):
        segment(folder, mr(phantom), prompts=Prompts((Point((1, 1, 1)),)))
    model = write_bundle(tmp_path / "tiny", TinyBundle(classes=2, prompts=("point",)))
    with pytest.raises(GeometryError):
        segment(model, mr(phantom), prompts=Prompts((Point((99, 1, 1)),)))
    with pytest.raises(ContractError):
        segment(model, mr(phantom))


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "steam"},
        {"device": "abacus"},
        {"device": "cuda:99"},
        {"overlap": 1.0},
        {"overlap": "much"},
        {"mirror": "yes"},
        {"mirror": True},
        {"batch": 0},
        {"colour": "blue"},
        {"engine": "fp16"},
    ],
    ids=str,
)
def test_a_wrong_option_is_refused(options: dict[str, Any], folder: Path, phantom: NDArray[np.int16]) -> None:
    with pytest.raises(InputError):
        segment(folder, mr(phantom), **options)


def test_a_model_for_another_task_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    model = write_bundle(tmp_path / "tiny", TinyBundle(more={"task": "classification"}))
    with pytest.raises(ContractError, match="classification"):
        segment(model, mr(phantom))


def test_an_image_is_needed(folder: Path) -> None:
    with pytest.raises(InputError):
        segmentation.run(Job("segmentation", str(folder)), TaskContext())
