"""What the training loop needs to know of the data: numbered examples, each a pure function of a seed."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@dataclass(frozen=True)
class Example:
    """One patch as the network sees it.

    Attributes:
        image: (C, I, J, K) float32 on the model's grid, normalised, with guidance channels if there are prompts.
        label: (1, I, J, K) int64; 0 is background, n + 1 is the recipe's segment number n.
    """

    image: torch.Tensor
    label: torch.Tensor


class Examples(Protocol):
    """A set of cases from which random examples are drawn."""

    def __len__(self) -> int:
        """Return the number of cases."""
        ...

    def example(self, index: int, seed: int) -> Example:
        """Return a random, augmented patch of one case; equal arguments give equal patches."""
        ...


def example_seed(seed: int, epoch: int, index: int) -> int:
    """Return a seed below 2**32 for one example, so that a resumed run draws what an uninterrupted one would."""
    return int(np.random.SeedSequence((seed, epoch, index)).generate_state(1)[0])


def batches(examples: Examples, batch_size: int, seed: int, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield every case once, in an order that depends only on seed and epoch.

    A last, smaller batch is filled up with further cases of the same order, so that all batches have equal size.

    Yields:
        image (B, C, I, J, K) float32 and label (B, 1, I, J, K) int64.
    """
    import torch

    shown = drawn(examples, seed, epoch)
    for _ in range(steps_per_epoch(len(examples), batch_size)):
        batch = [next(shown) for _ in range(batch_size)]
        yield torch.stack([item.image for item in batch]), torch.stack([item.label for item in batch])


def drawn(examples: Examples, seed: int, epoch: int) -> Iterator[Example]:
    """Yield examples without end: every case once, in an order that depends only on seed and epoch, then from anew."""
    order = np.random.default_rng((seed, epoch)).permutation(len(examples))
    for position in itertools.count():
        # A case that comes twice may meet itself in a batch of a tiny set: its position keeps the patches different.
        yield examples.example(int(order[position % len(order)]), example_seed(seed, epoch, position))


def ahead(items: Iterator[T], depth: int = 3) -> Iterator[T]:
    """Yield the items in order while a thread already makes the next ones, for a device that would have to wait.

    Args:
        items: Made one after the other in the thread; an error there is raised here.
        depth: How many items may wait.
    """
    with ThreadPoolExecutor(1) as pool:
        end = object()
        waiting = deque(pool.submit(next, items, end) for _ in range(depth))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, items, end))
                yield cast(T, item)
        finally:
            for future in waiting:
                future.cancel()


def steps_per_epoch(case_count: int, batch_size: int) -> int:
    """Return the number of batches that show every case at least once."""
    return max(1, -(-case_count // batch_size))
