"""Whether two classifiers differ, judged on the same cases."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification_metrics.figures import FIGURES, weighted_figures
from AutoLabelLib.worker.classification_metrics.intervals import DRAWS, drawn_weights, interval, left_out_weights
from AutoLabelLib.worker.classification_metrics.predictions import Predictions


@dataclass(frozen=True)
class PairedTest:
    """The difference of a figure between two classifiers, first minus second.

    Attributes:
        difference: None where one of the two has no such figure.
        low: Lower end of its 95 % interval; None where there is none.
        high: Upper end, likewise.
        p_value: Two-sided probability of such a difference if there were none; None where it cannot be told.
        method: What computed it, in plain words.
    """

    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    method: str

    def to_json(self) -> dict[str, float | str | None]:
        """Return the test as a JSON object."""
        return {
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "method": self.method,
        }


def delong(
    is_positive: ArrayLike, first: ArrayLike, second: ArrayLike, groups: Sequence[Hashable] | None = None
) -> PairedTest:
    """Return DeLong's test of two areas under the ROC curve, for cases that may come in groups.

    Without groups it is DeLong's own; with groups, cases of one patient may resemble each other, which it allows for.

    Args:
        is_positive: (N,), whether each case has what is to be found.
        first: (N,), scores of the first classifier; any scale, higher for positive.
        second: (N,), of the second.
        groups: What each case belongs to; None: each is its own group.

    Raises:
        InputError: If lengths differ or a score is not finite.

    Source: DeLong et al. 1988, Comparing the areas under two or more correlated receiver operating characteristic
        curves; Obuchowski 1997, Nonparametric analysis of clustered ROC curve data, equations 2 to 5.
    """
    positive, scores = np.asarray(is_positive, dtype=bool), [np.asarray(s, dtype=np.float64) for s in (first, second)]
    labels = range(len(positive)) if groups is None else groups
    if any(s.shape != positive.shape for s in scores) or len(labels) != len(positive):
        raise InputError("The two classifiers were not judged on the same cases.")
    if not all(np.isfinite(s).all() for s in scores):
        raise InputError("A score is not finite.")
    method = "DeLong" if groups is None else "DeLong, for clustered cases (Obuchowski)"
    if positive.all() or not positive.any():
        return PairedTest(None, None, None, None, method)
    shares = _shares(positive, scores[0]) - _shares(positive, scores[1])
    difference = float(shares[positive].mean())
    number = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    variance = _clustered_variance(shares, difference, positive, np.array([number[label] for label in labels]))
    if variance is None:
        return PairedTest(difference, None, None, None, method)
    error = math.sqrt(max(0.0, variance))
    reach = NormalDist().inv_cdf(0.975) * error
    return PairedTest(difference, difference - reach, difference + reach, _normal_p_value(difference, error), method)


def _shares(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return of each case the share of cases of the other side that it is ordered rightly against; ties count half."""
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    shares = np.empty(len(scores))
    beaten = np.searchsorted(below, scores[positive], "left") + np.searchsorted(below, scores[positive], "right")
    shares[positive] = beaten / (2.0 * len(below))
    beaten_by = np.searchsorted(above, scores[~positive], "left") + np.searchsorted(above, scores[~positive], "right")
    shares[~positive] = 1.0 - beaten_by / (2.0 * len(above))
    return shares


def _clustered_variance(
    shares: NDArray[np.float64], mean: float, positive: NDArray[np.bool_], group: NDArray[np.intp]
) -> float | None:
    """Return the variance of a mean of shares over groups; None where a side has cases of one group only."""
    count = int(group.max()) + 1
    apart = [np.bincount(group[side], shares[side] - mean, count) for side in (positive, ~positive)]
    sizes = [int(side.sum()) for side in (positive, ~positive)]
    held = [len(np.unique(group[side])) for side in (positive, ~positive)]
    if min(held) < 2:
        return None
    own = [n / (n - 1) * float((part**2).sum()) / size / size for part, n, size in zip(apart, held, sizes, strict=True)]
    shared = count / (count - 1) * float((apart[0] * apart[1]).sum()) / (sizes[0] * sizes[1])
    return own[0] + own[1] + 2.0 * shared


def _normal_p_value(difference: float, error: float) -> float:
    if error < 1e-12:
        return 1.0 if abs(difference) < 1e-12 else 0.0
    return math.erfc(abs(difference) / error / math.sqrt(2.0))


def paired_bootstrap(
    first: Predictions, second: Predictions, figure: str = "auc", draws: int = DRAWS, seed: int = 0
) -> PairedTest:
    """Return the difference of any figure with its BCa interval and p-value by bootstrap over groups.

    Both are judged on the same draws, so that what is hard for both does not count as a difference.

    Raises:
        InputError: If the two were not judged on the same cases, or there is no such figure.

    Source: Efron and Tibshirani 1993, An introduction to the bootstrap, 15.4 and 16.4.
    """
    if figure not in FIGURES:
        raise InputError(f'There is no figure "{figure}".', f"There are: {', '.join(FIGURES)}.")
    groups = first.group_numbers()
    if not np.array_equal(first.truth, second.truth) or not np.array_equal(groups, second.group_numbers()):
        raise InputError("The two classifiers were not judged on the same cases.")
    method = f"bootstrap over groups, {draws} draws"
    everything = next(iter(_differences(first, second, figure, [np.ones((1, len(groups)))])))
    if groups.max() < 1 or not math.isfinite(everything):
        return PairedTest(float(everything) if math.isfinite(everything) else None, None, None, None, method)
    drawn = _differences(first, second, figure, drawn_weights(groups, draws, seed))
    left_out = _differences(first, second, figure, left_out_weights(groups))
    estimate = interval(float(everything), drawn, left_out)
    if estimate.low is None:
        return PairedTest(estimate.value, None, None, None, method)
    return PairedTest(estimate.value, estimate.low, estimate.high, _drawn_p_value(drawn), method)


def _differences(
    first: Predictions, second: Predictions, figure: str, tables: Iterable[NDArray[np.float64]]
) -> NDArray[np.float64]:
    return np.concatenate(
        [weighted_figures(first, weights)[figure] - weighted_figures(second, weights)[figure] for weights in tables]
    )


def _drawn_p_value(drawn: NDArray[np.float64]) -> float:
    """Return twice the share of draws on the far side of zero; never 0, because the draws are finite in number."""
    known = drawn[np.isfinite(drawn)]
    tail = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2.0 * (tail + 1) / (len(known) + 1)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for having made several tests; None stays None.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    known = sorted((value, index) for index, value in enumerate(p_values) if value is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (value, index) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * value))
        corrected[index] = largest
    return corrected
