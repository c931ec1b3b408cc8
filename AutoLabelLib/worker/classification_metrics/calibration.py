"""Whether probabilities are what they say: of the cases with 0.8, eight in ten should be it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classification_metrics.predictions import Predictions
from AutoLabelLib.worker.classification_metrics.ranking import Weights, ratio

BINS = 10


def expected_calibration_error(predictions: Predictions, weights: Weights, bins: int = BINS) -> NDArray[np.float64]:
    """Return the mean distance between probability and frequency per sample (D,), over bins of equal width.

    Of two classes it is about the probability of the second one, of more about that of the decided class, and of
    several labels it is the mean over the labels.

    Source: Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning; Guo et al. 2017, On
        calibration of modern neural networks, for several classes.
    """
    errors = []
    for came_true, confidence in _confidences(predictions):
        is_in_bin = _bin_of(confidence, bins)[:, np.newaxis] == np.arange(bins)
        gaps = weights @ (is_in_bin * (confidence - came_true)[:, np.newaxis])
        errors.append(ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1)))
    return np.asarray(np.mean(errors, axis=0))


def brier_score(predictions: Predictions, weights: Weights) -> NDArray[np.float64]:
    """Return the mean squared error of the probabilities per sample (D,): of the judged classes, summed.

    Source: Brier 1950, Verification of forecasts expressed in terms of probability.
    """
    judged = predictions.judged
    squared = (predictions.probabilities[:, judged] - predictions.is_true()[:, judged]) ** 2
    return ratio(weights @ squared.sum(axis=1), weights.sum(axis=1))


def reliability_points(predictions: Predictions, bins: int = BINS) -> dict[str, list[float]]:
    """Return a reliability diagram: per bin that holds cases its mean probability, frequency and number of cases."""
    pairs = list(_confidences(predictions))
    came_true = np.concatenate([pair[0] for pair in pairs])
    confidence = np.concatenate([pair[1] for pair in pairs])
    number = _bin_of(confidence, bins)
    held = [number == bin_number for bin_number in range(bins) if (number == bin_number).any()]
    return {
        "probability": [float(confidence[here].mean()) for here in held],
        "frequency": [float(came_true[here].mean()) for here in held],
        "cases": [int(here.sum()) for here in held],
    }


def _confidences(predictions: Predictions) -> list[tuple[NDArray[np.bool_], NDArray[np.float64]]]:
    """Return pairs of what came true (N,) and the probability that was given to it (N,)."""
    if predictions.is_multi_label or predictions.is_binary:
        truth = predictions.is_true()
        return [(truth[:, index], predictions.probabilities[:, index]) for index in predictions.judged]
    decisions = predictions.decisions
    return [(decisions == predictions.truth, predictions.probabilities[np.arange(len(decisions)), decisions])]


def _bin_of(confidence: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    return np.minimum((confidence * bins).astype(np.intp), bins - 1)
