"""The figures of a classifier, of one sample or of many at once.

Conventions:
    two classes      sensitivity, specificity, precision, recall and F1 are those of the second class
    several classes  each is computed for every class against the rest, then averaged ("macro")
    several labels   likewise; accuracy is the share of cases of which every label is right
    recall           the same as sensitivity, under the name that it has beside precision
    undefined        None: sensitivity without positive cases, precision where nothing was called positive, AUC with
                     one class only. An average leaves out the classes whose figure is undefined; but a class that has
                     cases and was never decided has precision 0 there, because leaving it out would flatter.

Source: Maier-Hein et al. 2024, Metrics reloaded: recommendations for image analysis validation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classification_metrics import calibration, ranking
from AutoLabelLib.worker.classification_metrics.predictions import Predictions
from AutoLabelLib.worker.classification_metrics.ranking import Weights, ratio

FIGURES = (
    "auc",
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "precision",
    "recall",
    "f1",
    "average_precision",
    "ece",
    "brier",
)


def figures(predictions: Predictions) -> dict[str, float | None]:
    """Return every one of `FIGURES`; None where it does not exist."""
    weights = np.ones((1, len(predictions.probabilities)))
    return {name: _or_none(values[0]) for name, values in weighted_figures(predictions, weights).items()}


def figures_per_class(predictions: Predictions) -> dict[str, dict[str, float | int | None]]:
    """Return for each class, against the rest, its number of cases and the figures that it has by itself."""
    weights = np.ones((1, len(predictions.probabilities)))
    rates = _rates(predictions, weights)
    truth = predictions.is_true()
    table: dict[str, dict[str, float | int | None]] = {}
    for index, name in enumerate(predictions.classes):
        area = ranking.auc(truth[:, index], predictions.probabilities[:, index], weights)[0]
        row = {figure: _or_none(values[0, index]) for figure, values in rates.items()}
        table[name] = {"cases": int(truth[:, index].sum()), "auc": _or_none(area), **row}
    return table


def confusion_matrix(predictions: Predictions) -> NDArray[np.int64]:
    """Return how many cases of a true class (row) were decided to be of a class (column), (C, C).

    Of several labels there is one matrix per label, (C, 2, 2), for absent and present.
    """
    if predictions.is_multi_label:
        truth, decided = predictions.is_true(), predictions.decisions
        return np.array([_counts(truth[:, index], decided[:, index], 2) for index in range(len(predictions.classes))])
    return _counts(predictions.truth, predictions.decisions, len(predictions.classes))


def weighted_figures(predictions: Predictions, weights: Weights) -> dict[str, NDArray[np.float64]]:
    """Return every one of `FIGURES` for D samples at once, each (D,); NaN where it does not exist.

    Args:
        predictions: N cases.
        weights: (D, N), how often a case counts in a sample.
    """
    judged = predictions.judged
    truth, decided = predictions.is_true(), predictions.is_decided()
    rates = _rates(predictions, weights)
    sensitivity = _macro(rates["sensitivity"][:, judged])
    areas = [ranking.auc(truth[:, i], predictions.probabilities[:, i], weights) for i in judged]
    precisions = [ranking.average_precision(truth[:, i], predictions.probabilities[:, i], weights) for i in judged]
    return {
        "auc": _macro(np.stack(areas, axis=1)),
        "accuracy": ratio(weights @ (truth == decided).all(axis=1), weights.sum(axis=1)),
        "balanced_accuracy": _balanced_accuracy(predictions, rates),
        "sensitivity": sensitivity,
        "specificity": _macro(rates["specificity"][:, judged]),
        "precision": _macro_precision(rates, judged),
        "recall": sensitivity,
        "f1": _macro(rates["f1"][:, judged]),
        "average_precision": _macro(np.stack(precisions, axis=1)),
        "ece": calibration.expected_calibration_error(predictions, weights),
        "brier": calibration.brier_score(predictions, weights),
    }


def _rates(predictions: Predictions, weights: Weights) -> dict[str, NDArray[np.float64]]:
    """Return what can be counted for each class against the rest, each (D, C)."""
    truth, decided = predictions.is_true(), predictions.is_decided()
    found, missed = weights @ (truth & decided), weights @ (truth & ~decided)
    falsely, rightly_not = weights @ (~truth & decided), weights @ (~truth & ~decided)
    return {
        "sensitivity": ratio(found, found + missed),
        "specificity": ratio(rightly_not, rightly_not + falsely),
        "precision": ratio(found, found + falsely),
        "f1": ratio(2 * found, 2 * found + falsely + missed),
    }


def _balanced_accuracy(predictions: Predictions, rates: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean sensitivity over the classes that have cases; of several labels, over absent and present, too.

    With one class only it does not exist: the sensitivity of the other one is unknown.

    Source: Brodersen et al. 2010, The balanced accuracy and its posterior distribution.
    """
    sensitivity = rates["sensitivity"]
    if predictions.is_multi_label:
        return _macro((sensitivity + rates["specificity"]) / 2)
    several = np.isfinite(sensitivity).sum(axis=1) > 1
    return np.where(several, _macro(sensitivity), np.nan)


def _macro_precision(rates: dict[str, NDArray[np.float64]], judged: list[int]) -> NDArray[np.float64]:
    precision = rates["precision"][:, judged]
    if len(judged) > 1:
        never_decided = np.isnan(precision) & np.isfinite(rates["sensitivity"][:, judged])
        precision = np.where(never_decided, 0.0, precision)
    return _macro(precision)


def _macro(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over classes (D,) of what is defined."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


def _counts(truth: NDArray[Any], decided: NDArray[Any], count: int) -> NDArray[np.int64]:
    counts = np.zeros((count, count), dtype=np.int64)
    np.add.at(counts, (truth.astype(np.intp), decided.astype(np.intp)), 1)
    return counts


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
