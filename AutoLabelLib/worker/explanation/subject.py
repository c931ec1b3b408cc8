"""What is explained: an image on a network's grid, and one or several looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine
from AutoLabelLib.worker.explanation.baseline import baseline
from AutoLabelLib.worker.explanation.scored_network import ScoredNetwork
from AutoLabelLib.worker.segmentation.sliding_window import importance_map

Relevance = Callable[[ScoredNetwork, torch.Tensor, torch.Tensor], torch.Tensor]
"""Returns how much each voxel (I, J, K) matters to a network, given its image and its baseline (C, I, J, K)."""

_BRIGHTEST_PERCENT = 0.1  # of the voxels are shown as 1: a single one must not darken all others


@dataclass(frozen=True, eq=False)
class Look:
    """A network that looks at a box of the image.

    Attributes:
        start: Index of the box's first voxel.
        shape: Its size in voxels.
        scored: The network, and what is asked of its answer.
        weight: How much its answer counts, such as the number of voxels asked about.
    """

    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    scored: ScoredNetwork
    weight: float = 1.0

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box as slices."""
        i, j, k = (slice(low, low + size) for low, size in zip(self.start, self.shape, strict=True))
        return (i, j, k)


@dataclass(frozen=True, eq=False)
class Subject:
    """An image as networks see it, and a question about it.

    Attributes:
        image: (C, I, J, K) float32, with the intensities that the networks want, on the CPU.
        affine: (4, 4), index of its voxel centres to RAS mm.
        inside: (I, J, K) bool, which of its voxels are no padding.
        around: (I, J, K) bool, which of them are not of the segment: what is ordinary here.
        looks: What the networks look at; at least one.
        target: What is asked about, in words: a segment or a class.
        device: Where the networks are.
    """

    image: torch.Tensor
    affine: Affine
    inside: torch.Tensor
    around: torch.Tensor
    looks: tuple[Look, ...]
    target: str
    device: str = "cpu"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Size of the image in voxels."""
        return (self.image.shape[1], self.image.shape[2], self.image.shape[3])

    def probability(self, image: torch.Tensor | None = None) -> float:
        """Return how likely the target is, as a weighted mean over the looks, in this image or in a changed one."""
        image = self.image if image is None else image
        total = sum(look.weight for look in self.looks)
        return sum(look.weight * look.scored.probability(self.window(image, look)[None]) for look in self.looks) / total

    def window(self, image: torch.Tensor, look: Look) -> torch.Tensor:
        """Return what a look sees of an image, on the networks' device."""
        return image[(slice(None), *look.box)].to(self.device)

    def baseline(self, kind: str) -> torch.Tensor:
        """Return the image (C, I, J, K) without what makes it special; see `baseline`."""
        return baseline(self.image, self.around if bool(self.around.any()) else self.inside, kind)

    def heat(self, relevance: Relevance, start: torch.Tensor) -> NDArray[np.float32]:
        """Return the relevance of each voxel over all looks, (I, J, K), scaled to 0 to 1; all 0 if nothing matters.

        Args:
            relevance: Returns that of one look.
            start: (C, I, J, K), the baseline.
        """
        sums, weights = torch.zeros(self.shape), torch.zeros(self.shape)
        for look in self.looks:
            values = relevance(look.scored, self.window(self.image, look), self.window(start, look))
            counts = look.weight * importance_map(look.shape, "constant" if look.shape == self.shape else "gaussian")
            sums[look.box] += counts * values
            weights[look.box] += counts
        return _scaled((self.inside * sums / weights.clamp(min=1e-12)).numpy(), self.inside.numpy())


def _scaled(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    shown = values[inside]
    if not shown.size or not shown.max() > 0:
        return np.zeros_like(values)
    top = float(np.percentile(shown, 100 - _BRIGHTEST_PERCENT))
    return np.clip(values / (top if top > 0 else float(shown.max())), 0, 1).astype(np.float32)
