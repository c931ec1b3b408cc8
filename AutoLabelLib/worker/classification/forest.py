"""A forest of random trees on handcrafted features, as a network: it is stored, averaged and calibrated like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

_SURE = 0.005  # no leaf is surer than this allows, so that log-odds stay finite
_Array = NDArray[np.float64]


class FeatureForest(nn.Module):
    """Extremely randomised trees (Geurts et al. 2006) that say classes and ratings.

    It is grown by `grow`, not by gradients; its trees are buffers, so that they are stored with the weights. Each leaf
    holds the mean of the training cases that fell into it, and the answer is the mean over the trees, as log-odds.

    Args:
        features: Number of handcrafted features.
        classes: Number of classes.
        attributes: Number of attributes that are rated; 0 for none.
        trees: Number of trees.
        leaves: Most leaves of a tree.
        least_cases: Fewest training cases in a leaf.
        considered: Share of the features that each split chooses from.
        attribute_weight: How much the ratings count beside the classes in choosing splits.
    """

    takes_features = True
    feature: torch.Tensor
    threshold: torch.Tensor
    below: torch.Tensor
    answer: torch.Tensor
    typical: torch.Tensor

    def __init__(
        self,
        features: int,
        classes: int,
        attributes: int = 0,
        trees: int = 100,
        leaves: int = 160,
        least_cases: int = 10,
        considered: float = 0.5,
        attribute_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if min(features, classes, trees, leaves, least_cases) < 1:
            raise ValueError("features, classes, trees, leaves and least_cases must be positive")
        self.count, self.classes, self.attributes = features, classes, attributes
        self.leaves, self.least_cases, self.considered = leaves, least_cases, considered
        self.attribute_weight = attribute_weight
        nodes = 2 * leaves - 1
        self.register_buffer("feature", torch.zeros(trees, nodes, dtype=torch.int16))
        self.register_buffer("threshold", torch.zeros(trees, nodes))
        self.register_buffer("below", torch.zeros(trees, nodes, 2, dtype=torch.int32))
        self.register_buffer("answer", torch.full((trees, nodes, classes + attributes), 0.5, dtype=torch.float16))
        self.register_buffer("typical", torch.zeros(features))

    def forward(self, image: torch.Tensor, features: torch.Tensor | None = None) -> torch.Tensor:
        """Return (B, classes + attributes): logarithms of probabilities, then log-odds of ratings."""
        given = features if features is not None else image.new_full((len(image), self.count), torch.nan)
        known = torch.where(torch.isfinite(given), given, self.typical).float()
        place = torch.zeros(len(known), len(self.feature), dtype=torch.long, device=known.device)
        tree = torch.arange(len(self.feature), device=known.device)
        for _ in range(self.leaves):  # no tree is deeper than that
            above = known.gather(1, self.feature[tree, place].long()) > self.threshold[tree, place]
            further = self.below[tree, place, above.long()].long()
            if torch.equal(further, place):  # a leaf is its own child
                break
            place = further
        mean = self.answer[tree, place].float().mean(1).clamp(_SURE, 1 - _SURE)
        classes, ratings = mean[:, : self.classes], mean[:, self.classes :]
        return torch.cat([classes.log(), torch.logit(ratings)], dim=1)

    def grow(self, features: torch.Tensor, targets: torch.Tensor, seed: int) -> None:
        """Grow the trees from training cases.

        Args:
            features: (N, F), NaN where undefined.
            targets: (N, classes + attributes), each from 0 to 1; NaN where nobody has said. Cases without a class
                choose no splits and fill no leaves.
            seed: Equal seeds grow equal trees.
        """
        from sklearn.ensemble import ExtraTreesRegressor

        is_known = torch.isfinite(targets[:, : self.classes]).all(1).numpy()
        values = np.where(np.isfinite(features.numpy()), features.numpy(), np.nan).astype(np.float64)[is_known]
        wanted = targets.numpy().astype(np.float64)[is_known]
        typical = _of_columns(np.median, values, 0.0)
        values = np.where(np.isfinite(values), values, typical)
        usual = _of_columns(np.mean, wanted, 0.5)
        weights = np.r_[np.ones(self.classes), np.full(self.attributes, self.attribute_weight)]
        choosing = np.where(np.isfinite(wanted), wanted, usual)[:, weights > 0] * weights[weights > 0]
        grown = ExtraTreesRegressor(
            len(self.feature),
            max_leaf_nodes=max(2, self.leaves),
            min_samples_leaf=self.least_cases,
            max_features=self.considered,
            random_state=seed,
        ).fit(values, choosing)
        self.typical.copy_(torch.from_numpy(typical))
        for number, estimator in enumerate(grown.estimators_):
            self._keep(number, estimator.tree_, estimator.apply(values), wanted, usual)

    def _keep(self, number: int, tree: Any, leaf: NDArray[np.intp], wanted: _Array, usual: _Array) -> None:
        """Store a tree of scikit-learn, its leaves filled with the mean of what is wanted (N, outputs) in them."""
        count = tree.node_count
        is_leaf = tree.children_left < 0
        own = np.arange(count)
        children = np.stack([tree.children_left, tree.children_right], axis=1)
        children[is_leaf] = own[is_leaf, None]
        answer = np.tile(usual, (count, 1))
        for node in np.flatnonzero(is_leaf):
            inside = wanted[leaf == node]
            known = np.isfinite(inside)
            total = np.where(known, inside, 0).sum(axis=0)
            answer[node] = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), usual)
        self.feature[number, :count] = torch.from_numpy(np.maximum(tree.feature, 0).astype(np.int16))
        self.threshold[number, :count] = torch.from_numpy(_rounded_down(tree.threshold))
        self.below[number, :count] = torch.from_numpy(children.astype(np.int32))
        self.answer[number, :count] = torch.from_numpy(answer.astype(np.float16))


def _of_columns(statistic: Callable[[_Array], Any], table: _Array, default: float) -> _Array:
    """Return a statistic of what is known of each column of a table (N, columns); the default where nothing is."""
    known = [column[np.isfinite(column)] for column in table.T]
    return np.array([statistic(column) if column.size else default for column in known], dtype=np.float64)


def _rounded_down(thresholds: _Array) -> NDArray[np.float32]:
    """Return thresholds in single precision, none larger than before: float32 features then fall to the same side."""
    single = thresholds.astype(np.float32)
    return np.where(single > thresholds, np.nextafter(single, np.float32(-np.inf)), single)
