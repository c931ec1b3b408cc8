from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from AutoLabelLib.core.errors import FileError, InputError, JobCancelled, ModelError
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.training import checkpoint, curves, loop
from AutoLabelLib.worker.training.cases import read_cases
from AutoLabelLib.worker.training.dataset import PatchExamples, load_volumes
from AutoLabelLib.worker.training.examples import Example, ahead, batches
from AutoLabelLib.worker.training.recipe import Recipe
from Testing.tiny_training import recipe, write_cases

Weights = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> PatchExamples:
    cases = read_cases(write_cases(tmp_path_factory.mktemp("cases")))
    return PatchExamples(load_volumes(cases, recipe(), TaskContext()), recipe())


def cancelled_after(epochs: int, output: Path) -> TaskContext:
    """Return a context that stops the job in the middle of the epoch after so many whole ones."""
    asked = 0

    def is_cancelled() -> bool:
        nonlocal asked
        if len(curves.read(output)) >= epochs:
            asked += 1
        return asked > 1

    return TaskContext(is_cancelled=is_cancelled)


def same(first: Weights, second: Weights) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_resumed_run_equals_one_that_was_never_interrupted(examples: PatchExamples, tmp_path: Path) -> None:
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    expected = loop.train(recipe(), examples, straight, TaskContext())
    with pytest.raises(JobCancelled):
        loop.train(recipe(), examples, parts, cancelled_after(2, parts))
    assert [row["epoch"] for row in curves.read(parts)] == [1, 2]
    torch.rand(7)  # whatever else draws random numbers in between must not matter
    resumed = loop.train(recipe(), examples, parts, TaskContext(), resume=True)
    assert same(expected, resumed)
    without_seconds = [[{**row, "seconds": 0} for row in curves.read(folder)] for folder in (straight, parts)]
    assert without_seconds[0] == without_seconds[1]


def test_the_same_seed_gives_the_same_weights_and_another_one_others(examples: PatchExamples, tmp_path: Path) -> None:
    short = recipe(training={"epochs": 1, "batch_size": 2, "seed": 5})
    other = recipe(training={"epochs": 1, "batch_size": 2, "seed": 6})
    first, again, third = (loop.train(r, examples, tmp_path, TaskContext()) for r in (short, short, other))
    assert same(first, again)
    assert not same(first, third)


def test_the_loss_falls(examples: PatchExamples, tmp_path: Path) -> None:
    loop.train(recipe(training={"epochs": 6, "batch_size": 2, "seed": 1}), examples, tmp_path, TaskContext())
    losses = [row["loss"] for row in curves.read(tmp_path)]
    assert losses[-1] < losses[0]


def test_progress_goes_from_start_to_end(examples: PatchExamples, tmp_path: Path) -> None:
    fractions: list[float] = []
    context = TaskContext(send_progress=lambda progress: fractions.append(progress.fraction))
    loop.train(recipe(training={"epochs": 2, "batch_size": 2}), examples, tmp_path, context)
    assert fractions == [0.0, 0.25, 0.5, 0.75]


def test_a_checkpoint_of_another_run_is_refused(examples: PatchExamples, tmp_path: Path) -> None:
    loop.train(recipe(training={"epochs": 1, "batch_size": 2}), examples, tmp_path, TaskContext())
    with pytest.raises(InputError, match="another recipe"):
        loop.train(recipe(training={"epochs": 2, "batch_size": 2}), examples, tmp_path, TaskContext(), resume=True)


def test_missing_and_damaged_checkpoints_are_refused(examples: PatchExamples, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no checkpoint"):
        loop.train(recipe(), examples, tmp_path, TaskContext(), resume=True)
    (tmp_path / checkpoint.NAME).write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(FileError, match="damaged"):
        loop.train(recipe(), examples, tmp_path, TaskContext(), resume=True)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / checkpoint.NAME
    checkpoint.save(path, {"epoch": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(FileError, match="No space left"):
        checkpoint.save(path, {"epoch": 2})
    assert checkpoint.load(path)["epoch"] == 1
    assert [file.name for file in tmp_path.iterdir()] == [checkpoint.NAME]


class Poisoned:
    """Examples whose image is NaN for as long as it says."""

    def __init__(self, examples: PatchExamples, is_poisoned: Callable[[int], bool]) -> None:
        self._examples, self._is_poisoned, self._count = examples, is_poisoned, 0

    def __len__(self) -> int:
        return len(self._examples)

    def example(self, index: int, seed: int) -> Example:
        self._count += 1
        example = self._examples.example(index, seed)
        return replace(example, image=example.image * torch.nan) if self._is_poisoned(self._count) else example


def test_a_step_without_finite_gradients_is_skipped(examples: PatchExamples, tmp_path: Path) -> None:
    poisoned = Poisoned(examples, lambda count: count == 3)
    weights = loop.train(recipe(training={"epochs": 2, "batch_size": 2}), poisoned, tmp_path, TaskContext())
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights.values())
    assert [row["skipped_steps"] for row in curves.read(tmp_path)] == [1, 0]


def test_a_lost_run_ends_with_advice(examples: PatchExamples, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="diverged"):
        loop.train(
            recipe(training={"epochs": 50, "batch_size": 2}),
            Poisoned(examples, lambda _: True),
            tmp_path,
            TaskContext(),
        )


def test_the_best_validation_is_what_is_exported(examples: PatchExamples, tmp_path: Path) -> None:
    chosen: Recipe = recipe(training={"epochs": 3, "batch_size": 2, "validate_every": 1, "select": "best"})
    scores, seen = iter((0.2, 0.9, 0.5)), []

    def validate(model: torch.nn.Module) -> float:
        seen.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return next(scores)

    weights = loop.train(chosen, examples, tmp_path, TaskContext(), validate=validate)
    assert same(weights, seen[1])
    assert [row["validation_dice"] for row in curves.read(tmp_path)] == [0.2, 0.9, 0.5]


def test_batches_show_every_case_and_have_equal_size(examples: PatchExamples) -> None:
    class Numbers:
        def __len__(self) -> int:
            return 5

        def example(self, index: int, seed: int) -> Example:
            return Example(torch.tensor([float(index)]), torch.tensor([seed]))

    drawn = list(batches(Numbers(), 2, seed=1, epoch=0))
    shown = torch.cat([image for image, _ in drawn]).flatten().tolist()
    assert [len(image) for image, _ in drawn] == [2, 2, 2]
    assert set(shown) == {0, 1, 2, 3, 4}
    seeds = torch.cat([label for _, label in drawn]).flatten().tolist()
    assert len(set(seeds)) == 6
    other = torch.cat([image for image, _ in batches(Numbers(), 2, seed=1, epoch=1)]).flatten().tolist()
    assert other != shown


def test_items_made_ahead_keep_their_order_and_their_error() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("spoilt")

    seen: list[int] = []
    with pytest.raises(ValueError, match="spoilt"):
        seen.extend(ahead(items()))
    assert seen == [0, 1, 2, 3, 4]
    assert list(ahead(iter([]))) == []
    for item in ahead(iter(range(1000))):  # who stops early does not wait for the rest
        if item == 3:
            break
