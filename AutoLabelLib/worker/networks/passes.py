"""A job's network as a function of windows: engine, mirror images, checks, and the time that it takes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks.engines import Engine
from AutoLabelLib.worker.networks.outputs import Outputs


class Passes:
    """Runs windows through an engine, as often as there are mirror images to be averaged.

    Args:
        engine: Runs the network.
        outputs: Meaning of its channels.
        mirror_axes: Spatial axes (0, 1, 2) along which mirror images are run, too; () for none.
        model_name: For error messages.
        context: Counts the seconds of the phase "network".
    """

    def __init__(
        self, engine: Engine, outputs: Outputs, mirror_axes: Sequence[int], model_name: str, context: TaskContext
    ) -> None:
        self._engine = engine
        self._outputs = outputs
        self._flips = [
            flip for count in range(len(mirror_axes) + 1) for flip in itertools.combinations(mirror_axes, count)
        ]
        self._model_name = model_name
        self._context = context

    @property
    def are_probabilities(self) -> bool:
        """Whether probabilities come out, which can be averaged over mirror images; else what the network returns."""
        return len(self._flips) > 1

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Return float32 values (B, C', I, J, K) of windows (B, C, I, J, K).

        Raises:
            ModelError: If the network returns NaN, or another shape than its windows have.
            ContractError: If it has too few channels.
        """
        with self._context.phase("network"):
            total = self._checked(self._engine(windows), windows)
            if not self.are_probabilities:
                return total
            total = self._probabilities(total)
            for flip in self._flips[1:]:
                dims = [axis + 2 for axis in flip]
                values = self._checked(self._engine(windows.flip(dims)), windows)
                total += self._probabilities(values).flip(dims)
            return total / len(self._flips)

    def _probabilities(self, values: torch.Tensor) -> torch.Tensor:
        return torch.stack([self._outputs.probabilities(value) for value in values])

    def _checked(self, values: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
        if values.ndim != 5 or values.shape[2:] != windows.shape[2:]:
            raise ModelError(
                f"The network returned the shape {tuple(values.shape)} for windows of {tuple(windows.shape)}.",
                "A segmentation network must return one value per class for each voxel of its input.",
            )
        self._outputs.check(values.shape[1], self._model_name)
        if not bool(torch.isfinite(values.sum())):
            raise ModelError("The network returned NaN or infinite values.", "Try the engine fp32.")
        return values
