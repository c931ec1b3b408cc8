"""Means over cases, with the uncertainty that comes from having measured only these."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_DRAWS_AT_ONCE = 1000  # keeps the table of draws small for cohorts of thousands


@dataclass(frozen=True)
class Interval:
    """A mean and its bootstrap interval.

    Attributes:
        mean: None if there is no value.
        low: Lower end; None if there are fewer than two groups: one patient tells nothing about others.
        high: Upper end, likewise.
        n: Number of values.
        undefined: Number of cases that had no value (such as a distance to an empty mask) and do not count.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    undefined: int = 0

    def to_json(self) -> dict[str, float | int | None]:
        """Return the interval as a JSON object."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "n": self.n, "undefined": self.undefined}


def mean_interval(
    values: Sequence[float | None],
    groups: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean of some values and its bias-corrected, accelerated (BCa) bootstrap interval.

    Whole groups are drawn, because cases of one patient resemble each other: drawing cases would make the interval
    too narrow. Equal arguments give equal intervals.

    Args:
        values: One per case; None where a case has none.
        groups: What each case belongs to, usually the patient; None: each case is its own group.
        confidence: Share of such intervals that hold the true mean.
        draws: Number of bootstrap samples.
        seed: Of the draws.

    Source: Efron 1987, Better bootstrap confidence intervals; Davison and Hinkley 1997, Bootstrap methods, 3.8 for
        groups.
    """
    labels: Sequence[Hashable] = range(len(values)) if groups is None else groups
    held = [(value, label) for value, label in zip(values, labels, strict=True) if value is not None]
    undefined = len(values) - len(held)
    if not held:
        return Interval(None, None, None, 0, undefined)
    numbers = np.array([value for value, _ in held], dtype=np.float64)
    index = {label: number for number, label in enumerate(dict.fromkeys(label for _, label in held))}
    group = np.array([index[label] for _, label in held])
    sums = np.bincount(group, weights=numbers).astype(np.float64)
    counts = np.bincount(group).astype(np.float64)
    mean = float(numbers.mean())
    if len(sums) < 2:
        return Interval(mean, None, None, len(held), undefined)
    if np.ptp(numbers) == 0:
        return Interval(mean, mean, mean, len(held), undefined)
    means = _resampled_means(sums, counts, draws, seed)
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    low, high = np.quantile(means, bca_levels(means, mean, left_out, confidence))
    return Interval(mean, float(low), float(high), len(held), undefined)


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], draws: int, seed: int
) -> NDArray[np.float64]:
    """Return the means (draws,) over cases when as many groups as there are were drawn with replacement."""
    rng = np.random.default_rng(seed)
    chances = np.full(len(sums), 1.0 / len(sums))
    means = []
    for start in range(0, draws, _DRAWS_AT_ONCE):
        often = rng.multinomial(len(sums), chances, size=min(_DRAWS_AT_ONCE, draws - start))
        means.append((often @ sums) / (often @ counts))
    return np.concatenate(means)


def bca_levels(
    drawn: NDArray[np.float64], value: float, left_out: NDArray[np.float64], confidence: float = 0.95
) -> tuple[float, float]:
    """Return which quantiles of bootstrap values are the interval's ends, corrected for bias and skewness.

    Args:
        drawn: The statistic in each bootstrap sample.
        value: The statistic in the sample itself.
        left_out: The statistic with each group left out.
        confidence: Share of such intervals that hold the true value.

    Source: Efron 1987, Better bootstrap confidence intervals.
    """
    normal = NormalDist()
    below = float(((drawn < value).sum() + 0.5 * (drawn == value).sum()) / len(drawn))
    bias = normal.inv_cdf(min(max(below, 0.5 / len(drawn)), 1 - 0.5 / len(drawn)))
    apart = left_out.mean() - left_out
    spread = float((apart**2).sum())
    skewness = float((apart**3).sum()) / (6.0 * spread**1.5) if spread > 0 else 0.0
    levels = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = bias + normal.inv_cdf(tail)
        levels.append(normal.cdf(bias + z / (1 - skewness * z)))
    return levels[0], levels[1]
