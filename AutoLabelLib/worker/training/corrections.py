"""Examples that come back with the click that their last answer called for.

An example is shown with its first click; where the network's answer errs most, a simulated user clicks, and the example
returns in the next batch with that click and, if the network reads it, with the answer that was corrected. The answer
is the training pass's own, so that a correction costs no further pass. Batches mix examples of all rounds.

Source: Sakinis et al. (2019), Interactive segmentation of medical images through fully convolutional neural networks;
Sofiiuk, Petrov, Konushin (2021), Reviving iterative training with mask guidance for interactive segmentation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from AutoLabelLib.worker.evaluation.simulated_user import next_correction
from AutoLabelLib.worker.segmentation.guidance import SIGMA_MM, draw_clicks
from AutoLabelLib.worker.segmentation.local_cut import Click, Cut, standing
from AutoLabelLib.worker.training.examples import Example, drawn, example_seed

if TYPE_CHECKING:
    from AutoLabelLib.worker.training.examples import Examples
    from AutoLabelLib.worker.training.recipe import Recipe

_AIM = 2**31 - 1  # no example has this number, so that users aim independently of what they see


@dataclass(frozen=True)
class Corrections:
    """How a user's corrections enter the training.

    Attributes:
        rounds: How often the first, second, third … example returns; after the last entry it starts over.
        image_channels: Channels before the guidance.
        spacing_mm: (3,) of a patch.
        sigma_mm: Width of a click.
        shows_previous: Whether a last channel shows the answer that is corrected.
        cut: How answers are cut and obey clicks, as they will for users; see `local_cut`.
    """

    rounds: tuple[int, ...]
    image_channels: int
    spacing_mm: tuple[float, float, float]
    sigma_mm: float
    shows_previous: bool
    cut: Cut = field(default_factory=Cut)


def from_recipe(recipe: Recipe) -> Corrections | None:
    """Return what a recipe says about corrections; None if its examples are shown once."""
    rounds = tuple(int(count) for count in recipe.prompting.get("correction_rounds", ()))
    if not any(rounds):
        return None
    sigma_mm = float(recipe.prompting.get("sigma_mm", SIGMA_MM))
    cut = Cut(**recipe.prompting.get("cut", {}))
    return Corrections(rounds, len(recipe.channels), recipe.spacing_mm, sigma_mm, recipe.reads_previous, cut)


def steps_per_epoch(case_count: int, batch_size: int, rounds: Sequence[int]) -> int:
    """Return the number of batches in which every case is shown as often as its rounds say."""
    shown = sum(1 + count for count in itertools.islice(itertools.cycle(rounds), case_count))
    return max(1, -(-shown // batch_size))


@dataclass
class _Slot:
    example: Example
    rounds_left: int
    clicks: tuple[Click, ...] = ()  # corrections so far
    stood: torch.Tensor | None = None  # (I, J, K), what the last of them corrected


class CorrectedBatches:
    """One epoch's batches; tell it the network's answer to each before the next is taken.

    Args:
        examples: Where fresh examples come from.
        corrections: Options.
        batch_size: Examples per batch.
        seed: Of the training.
        epoch: Number of the epoch; with the seed it decides order, examples and how exactly users aim.
    """

    def __init__(self, examples: Examples, corrections: Corrections, batch_size: int, seed: int, epoch: int) -> None:
        self._options = corrections
        self._fresh = drawn(examples, seed, epoch)
        self._rounds = itertools.cycle(corrections.rounds)
        self._rng = np.random.default_rng(example_seed(seed, epoch, _AIM))
        self._slots = [self._new() for _ in range(batch_size)]
        self._steps = steps_per_epoch(len(examples), batch_size, corrections.rounds)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield image (B, C, I, J, K) float32 and label (B, 1, I, J, K) int64."""
        for _ in range(self._steps):
            images = torch.stack([slot.example.image for slot in self._slots])
            yield images, torch.stack([slot.example.label for slot in self._slots])

    def answered(self, logits: torch.Tensor) -> None:
        """Take the network's answer to the batch, logits (B, [depths,] 2, I, J, K), and prepare the next batch."""
        first = logits.detach()[:, 0] if logits.ndim == 6 else logits.detach()
        said = torch.softmax(first.float(), 1)[:, 1].cpu()
        for number, slot in enumerate(self._slots):
            corrected = self._corrected(slot, said[number]) if slot.rounds_left else None
            self._slots[number] = corrected or self._new()

    def _new(self) -> _Slot:
        return _Slot(next(self._fresh), next(self._rounds))

    def _corrected(self, slot: _Slot, said: torch.Tensor) -> _Slot | None:
        """Return an example with one more click; None if nothing is wrong."""
        options, label = self._options, slot.example.label[0].numpy() > 0
        stands = standing(said, slot.clicks, np.diag(options.spacing_mm), options.cut, slot.stood)
        correction = next_correction((stands > 0.5).numpy(), label, options.spacing_mm, self._rng)
        if correction is None:
            return None
        image = slot.example.image.clone()
        channel = image[options.image_channels + (0 if correction.positive else 1)].numpy()
        index = correction.index_ijk + self._rng.uniform(-0.5, 0.5, 3)
        draw_clicks(channel, index[None] * options.spacing_mm, np.diag([*options.spacing_mm, 1.0]), options.sigma_mm)
        if options.shows_previous:
            image[-1] = stands
        clicks = (*slot.clicks, (index, correction.positive))
        return _Slot(replace(slot.example, image=image), slot.rounds_left - 1, clicks, stands)
