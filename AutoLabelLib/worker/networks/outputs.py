"""What the channels of a network's output mean, and how they become label values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import ContractError
from AutoLabelLib.core.labelmap import Segment

SOFTMAX, SIGMOID, NONE = "softmax", "sigmoid", "none"


@dataclass(frozen=True)
class Outputs:
    """Meaning of a network's output.

    Attributes:
        segments: What comes out, with layers and label values.
        channels: For each segment, the channel that shows it.
        activation: "softmax": one class per voxel wins; "sigmoid": each channel decides by itself;
            "none": likewise, and the network's values are probabilities already.
        threshold: Probability from which a voxel belongs, unless one class wins.
    """

    segments: tuple[Segment, ...]
    channels: tuple[int, ...]
    activation: str = SOFTMAX
    threshold: float = 0.5

    @property
    def is_exclusive(self) -> bool:
        """Whether each voxel belongs to one class at most."""
        return self.activation == SOFTMAX

    @property
    def layers(self) -> int:
        """Number of layers of the labelmap."""
        return 1 + max((segment.layer for segment in self.segments), default=0)

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """Type of the labelmap's values."""
        return np.uint8 if max((segment.label_value for segment in self.segments), default=1) < 256 else np.uint16

    def check(self, channel_count: int, model_name: str) -> None:
        """Raise ContractError if a network with so many output channels cannot show the segments."""
        if max(self.channels, default=0) >= channel_count or (self.is_exclusive and channel_count < 2):
            raise ContractError(
                f'The network of "{model_name}" has {channel_count} output channels, too few for its '
                f"{len(self.segments)} segments.",
                "The bundle's metadata (network_data_format, outputs) does not fit its network.",
            )

    def probabilities(self, values: torch.Tensor) -> torch.Tensor:
        """Return probabilities (C, ...) of a network's values (C, ...)."""
        if self.activation == SOFTMAX:
            return torch.softmax(values, 0)
        return torch.sigmoid(values) if self.activation == SIGMOID else values

    def foreground(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Return how likely each voxel belongs to any segment, (...), of probabilities (C, ...)."""
        return probabilities[list(self.channels)].amax(0)

    def cut(self, are_probabilities: bool) -> float:
        """Return the value from which a channel that decides by itself says yes."""
        if are_probabilities or self.activation != SIGMOID:
            return self.threshold
        return math.log(self.threshold / (1.0 - self.threshold))

    def present(self, values: torch.Tensor, are_probabilities: bool) -> NDArray[np.intp]:
        """Return which channels say yes in at least one voxel of (C, ...), ascending."""
        if self.is_exclusive:
            winner = values.max(0)[1]  # ten times as fast as argmax(0) on a few channels
            return np.flatnonzero(torch.bincount(winner.flatten(), minlength=len(values)).cpu().numpy())
        return np.flatnonzero((values.flatten(1).amax(1) >= self.cut(are_probabilities)).cpu().numpy())

    def labels(
        self, values: torch.Tensor, are_probabilities: bool, channels: Sequence[int] | None = None
    ) -> NDArray[Any]:
        """Return the label values (layers, ...) of a network's values.

        Args:
            values: (C, ...), logits or probabilities, averaged over windows.
            are_probabilities: Which of both.
            channels: The channel of each entry, if values hold only some of them.
        """
        held = list(range(len(values)) if channels is None else channels)
        result = np.zeros((self.layers, *values.shape[1:]), self.dtype)
        if self.is_exclusive:
            if len(held) == 1:
                for layer, table in enumerate(self._tables(held)):
                    result[layer] = table[0]
                return result
            winner = values.max(0)[1].cpu().numpy()
            for layer, table in enumerate(self._tables(held)):
                np.take(table, winner, out=result[layer], mode="clip")
            return result
        cut = self.cut(are_probabilities)
        for segment, channel in zip(self.segments, self.channels, strict=True):
            if channel in held:
                yes = (values[held.index(channel)] >= cut).cpu().numpy()
                result[segment.layer][yes] = segment.label_value
        return result

    def _tables(self, held: list[int]) -> NDArray[Any]:
        """Return for each layer the label value per entry of held: (layers, len(held))."""
        tables = np.zeros((self.layers, len(held)), self.dtype)
        for segment, channel in zip(self.segments, self.channels, strict=True):
            if channel in held:
                tables[segment.layer, held.index(channel)] = segment.label_value
        return tables


def from_metadata(metadata: Mapping[str, Any], segments: tuple[Segment, ...], transforms: Sequence[Any]) -> Outputs:
    """Return what a bundle says about its output.

    Args:
        metadata: The bundle's metadata.
        segments: As its ModelSpec names them.
        transforms: MONAI transforms of its postprocessing; Activationsd and AsDiscreted are read.
    """
    pred = metadata.get("network_data_format", {}).get("outputs", {}).get("pred", {})
    names = {str(name): int(key) for key, name in (pred.get("channel_def") or {}).items()}
    activation, threshold = _decision(transforms, single=pred.get("num_channels") == 1 or len(names) == 1)
    wanted = [segment.name for segment in segments]
    if len(set(wanted)) == len(wanted) and all(name in names for name in wanted):
        channels = tuple(names[name] for name in wanted)
    else:  # in order, after the background if there is one
        first = 1 if activation == SOFTMAX else 0
        channels = tuple(range(first, first + len(wanted)))
    return Outputs(segments, channels, activation, threshold)


def _decision(transforms: Sequence[Any], single: bool) -> tuple[str, float]:
    by_name = {type(transform).__name__: transform for transform in transforms}
    activations, discrete = by_name.get("Activationsd"), by_name.get("AsDiscreted")
    thresholds = [t for t in getattr(discrete, "threshold", ()) if t is not None]
    threshold = float(thresholds[0]) if thresholds else 0.5
    if any(getattr(activations, "sigmoid", ())):
        return SIGMOID, threshold
    if any(getattr(activations, "softmax", ())) or any(getattr(discrete, "argmax", ())):
        return SOFTMAX, 0.5
    if thresholds:
        return NONE, threshold
    return (SIGMOID if single else SOFTMAX), 0.5
