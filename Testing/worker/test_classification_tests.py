"""Tests of two classifiers: DeLong's by its published formula, for patients with several cases, and by bootstrap."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification_metrics import Predictions, delong, figures, holm, paired_bootstrap

Scores = NDArray[np.float64]


def cohort(seed: int, gain: float = 0.0, count: int = 100) -> tuple[NDArray[np.bool_], Scores, Scores]:
    """Return truth and two scores that share half of their noise; the first is better by a gain."""
    rng = np.random.default_rng(seed)
    positive = np.arange(count) % 3 == 0
    shared, first, second = rng.normal(size=(3, count))
    return positive, shared + first + (1.2 + gain) * positive, shared + second + 1.2 * positive


def by_definition(positive: NDArray[np.bool_], first: Scores, second: Scores) -> tuple[float, float]:
    """Return the difference of two areas and its variance as DeLong et al. write them, pair by pair."""
    kernels = []
    for scores in (first, second):
        above, below = scores[positive][:, None], scores[~positive][None]
        kernels.append((above > below) + 0.5 * (above == below))
    columns = [kernel.mean(axis=1) for kernel in kernels], [kernel.mean(axis=0) for kernel in kernels]
    s10, s01 = (np.cov(np.stack(column)) for column in columns)
    both = s10 / positive.sum() + s01 / (~positive).sum()
    return float(kernels[0].mean() - kernels[1].mean()), float(both[0, 0] + both[1, 1] - 2 * both[0, 1])


def test_it_is_delongs_formula() -> None:
    positive, first, second = cohort(0, 0.5)
    first = first.round(1)  # with ties
    difference, variance = by_definition(positive, first, second)
    found = delong(positive, first, second)
    assert found.difference == pytest.approx(difference)
    p_value = 2 * (1 - NormalDist().cdf(abs(difference) / math.sqrt(variance)))
    assert found.p_value == pytest.approx(p_value)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * math.sqrt(variance))  # type: ignore[operator]


def test_cases_by_themselves_are_no_cluster() -> None:
    positive, first, second = cohort(1)
    alone, each = delong(positive, first, second), delong(positive, first, second, groups=list(range(100)))
    assert (each.difference, each.p_value) == (alone.difference, pytest.approx(alone.p_value))


def test_copies_of_a_patients_cases_add_no_evidence() -> None:
    positive, first, second = cohort(2, 0.6)
    fourfold = [np.repeat(values, 4) for values in (positive, first, second)]
    groups = np.repeat(np.arange(100), 4).tolist()
    alone, grouped, blind = delong(positive, first, second), delong(*fourfold, groups), delong(*fourfold)
    assert grouped.p_value == pytest.approx(alone.p_value)
    assert blind.p_value < 0.5 * alone.p_value  # type: ignore[operator]


def test_equal_classifiers_are_called_different_about_as_often_as_they_should() -> None:
    p_values = [delong(*cohort(seed)).p_value for seed in range(300)]
    assert 0.02 <= np.mean([p < 0.05 for p in p_values]) <= 0.09  # type: ignore[operator]


def test_the_same_scores_do_not_differ() -> None:
    positive, first, _ = cohort(3)
    found = delong(positive, first, 3 * first + 1)
    assert (found.difference, found.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_one_class_only_cannot_be_tested(positive: list[bool]) -> None:
    assert delong(positive, [0.1, 0.2], [0.2, 0.1]).p_value is None


def test_one_case_of_a_class_has_a_difference_but_no_p_value() -> None:
    found = delong([True, False, False], [0.9, 0.1, 0.2], [0.1, 0.2, 0.0])
    assert (found.difference, found.p_value) == (0.5, None)


def test_cases_must_be_the_same() -> None:
    with pytest.raises(InputError, match="same cases"):
        delong([True, False], [0.1, 0.2, 0.3], [0.1, 0.2])
    with pytest.raises(InputError, match="not finite"):
        delong([True, False], [0.1, math.nan], [0.1, 0.2])


def predictions(positive: NDArray[np.bool_], scores: Scores) -> Predictions:
    probability = 1 / (1 + np.exp(0.6 - scores))
    return Predictions(positive.astype(int), np.stack([1 - probability, probability], axis=1), ("no", "yes"))


def test_the_bootstrap_agrees_with_delong() -> None:
    positive, first, second = cohort(5, 0.7, count=200)
    expected = delong(positive, first, second)
    found = paired_bootstrap(predictions(positive, first), predictions(positive, second), draws=1000)
    assert found.difference == pytest.approx(expected.difference)
    assert found.low == pytest.approx(expected.low, abs=0.015)
    assert found.high == pytest.approx(expected.high, abs=0.015)
    assert found.p_value == pytest.approx(expected.p_value, abs=0.02)


def test_the_bootstrap_tests_any_figure() -> None:
    positive, first, second = cohort(6, 0.7)
    ours, theirs = predictions(positive, first), predictions(positive, second)
    found = paired_bootstrap(ours, theirs, "f1", draws=300)
    assert found.difference == pytest.approx(figures(ours)["f1"] - figures(theirs)["f1"])  # type: ignore[operator]
    assert found.low < found.difference < found.high  # type: ignore[operator]
    assert paired_bootstrap(ours, ours, "f1", draws=300).p_value == 1.0
    with pytest.raises(InputError, match="no figure"):
        paired_bootstrap(ours, theirs, "luck")
    with pytest.raises(InputError, match="same cases"):
        paired_bootstrap(ours, predictions(~positive, second))


def test_a_figure_that_does_not_exist_has_no_difference() -> None:
    nobody = predictions(np.zeros(4, bool), np.arange(4.0))
    assert paired_bootstrap(nobody, nobody, "auc").difference is None


def test_holms_correction_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
