"""How well scores put the cases that have something before those that do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = NDArray[np.float64]
"""(D, N): how often each of N cases counts in each of D samples; a bootstrap sample counts some twice, some never."""


def auc(is_positive: NDArray[np.bool_], scores: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Return the area under the ROC curve per sample (D,); ties count half; NaN where only one side has cases.

    Source: Hanley and McNeil 1982, The meaning and use of the area under a ROC curve.
    """
    positive, negative = _per_score(is_positive, scores, weights)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + 0.5 * negative)).sum(axis=1)
    return ratio(wins, positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(
    is_positive: NDArray[np.bool_], scores: NDArray[np.float64], weights: Weights
) -> NDArray[np.float64]:
    """Return the area under the precision-recall curve per sample (D,), in steps; NaN where nothing is positive.

    Source: Davis and Goadrich 2006, The relationship between precision-recall and ROC curves: why not by trapezoids.
    """
    positive, negative = (counts[:, ::-1] for counts in _per_score(is_positive, scores, weights))
    found = np.cumsum(positive, axis=1)
    called = found + np.cumsum(negative, axis=1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return ratio((positive * precision).sum(axis=1), positive.sum(axis=1))


def roc_points(is_positive: ArrayLike, scores: ArrayLike) -> dict[str, list[float]]:
    """Return the ROC curve: false positive rate, true positive rate, and the score from which on a case is positive.

    Empty lists where only one side has cases. The first threshold is infinite: nothing is called positive.
    """
    found, falsely, thresholds = _cumulated(is_positive, scores)
    if not found[-1] or not falsely[-1]:
        return {"false_positive_rate": [], "true_positive_rate": [], "threshold": []}
    return {
        "false_positive_rate": [0.0, *(falsely / falsely[-1]).tolist()],
        "true_positive_rate": [0.0, *(found / found[-1]).tolist()],
        "threshold": [float("inf"), *thresholds.tolist()],
    }


def precision_recall_points(is_positive: ArrayLike, scores: ArrayLike) -> dict[str, list[float]]:
    """Return the precision-recall curve: recall, precision, and the score from which on a case is positive.

    Empty lists where nothing is positive. It starts at recall 0 with the precision of the highest score.
    """
    found, falsely, thresholds = _cumulated(is_positive, scores)
    if not found[-1]:
        return {"recall": [], "precision": [], "threshold": []}
    precision = found / (found + falsely)
    return {
        "recall": [0.0, *(found / found[-1]).tolist()],
        "precision": [float(precision[0]), *precision.tolist()],
        "threshold": [float("inf"), *thresholds.tolist()],
    }


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a quotient; NaN where nothing is below."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _per_score(
    is_positive: NDArray[np.bool_], scores: NDArray[np.float64], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight of positive and of negative cases (D, S) at each of S different scores, rising."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    weights, is_positive = weights[:, order], is_positive[order]
    positive = np.add.reduceat(weights * is_positive, starts, axis=1)
    return positive, np.add.reduceat(weights * ~is_positive, starts, axis=1)


def _cumulated(
    is_positive: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return numbers of positive and of negative cases from each score on, and the scores, falling."""
    scores = np.asarray(scores, dtype=np.float64)
    positive, negative = _per_score(np.asarray(is_positive, dtype=bool), scores, np.ones((1, len(scores))))
    return np.cumsum(positive[0, ::-1]), np.cumsum(negative[0, ::-1]), np.unique(scores)[::-1]
