"""Several networks that answer as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch

_LEAST_PROBABILITY = 1e-6  # a logarithm has to stay finite, in half precision as well


class MeanOfNetworks(torch.nn.Module):
    """The mean of what several networks hold probable.

    Args:
        networks: At least one; each takes (B, C, I, J, K) and returns logits (B, D, I, J, K).
    """

    def __init__(self, networks: Sequence[torch.nn.Module]) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits (B, D, I, J, K) whose softmax is the mean of the networks' softmax.

        Args:
            image: (B, C, I, J, K).
        """
        probabilities = [network(image).float().softmax(1) for network in self.networks]
        return torch.stack(probabilities).mean(0).clamp_min(_LEAST_PROBABILITY).log()
