"""The loss of a classifier: of its classes and of its ratings, with what is not known left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

_FOCUS = 2.0  # of the focal loss (Lin et al. 2017)
_WIDEST = 20.0  # ratio of two classes' weights; a class with one case must not rule


@dataclass(frozen=True)
class ClassLoss:
    """Mean loss of a batch of outputs (B, classes + attributes) against targets of the same shape.

    A target is a probability per class, then per attribute where between its lowest and highest rating it lies; NaN
    where nobody has said.

    Attributes:
        classes: Number of classes.
        weights: (classes,), of the cases in which a class is true.
        multi_label: Whether several classes may be true at once.
        kind: "cross_entropy" or "focal".
        smoothing: Share of a label that is given to all classes.
        attribute_weight: Weight of the ratings.
    """

    classes: int
    weights: tuple[float, ...]
    multi_label: bool = False
    kind: str = "cross_entropy"
    smoothing: float = 0.0
    attribute_weight: float = 0.5

    def __call__(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a number."""
        output = output.float()
        logits, truth = output[:, : self.classes], target[:, : self.classes]
        loss = self._of_labels(logits, truth) if self.multi_label else self._of_one_label(logits, truth)
        if output.shape[1] > self.classes:
            ratings, rated = output[:, self.classes :], target[:, self.classes :]
            loss = loss + self.attribute_weight * _of_known(ratings, rated)
        return loss

    def _of_one_label(self, logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        known = torch.isfinite(truth).all(dim=1)
        if not bool(known.any()):
            return logits.sum() * 0.0
        logits, truth = logits[known], truth[known]
        truth = truth * (1 - self.smoothing) + self.smoothing / self.classes
        log_probabilities = functional.log_softmax(logits, dim=1)
        weighted = truth * truth.new_tensor(self.weights)
        terms = -weighted * log_probabilities
        if self.kind == "focal":
            terms = terms * (1 - log_probabilities.exp()) ** _FOCUS
        return terms.sum() / weighted.sum()

    def _of_labels(self, logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        truth = truth * (1 - self.smoothing) + self.smoothing / 2
        return _of_known(logits, truth, logits.new_tensor(self.weights), _FOCUS if self.kind == "focal" else 0.0)


def class_weights(targets: torch.Tensor, multi_label: bool) -> tuple[float, ...]:
    """Return weights under which every class counts the same, whatever its number of cases.

    Args:
        targets: (N, classes) probabilities, NaN where nobody has said.
        multi_label: Then a weight makes the cases in which a class is true count as much as those in which it is not.
    """
    known = torch.nan_to_num(targets)
    count = torch.isfinite(targets).sum(0).clamp_min(1)
    often = known.sum(0).clamp_min(1e-6)
    weights = (count - often).clamp_min(1e-6) / often if multi_label else count / (len(often) * often)
    return tuple(float(weight) for weight in weights.clamp(1 / _WIDEST, _WIDEST))


def _of_known(
    logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None, focus: float = 0.0
) -> torch.Tensor:
    """Return the mean binary cross-entropy of what is known; 0 if nothing is."""
    known = torch.isfinite(truth)
    if not bool(known.any()):
        return logits.sum() * 0.0
    filled = torch.where(known, truth, 0.5)
    terms = functional.binary_cross_entropy_with_logits(logits, filled, reduction="none", pos_weight=weights)
    if focus:
        terms = terms * (logits.sigmoid() - filled).abs() ** focus
    return terms[known].mean()


def balanced_order(targets: torch.Tensor, draws: Sequence[float]) -> list[int]:
    """Return which cases are shown when every class shall come equally often.

    Args:
        targets: (N, classes) probabilities, NaN where nobody has said; such cases come as often as without balance.
        draws: One random number from 0 to 1 for each case to be drawn.
    """
    known = torch.nan_to_num(targets).double()
    per_class = known / known.sum(0).clamp_min(1e-6)
    share = per_class.sum(1)
    labelled = torch.isfinite(targets).all(1)
    share = torch.where(labelled, share / share[labelled].sum().clamp_min(1e-6) * labelled.sum(), 1.0)
    edges = torch.cumsum(share, 0) / share.sum()
    places = torch.searchsorted(edges, torch.tensor(draws, dtype=torch.float64)).clamp_max(len(targets) - 1)
    return [int(place) for place in places]
