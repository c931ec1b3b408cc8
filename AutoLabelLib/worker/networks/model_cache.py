"""What the worker keeps warm between jobs: loaded models and prepared images, within a budget of memory.

One thread of the worker runs the jobs, so there are no locks here.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import psutil
import torch

from AutoLabelLib.core.errors import ContractError, ModelError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.worker.networks import bundle
from AutoLabelLib.worker.networks.engines import Engine
from AutoLabelLib.worker.networks.ensemble import MeanOfNetworks

Value = TypeVar("Value")

_MODELS_SHARE_OF_MEMORY = 0.25
_IMAGES_SHARE_OF_MEMORY = 0.125
_LARGEST_BUDGET_BYTES = 4 * 1024**3
_ANSWERS_BYTES = 64 * 1024**2  # a hundred answers of a small network


@dataclass(eq=False)
class LoadedModel:
    """A bundle in memory, with the engines that were made for it.

    Attributes:
        bundle: The bundle.
        engines: By device, engine name and window; each may hold its own copy of the weights.
        approved: Engines that were seen to give what torch gives in float32.
        rejected: Engines that were not, and why.
        precision_dice: Agreement of a reduced precision with float32, for each image.
        variant: A part of the network, or the network as it is when it is asked for classes, and which; the latest.
    """

    bundle: bundle.Bundle
    engines: dict[Hashable, Engine] = field(default_factory=dict)
    approved: set[Hashable] = field(default_factory=set)
    rejected: dict[Hashable, str] = field(default_factory=dict)
    precision_dice: dict[Hashable, float] = field(default_factory=dict)
    variant: tuple[Hashable, LoadedModel] | None = None

    def only(self, number: int) -> LoadedModel:
        """Return the model as one of the networks whose mean it is, numbered from 0 on.

        Raises:
            ContractError: If it has no such network.
        """
        if self.variant is None or self.variant[0] != number:
            networks = self.bundle.network.networks if isinstance(self.bundle.network, MeanOfNetworks) else ()
            if number >= len(networks):
                raise ContractError(
                    f'"{self.bundle.spec.name}" has {max(1, len(networks))} network(s), so that there is none of the '
                    f"number {number}.",
                    "It is numbered from 0 on.",
                )
            # What is kept of a network, in memory and on disk, is kept by this hash.
            own = hashlib.sha256(f"{self.bundle.sha256}/{number}".encode()).hexdigest()
            part = replace(self.bundle, network=networks[number], sha256=own)
            self.variant = (number, LoadedModel(part))
        return self.variant[1]

    @property
    def size_bytes(self) -> int:
        """Memory that it takes, engines included."""
        engines = [*self.engines.values(), *(self.variant[1].engines.values() if self.variant else ())]
        return self.bundle.size_bytes * (1 + sum(engine.copies_weights for engine in engines))


class LruCache(Generic[Value]):
    """A mapping that forgets what was not used for longest when its values outgrow a budget.

    The value that was used last always stays, even if it alone is larger.

    Args:
        budget_bytes: Memory that the values may take.
        size_of: Tells how much one takes; asked again each time, since values may grow.
    """

    def __init__(self, budget_bytes: int, size_of: Callable[[Value], int]) -> None:
        self.budget_bytes = budget_bytes
        self._size_of = size_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    @property
    def size_bytes(self) -> int:
        """Memory that all values take."""
        return sum(self._size_of(value) for value in self._values.values())

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made now if there is none, and forget old ones that are too much."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        self.shrink()
        return self._values[key]

    def shrink(self, keep: int = 1) -> None:
        """Forget old values until the rest fits into the budget, or only `keep` are left."""
        while len(self._values) > keep and self.size_bytes > self.budget_bytes:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()


def _budget_bytes(share: float) -> int:
    return min(_LARGEST_BUDGET_BYTES, int(psutil.virtual_memory().total * share))


MODELS: LruCache[LoadedModel] = LruCache(_budget_bytes(_MODELS_SHARE_OF_MEMORY), lambda model: model.size_bytes)
IMAGES: LruCache[torch.Tensor] = LruCache(_budget_bytes(_IMAGES_SHARE_OF_MEMORY), lambda image: image.nbytes)
ANSWERS: LruCache[torch.Tensor] = LruCache(_ANSWERS_BYTES, lambda answer: answer.nbytes)


def load(spec: ModelSpec) -> LoadedModel:
    """Return a model, loaded now or earlier; one whose files have changed since is loaded, and checked, again.

    Raises:
        ModelError: See `bundle.load`.
    """
    if spec.folder is None:
        raise ModelError(f'The model "{spec.name}" has no files.')
    key = (str(spec.folder.resolve()), bundle.identity(spec.folder))
    return MODELS.get(key, lambda: LoadedModel(bundle.load(spec)))
