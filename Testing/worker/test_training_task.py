from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core.bundle import read_spec, verify
from AutoLabelLib.core.catalogue import is_trusted
from AutoLabelLib.core.errors import (
    FileError,
    GeometryError,
    InputError,
    JobCancelled,
    ModelError,
    UnsupportedVolumeError,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.files.images import write_image
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks.bundle import load
from AutoLabelLib.worker.tasks import training
from AutoLabelLib.worker.training import checkpoint
from AutoLabelLib.worker.training.cases import read_cases
from AutoLabelLib.worker.training.split import split_cases
from Testing.tiny_training import AFFINE, SHAPE, recipe_entries, write_case, write_cases, write_list


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def train(
    folder: Path, context: TaskContext | None = None, recipe: dict[str, Any] | None = None, **more: Any
) -> Result:
    """Train on the case list of a folder."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe or recipe_entries(training={"epochs": 2, "batch_size": 2})))
    options = {"recipe": str(path), "cases": str(folder / "cases.csv"), "output": str(folder / "out"), **more}
    return training.run(Job("training", options=options), context or TaskContext())


def test_a_list_and_a_recipe_become_a_bundle(tmp_path: Path) -> None:
    write_cases(tmp_path, 5)
    rule = {"every": 5, "validation_every": 2}
    result = train(tmp_path, recipe=recipe_entries(training={"epochs": 2, "batch_size": 2}, holdout=rule), device="cpu")
    verify(read_spec(Path(result.values["bundle"])))
    assert is_trusted(Path(result.values["bundle"]))
    cases = read_cases(Path(result.values["cases"]))
    assert [case.split for case in cases] == ["train"] * 2 + ["validation"] * 2 + ["test"]
    again = split_cases(cases, {})
    assert [case.name for case in again.test] == ["label_4"]
    header, *lines = (tmp_path / "out" / "curves.csv").read_text().splitlines()
    assert header.startswith("epoch,loss")
    assert len(lines) == 2
    assert lines[-1].split(",")[3] != ""  # the validation Dice
    assert set(result.phase_seconds) == {"read", "train", "export"}


def test_cancel_leaves_a_checkpoint_to_continue_from(tmp_path: Path) -> None:
    write_cases(tmp_path, 3)
    seen: list[Progress] = []
    context = TaskContext(seen.append, lambda: bool(seen) and seen[-1].fraction >= 0.5)
    with pytest.raises(JobCancelled):
        train(tmp_path, context)
    assert (tmp_path / "out" / checkpoint.NAME).is_file()
    assert not (tmp_path / "out" / "tiny").exists()
    with pytest.raises(InputError, match="already holds a training run"):
        train(tmp_path)
    assert Path(train(tmp_path, resume=True).values["bundle"]).is_dir()


def test_a_run_is_not_continued_with_other_cases(tmp_path: Path) -> None:
    write_cases(tmp_path, 2)
    train(tmp_path)
    write_list(tmp_path, [write_case(tmp_path, number) for number in (1, 2)])
    with pytest.raises(InputError, match="other cases"):
        train(tmp_path, resume=True)


def test_overrides_replace_entries_of_the_training(tmp_path: Path) -> None:
    write_cases(tmp_path, 2)
    result = train(tmp_path, overrides={"epochs": 1})
    assert result.values["recipe"]["training"]["epochs"] == 1
    with pytest.raises(InputError, match="epoch"):
        train(tmp_path, overrides={"epoch": 1})


def box(value: int) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[4:8, 4:8, 4:8] = value
    return mask


@pytest.mark.parametrize(
    ("label", "image", "error", "words"),
    [
        (box(3), np.full(SHAPE, np.nan, np.float32), UnsupportedVolumeError, "label_0.*NaN"),
        (box(3), np.zeros(SHAPE, np.float32), UnsupportedVolumeError, "same value"),
        (box(0), None, InputError, "None of the 1 cases"),
        (box(5), None, InputError, "value.* 5.*3, 7"),
    ],
)
def test_a_case_that_cannot_be_learned_from_is_named(
    tmp_path: Path, label: np.ndarray, image: np.ndarray | None, error: type[Exception], words: str
) -> None:
    write_list(tmp_path, [write_case(tmp_path, 0, label, image)])
    with pytest.raises(error, match=words):
        train(tmp_path)


def test_a_label_on_another_grid_is_refused(tmp_path: Path) -> None:
    line = write_case(tmp_path, 0)
    moved = AFFINE.copy()
    moved[0, 3] = 2.0
    write_image(tmp_path / "label_0.nii.gz", Image(box(3)[None], moved))
    write_list(tmp_path, [line])
    with pytest.raises(GeometryError, match="same grid"):
        train(tmp_path)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    write_cases(tmp_path, 1)
    whole = (tmp_path / "image_0.nii.gz").read_bytes()
    (tmp_path / "image_0.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match="image_0"):
        train(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"colour": "red"}, "no option colour"), ({"output": ""}, "needs output"), ({"device": "abacus"}, "no device")],
)
def test_wrong_options_are_named(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    write_cases(tmp_path, 1)
    with pytest.raises(InputError, match=words):
        train(tmp_path, **options)


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    write_cases(tmp_path, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made"):
        train(tmp_path, output=str(tmp_path / "file" / "out"))


def test_several_networks_are_trained_and_averaged(tmp_path: Path) -> None:
    write_cases(tmp_path, 3)
    members = [{}, {"network_def": {"res_block": True}, "training": {"epochs": 1, "seed": 6}}]
    entries = recipe_entries(training={"epochs": 2, "batch_size": 2}, members=members)
    seen: list[float] = []
    context = TaskContext(lambda progress: seen.append(progress.fraction))
    result = train(tmp_path, context, entries)
    assert seen == sorted(seen)
    assert [Path(path).parent.name for path in result.values["curves"]] == ["network_1", "network_2"]
    bundle = load(read_spec(Path(result.values["bundle"])))
    image = torch.rand(1, 1, 16, 16, 16)
    with torch.no_grad():
        parts = [network(image).softmax(1) for network in bundle.network.networks]
        together = bundle.network(image).softmax(1)
    assert len(parts) == 2
    assert torch.allclose(together, (parts[0] + parts[1]) / 2, atol=1e-4)
    assert "The mean of 2 networks: seed 0, 2 epochs; seed 6, 1 epochs" in (
        Path(result.values["bundle"]) / "docs" / "README.md"
    ).read_text(encoding="utf-8")


def test_a_stopped_job_continues_with_the_network_it_was_at(tmp_path: Path) -> None:
    write_cases(tmp_path, 3)
    entries = recipe_entries(training={"epochs": 1, "batch_size": 2}, members=[{}, {"training": {"seed": 6}}])
    seen: list[Progress] = []
    context = TaskContext(seen.append, lambda: bool(seen) and seen[-1].fraction >= 0.5)
    with pytest.raises(JobCancelled):
        train(tmp_path, context, entries)
    first = (tmp_path / "out" / "network_1" / checkpoint.NAME).stat().st_mtime_ns
    assert Path(train(tmp_path, recipe=entries, resume=True).values["bundle"]).is_dir()
    assert (tmp_path / "out" / "network_1" / checkpoint.NAME).stat().st_mtime_ns == first


def test_resuming_nothing_is_an_error(tmp_path: Path) -> None:
    write_cases(tmp_path, 1)
    with pytest.raises(FileError, match="no checkpoint"):
        train(tmp_path, resume=True)


def test_a_training_can_start_from_a_model(tmp_path: Path) -> None:
    """With a learning rate that moves nothing, what is exported is what it started from."""
    write_cases(tmp_path, 3)
    first = train(tmp_path).values["bundle"]
    still = recipe_entries(training={"epochs": 1, "batch_size": 2, "learning_rate": 1e-12, "seed": 5})
    second = train(tmp_path, recipe=still, start_from=first, output=str(tmp_path / "second")).values["bundle"]
    before, after = (load(read_spec(Path(bundle))).network.state_dict() for bundle in (first, second))
    assert all(torch.allclose(before[name], after[name], atol=2e-3) for name in before)
    both = {**still, "members": [{}, {"training": {"seed": 6}}]}
    third = train(tmp_path, recipe=both, start_from=first, output=str(tmp_path / "both")).values["bundle"]
    for network in load(read_spec(Path(third))).network.networks:
        assert all(torch.allclose(before[name], tensor, atol=2e-3) for name, tensor in network.state_dict().items())
    again = train(tmp_path, recipe=both, start_from=third, output=str(tmp_path / "again")).values["bundle"]
    for network in load(read_spec(Path(again))).network.networks:
        assert all(torch.allclose(before[name], tensor, atol=2e-3) for name, tensor in network.state_dict().items())
    with pytest.raises(InputError, match="mean of 2 networks"):
        train(tmp_path, recipe=still, start_from=third, output=str(tmp_path / "fewer"))
    other = recipe_entries(training={"epochs": 1, "batch_size": 2})
    other["network_def"]["filters"] = [4, 8, 16]
    with pytest.raises(ModelError):
        train(tmp_path, recipe=other, start_from=first, output=str(tmp_path / "third"))
