"""A network that has learnt to tell volumes with a bright cube from those without: what speaks for it is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.explanation.scored_network import Question, ScoredNetwork

SIZE, EDGE = 16, 4
_STEPS, _BATCH = 60, 16


class CubeFinder(torch.nn.Module):
    """Two convolutions and the mean over the volume; layers as bundles have them, in-place ones included."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv3d(1, 6, 3, padding=1),
            torch.nn.ReLU(inplace=True),
            torch.nn.Conv3d(6, 12, 3, stride=2, padding=1),
            torch.nn.ReLU(inplace=True),
        )
        self.last = torch.nn.Linear(12, 2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 2): without, with a cube."""
        return self.last(self.features(image).mean((2, 3, 4)))


def volume(rng: np.random.Generator, corner: tuple[int, int, int] | None) -> NDArray[np.float32]:
    """Return noise (I, J, K), with a bright cube that begins at a corner."""
    values = rng.normal(0, 0.3, (SIZE, SIZE, SIZE)).astype(np.float32)
    if corner is not None:
        values[tuple(slice(c, c + EDGE) for c in corner)] += 2.0
    return values


@cache
def trained() -> CubeFinder:
    """Return the network, trained; some seconds when it is asked for first."""
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network, rng = CubeFinder(), np.random.default_rng(0)
        optimizer = torch.optim.Adam(network.parameters(), 0.02)
        for _ in range(_STEPS):
            has_cube = torch.arange(_BATCH) % 2
            corners = [tuple(rng.integers(0, SIZE - EDGE, 3)) if cube else None for cube in has_cube]
            images = torch.from_numpy(np.stack([volume(rng, corner) for corner in corners])[:, None])
            loss = torch.nn.functional.cross_entropy(network(images), has_cube)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert loss.item() < 0.3
    return network.eval().requires_grad_(False)


def randomised(seed: int = 1) -> CubeFinder:
    """Return the network with weights that it never learnt."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return CubeFinder().eval().requires_grad_(False)


def scored(network: torch.nn.Module) -> ScoredNetwork:
    """Return how much a network speaks for a cube."""
    return ScoredNetwork(network, Question(1))
