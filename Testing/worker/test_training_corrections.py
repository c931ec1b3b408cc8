"""Examples come back with the click that their last answer called for."""

from __future__ import annotations

import numpy as np
import torch

from AutoLabelLib.worker.networks.weights import widened
from AutoLabelLib.worker.training import corrections, loop, prompted
from AutoLabelLib.worker.training.corrections import CorrectedBatches, Corrections
from AutoLabelLib.worker.training.examples import Example
from Testing import tiny_training

SHAPE = (12, 12, 8)
SPACING = (1.0, 1.0, 1.0)


class _Blocks:
    """Cases whose image holds their number and whose object is a block."""

    def __len__(self) -> int:
        return 6

    def example(self, index: int, seed: int) -> Example:
        image, label = torch.zeros(4, *SHAPE), torch.zeros(1, *SHAPE, dtype=torch.int64)
        image[0] = index
        label[0, 3:8, 3:8, 2:6] = 1
        return Example(image, label)


def _batches(rounds: tuple[int, ...], batch_size: int = 2) -> CorrectedBatches:
    return CorrectedBatches(_Blocks(), Corrections(rounds, 1, SPACING, 1.5, True), batch_size, seed=0, epoch=0)


def _answer(found: torch.Tensor, sharpness: float = 9.0) -> torch.Tensor:
    """Return logits (B, 2, ...) that say a mask (B, ...)."""
    return torch.stack([torch.zeros(found.shape), sharpness * (found.float() * 2 - 1)], dim=1)


def _first_two(rounds: tuple[int, ...], found: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    batches = _batches(rounds)
    steps = iter(batches)
    first, _ = next(steps)
    batches.answered(_answer(found))
    return first, next(steps)[0]


def test_a_missed_object_is_clicked_and_the_answer_shown() -> None:
    first, second = _first_two((1, 0), torch.zeros(2, *SHAPE))
    assert torch.equal(first[0, 0], second[0, 0])  # the same example again
    assert not torch.equal(first[1, 0], second[1, 0])  # a fresh one, as its rounds are over
    peak = np.unravel_index(int(second[0, 1].argmax()), SHAPE)
    assert 3 <= peak[0] < 8 and 3 <= peak[1] < 8 and 2 <= peak[2] < 6
    assert float(second[0, 2].max()) == 0
    assert float(second[0, 3].max()) < 0.01 and float(second[0, 3].max()) > 0
    assert float(first[0, 1:].abs().max()) == 0  # what was shown before is not changed


def test_too_much_is_clicked_away() -> None:
    everything = torch.ones(2, *SHAPE)
    _, second = _first_two((2,), everything)
    assert float(second[:, 1].max()) == 0 and float(second[:, 2].max()) > 0.5
    assert float(second[:, 3].min()) > 0.99


def test_a_right_answer_ends_the_rounds() -> None:
    right = torch.stack([_Blocks().example(0, 0).label[0] > 0] * 2)
    first, second = _first_two((4,), right)
    assert not torch.equal(first[:, 0], second[:, 0])
    assert float(second[:, 1:].abs().max()) == 0


def test_deep_supervision_answers_with_its_first_depth() -> None:
    batches = _batches((1,))
    steps = iter(batches)
    next(steps)
    batches.answered(torch.stack([_answer(torch.zeros(2, *SHAPE)), _answer(torch.ones(2, *SHAPE))], dim=1))
    assert float(next(steps)[0][:, 1].max()) > 0.5


def test_every_case_is_shown_and_an_epoch_has_as_many_steps_as_it_says() -> None:
    rounds, seen, count = (0, 2, 1), set(), 0
    batches = _batches(rounds)
    for image, _ in batches:
        seen |= {int(value) for value in image[:, 0, 0, 0, 0]}
        count += 1
        batches.answered(_answer(torch.zeros(2, *SHAPE)))
    assert seen == set(range(6))
    assert count == corrections.steps_per_epoch(6, 2, rounds) == 6


def test_equal_seeds_give_equal_corrections() -> None:
    pairs = [_first_two((3,), torch.zeros(2, *SHAPE))[1] for _ in range(2)]
    assert torch.equal(*pairs)


def test_a_recipe_says_how_often_examples_return() -> None:
    plain = tiny_training.recipe()
    assert corrections.from_recipe(plain) is None and plain.guidance_channels == 0
    prompting = {"correction_rounds": [0, 2], "previous_answer": True, "sigma_mm": 2.0}
    told = tiny_training.recipe(prompts=["point"], prompting=prompting)
    assert corrections.from_recipe(told) == Corrections((0, 2), 1, (1.0, 1.0, 1.0), 2.0, True)
    assert told.guidance_channels == 3
    assert prompted.from_recipe(prompting).correction_rounds == (0, 2)


def test_a_network_with_more_channels_starts_as_the_one_that_had_fewer() -> None:
    narrow = torch.nn.Conv3d(3, 2, 1)
    wide = torch.nn.Conv3d(4, 2, 1)
    wide.load_state_dict(widened(narrow.state_dict(), wide))
    image = torch.randn(1, 4, 3, 3, 3)
    assert torch.allclose(wide(image), narrow(image[:, :3]), atol=1e-6)
    other = torch.nn.Conv3d(3, 5, 1)
    assert widened(narrow.state_dict(), other)["weight"].shape == narrow.weight.shape  # not this function's matter


def test_a_training_with_corrections_runs_and_improves(tmp_path: object) -> None:
    entries = {"prompts": ["point"], "prompting": {"correction_rounds": [0, 1], "previous_answer": True}}
    network = {**tiny_training.recipe_entries()["network_def"], "in_channels": 4, "out_channels": 2}
    recipe = tiny_training.recipe(
        **entries,
        network_def=network,
        segments=[{"name": "block", "label_value": 1}],
        patch_voxels=list(SHAPE),
        training={"epochs": 1, "batch_size": 2, "mixed_precision": False},
    )
    run = loop.start(recipe, 6)
    row = loop._train_epoch(run, recipe, _Blocks(), _context(), "cpu")
    assert row["skipped_steps"] == 0 and 0 < float(row["loss"] or 0) < 3


def _context() -> object:
    from AutoLabelLib.worker.context import TaskContext

    return TaskContext()
