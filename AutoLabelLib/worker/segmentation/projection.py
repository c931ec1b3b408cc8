"""Bands of network output on the model's grid become labels on the input's grid, one slice after the other.

Only labels are kept. The floating-point values of all classes never exist for more than a band, so that memory
grows with classes x band and not with classes x volume.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.networks.grid import ModelGrid, zoom_positions
from AutoLabelLib.worker.networks.outputs import Outputs


class LabelProjection:
    """Takes the slices of a volume in their order along one axis and collects labels on the input's grid.

    Where the grids differ in spacing, probabilities are interpolated, not labels: linear within a slice, then between
    neighbouring slices. Only those classes are that win somewhere in one of the two slices; a class that is
    nowhere the most probable one in both does not become so in between, but for rounding.

    Args:
        grid: The model's grid over the input.
        outputs: Meaning of the channels.
        axis: Spatial axis, in the model's order, along which the slices come.
        are_probabilities: Whether the values are probabilities, not logits.
    """

    def __init__(self, grid: ModelGrid, outputs: Outputs, axis: int, are_probabilities: bool) -> None:
        self._grid = grid
        self._outputs = outputs
        self._are_probabilities = are_probabilities
        self._labels = np.zeros((outputs.layers, *grid.source_shape), outputs.dtype)
        self._by_slice = np.moveaxis(self._labels, axis + 1, 1)  # a view
        self._in_plane = self._by_slice.shape[2:]
        self._positions = zoom_positions(grid.source_shape[axis], grid.shape[axis])
        self._received = 0
        self._previous: tuple[torch.Tensor, NDArray[np.intp]] | None = None

    def add(self, values: torch.Tensor) -> None:
        """Take the next slices: (C, slices, height, width), averaged over windows."""
        if not self._grid.is_zoomed:
            stop = self._received + values.shape[1]
            self._by_slice[:, self._received : stop] = self._outputs.labels(values, self._are_probabilities)
            self._received = stop
            return
        if not self._are_probabilities:
            values = self._outputs.probabilities(values)
        for index in range(values.shape[1]):
            self._add_slice(values[:, index])

    def finish(self) -> NDArray[Any]:
        """Return the labels (layers, I, J, K) on the input's grid, in the input's own axis order."""
        return self._grid.to_source(self._labels)

    def _add_slice(self, current: torch.Tensor) -> None:
        """Take one slice (C, height, width) of probabilities; fill the input's slices between the last one and this."""
        present = self._outputs.present(current, are_probabilities=True)
        before, before_present = self._previous or (current, present)
        index = self._received
        low, high = np.searchsorted(self._positions, [index - 1, index], side="right")
        low = 0 if index == 0 else low
        if high > low:
            channels = np.union1d(before_present, present)
            first, second = (self._enlarged(values[torch.from_numpy(channels)]) for values in (before, current))
            for target in range(int(low), int(high)):
                weight = float(self._positions[target]) - (index - 1)
                between = torch.lerp(first, second, weight) if weight < 1 else second
                self._by_slice[:, target] = self._outputs.labels(between, True, channels.tolist())
        self._previous = (current.clone(), present)
        self._received = index + 1

    def _enlarged(self, values: torch.Tensor) -> torch.Tensor:
        """Return a slice (C, height, width) with as many voxels as the input's slices have."""
        if len(values) < 2 and self._outputs.is_exclusive:
            return values[:, :1, :1].expand(-1, *self._in_plane)  # one class alone wins everywhere
        if values.shape[1:] == self._in_plane or not len(values):
            return values.reshape(-1, *self._in_plane) if not len(values) else values
        return torch.nn.functional.interpolate(values[None], self._in_plane, mode="bilinear", align_corners=False)[0]
