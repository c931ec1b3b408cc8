"""Each figure with the interval that comes from having seen only these patients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classification_metrics.figures import weighted_figures
from AutoLabelLib.worker.classification_metrics.predictions import Predictions
from AutoLabelLib.worker.evaluation.statistics import bca_levels

DRAWS = 2000
_NUMBERS_AT_ONCE = 4_000_000  # keeps the table of draws below 32 MB, whatever the number of cases
# A calibration error is a distance: noise makes it larger, so that every bootstrap sample has more of it than the cases
# themselves, and BCa would correct the interval to lie below the figure.
CENTRED = ("ece",)
_ENOUGH_DEFINED = 0.5  # of the draws; with fewer, an interval would be one of the lucky draws only


@dataclass(frozen=True)
class Estimate:
    """A figure and its bootstrap interval.

    Attributes:
        value: None where the figure does not exist.
        low: Lower end; None with fewer than two groups, or where most samples have no such figure.
        high: Upper end, likewise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Return the estimate as a JSON object."""
        return {"value": self.value, "low": self.low, "high": self.high}


def estimates(
    predictions: Predictions, confidence: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> dict[str, Estimate]:
    """Return every figure with its bias-corrected, accelerated (BCa) bootstrap interval over groups.

    That of the calibration error is centred instead; see `CENTRED`.

    Whole groups are drawn, because cases of one patient resemble each other. Equal arguments give equal intervals.

    Args:
        predictions: What is judged.
        confidence: Share of such intervals that hold the true figure.
        draws: Number of bootstrap samples.
        seed: Of the draws.

    Source: Efron 1987, Better bootstrap confidence intervals; Field and Welsh 2007, Bootstrapping clustered data.
    """
    everything = weighted_figures(predictions, np.ones((1, len(predictions.probabilities))))
    groups = predictions.group_numbers()
    if groups.max() < 1:
        return {name: interval(float(value[0]), np.empty(0), np.empty(0)) for name, value in everything.items()}
    drawn = _gathered(predictions, drawn_weights(groups, draws, seed))
    left_out = _gathered(predictions, left_out_weights(groups))
    return {
        name: interval(float(value[0]), drawn[name], left_out[name], confidence, name in CENTRED)
        for name, value in everything.items()
    }


def interval(
    value: float,
    drawn: NDArray[np.float64],
    left_out: NDArray[np.float64],
    confidence: float = 0.95,
    centred: bool = False,
) -> Estimate:
    """Return an estimate from a statistic's bootstrap values.

    Args:
        value: The statistic itself.
        drawn: In each bootstrap sample.
        left_out: With each group left out.
        confidence: Share of such intervals that hold the true value.
        centred: Take only the spread from the samples, around the value; else the interval is BCa.
    """
    if not math.isfinite(value):
        return Estimate(None)
    known = drawn[np.isfinite(drawn)]
    left_out = left_out[np.isfinite(left_out)]
    if not len(known) or len(known) < _ENOUGH_DEFINED * len(drawn) or len(left_out) < 2:
        return Estimate(value)
    if centred:
        tails = ((1 - confidence) / 2, (1 + confidence) / 2)
        low, high = value + np.quantile(known - known.mean(), tails)
        return Estimate(value, float(max(low, min(0.0, value))), float(high))
    low, high = np.quantile(known, bca_levels(known, value, left_out, confidence))
    return Estimate(value, float(low), float(high))


def drawn_weights(groups: NDArray[np.intp], draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield tables (D, N) of how often each case counts when whole groups are drawn with replacement."""
    rng = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    at_once = max(1, _NUMBERS_AT_ONCE // len(groups))
    for start in range(0, draws, at_once):
        often = rng.multinomial(count, np.full(count, 1.0 / count), size=min(at_once, draws - start))
        yield often[:, groups].astype(np.float64)


def left_out_weights(groups: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
    """Yield tables (D, N) of weights in each of which one group is missing, group by group."""
    count = int(groups.max()) + 1
    at_once = max(1, _NUMBERS_AT_ONCE // len(groups))
    for start in range(0, count, at_once):
        missing = np.arange(start, min(start + at_once, count))
        yield (groups[np.newaxis] != missing[:, np.newaxis]).astype(np.float64)


def _gathered(predictions: Predictions, tables: Iterator[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    parts = [weighted_figures(predictions, weights) for weights in tables]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
