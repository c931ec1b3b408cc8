"""A network and a question about its answer become one function: from the image alone to one number."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch

from AutoLabelLib.worker.networks.engines import main_output
from AutoLabelLib.worker.networks.outputs import NONE, SIGMOID, SOFTMAX

_NEARLY_SURE = 1e-6  # probabilities of networks that end in one are kept this far from 0 and 1

Ask = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]
"""Returns a network's answer (B, C, ...) to its input (B, C, I, J, K)."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a network's answer: how much it speaks for one class, at some voxels or at all.

    Attributes:
        channel: Channel of the answer that stands for the class.
        activation: What makes probabilities of the answer: "softmax", "sigmoid" or "none".
        mask: (I, J, K) bool, the voxels of a segment; None for an answer without voxels, (B, C).
    """

    channel: int
    activation: str = SOFTMAX
    mask: torch.Tensor | None = None

    def log_odds(self, answer: torch.Tensor) -> torch.Tensor:
        """Return log(p / (1 - p)) of the class, (B, N) at N voxels, of an answer (B, C, ...).

        Of softmax outputs a single one says nothing by itself: all can rise together. The odds compare it with the
        others; with sigmoid outputs they are the output itself.
        """
        values = answer[:, :, self.mask] if self.mask is not None else answer.reshape(*answer.shape[:2], -1)
        one = values[:, self.channel]
        if self.activation == SIGMOID or (self.activation == SOFTMAX and values.shape[1] == 1):
            return one
        if self.activation == NONE:
            return torch.logit(one, eps=_NEARLY_SURE)
        others = [channel for channel in range(values.shape[1]) if channel != self.channel]
        return one - values[:, others].logsumexp(1)


class ScoredNetwork(torch.nn.Module):
    """How much a network's answer to an image speaks for a class: the mean log-odds over the voxels asked about.

    Its input is the image alone, so that explanations attribute to nothing else: what the network reads beside it
    (clicks, a mask, features) is held fixed.

    Args:
        network: In evaluation mode.
        question: What is asked of its answer.
        beside: (1, C', I, J, K), channels that follow the image's in the network's input; None for none.
        ask: Returns the network's answer to its input; None calls it, and takes the first of several outputs.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        question: Question,
        beside: torch.Tensor | None = None,
        ask: Ask | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.question = question
        self.on_pass: Callable[[int], None] = lambda count: None
        self._beside = beside
        self._ask = ask or _called
        self.eval()

    @classmethod
    def like(cls, other: ScoredNetwork, network: torch.nn.Module) -> ScoredNetwork:
        """Return the same question to another network, such as a copy of the first."""
        scored = cls(network, other.question, other._beside, other._ask)
        scored.on_pass = other.on_pass
        return scored

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the score (B, 1) of images (B, C, I, J, K)."""
        return self.log_odds(image).mean(1, keepdim=True)

    def probability(self, image: torch.Tensor) -> float:
        """Return the mean probability of the class over the voxels asked about, for an image (1, C, I, J, K)."""
        with torch.no_grad():
            return float(torch.sigmoid(self.log_odds(image)).mean())

    def log_odds(self, image: torch.Tensor) -> torch.Tensor:
        """Return the log-odds (B, N) at the N voxels asked about, of images (B, C, I, J, K)."""
        self.on_pass(len(image))  # first, because it is also where a cancelled job ends
        windows = image
        if self._beside is not None:
            windows = torch.cat([image, self._beside.to(image).expand(len(image), *self._beside.shape[1:])], 1)
        return self.question.log_odds(self._ask(self.network, windows))


def _called(network: torch.nn.Module, windows: torch.Tensor) -> torch.Tensor:
    return main_output(network(windows)).float()


def on_device(network: torch.nn.Module, device: str) -> torch.nn.Module:
    """Return a network on a device; a copy, unless it is there: others use the same one."""
    return network if device == "cpu" else copy.deepcopy(network).to(device)
