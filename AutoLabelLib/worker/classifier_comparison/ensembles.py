"""What several classifiers say together: the mean of their probabilities, or what is learned from all of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classification import calibration
from AutoLabelLib.worker.tabular import model

Answers = Mapping[str, NDArray[np.float64]]
"""Probabilities (N, C) of some cases, per classifier."""

_SMALLEST_PROBABILITY = 1e-4


def mean(new: Answers, inner: Answers, truth: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of all probabilities of new cases, calibrated again where that is possible.

    A mean of calibrated probabilities is too cautious: what the members do not share cancels out.

    Args:
        new: What each member says of the new cases.
        inner: What each says of the training cases, from inner folds; nothing of some, such as a network.
        truth: Of the training cases.
    """
    together = np.mean(list(new.values()), axis=0)
    if set(inner) != set(new):
        return np.asarray(together)
    is_multi_label = truth.ndim == 2
    logits = _log_odds if is_multi_label else _logs
    found = calibration.fit(
        logits(np.mean(list(inner.values()), axis=0)), truth, way="temperature_and_bias", multi_label=is_multi_label
    )
    return calibration.probabilities(logits(together), found.temperature, found.bias, multi_label=is_multi_label)


def stacked(
    new: Answers,
    inner: Answers,
    truth: NDArray[Any],
    classes: Sequence[str],
    groups: Sequence[Hashable],
    seed: int,
) -> NDArray[np.float64]:
    """Return what a logistic regression on the members' log-odds says of new cases.

    It learns from what the members say of training cases that they had not seen; who has no such answers is left out.
    With fewer than two left, it is the mean.

    Args:
        new: What each member says of the new cases.
        inner: What each says of the training cases, from inner folds.
        truth: Of the training cases.
        classes: Their names.
        groups: Of the training cases.
        seed: Of what is random.

    Source: Wolpert 1992, Stacked generalization.
    """
    if len(inner) < 2:
        return mean(new, inner, truth)
    seen = np.hstack([_log_odds(answers) for answers in inner.values()])
    asked = np.hstack([_log_odds(new[member]) for member in inner])
    names = [f"{member}: {name}" for member in inner for name in classes]
    fitted = model.fit("logistic_regression", seen, truth, classes, names, groups, seed)
    return fitted.classifier.predict_proba(asked)


def _logs(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.clip(probabilities, _SMALLEST_PROBABILITY, 1.0))


def _log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)
    return np.asarray(np.log(clipped / (1 - clipped)))
