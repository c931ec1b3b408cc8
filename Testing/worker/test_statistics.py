from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.worker.evaluation.statistics import Interval, mean_interval

DICE = [0.91, 0.88, 0.93, 0.72, 0.90, 0.89, 0.94, 0.86, 0.91, 0.55, 0.92, 0.90]


def test_nothing_measured() -> None:
    assert mean_interval([]) == Interval(None, None, None, 0)
    assert mean_interval([None, None]) == Interval(None, None, None, 0, undefined=2)


def test_one_case_has_a_mean_and_no_interval() -> None:
    assert mean_interval([0.9]) == Interval(0.9, None, None, 1)
    assert mean_interval([0.8, 1.0], groups=["a", "a"]) == Interval(pytest.approx(0.9), None, None, 2)


def test_equal_values_have_no_width() -> None:
    assert mean_interval([1.0] * 5) == Interval(1.0, 1.0, 1.0, 5)


def test_undefined_values_are_counted_and_left_out() -> None:
    with_gaps = mean_interval([*DICE, None, None])
    assert with_gaps.undefined == 2
    assert (with_gaps.mean, with_gaps.low, with_gaps.n) == (mean_interval(DICE).mean, mean_interval(DICE).low, 12)


def test_equal_seeds_give_equal_intervals() -> None:
    assert mean_interval(DICE, seed=3) == mean_interval(DICE, seed=3)
    assert mean_interval(DICE, seed=3) != mean_interval(DICE, seed=4)


def test_it_is_scipys_bca_interval() -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.bootstrap((DICE,), np.mean, n_resamples=20_000, method="BCa", rng=0).confidence_interval
    interval = mean_interval(DICE, draws=20_000)
    assert interval.low == pytest.approx(expected.low, abs=5e-3)
    assert interval.high == pytest.approx(expected.high, abs=5e-3)


def test_cases_of_one_patient_count_as_one() -> None:
    doubled = [value for value in DICE for _ in range(4)]
    patients = [number for number in range(len(DICE)) for _ in range(4)]
    alone, grouped, blind = mean_interval(DICE), mean_interval(doubled, patients), mean_interval(doubled)
    assert (grouped.low, grouped.high) == (pytest.approx(alone.low), pytest.approx(alone.high))
    assert blind.high - blind.low < 0.7 * (grouped.high - grouped.low)


def test_it_holds_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        interval = mean_interval(list(rng.beta(9, 1, 30)), draws=500, seed=trial)
        held += interval.low <= 0.9 <= interval.high
    assert 0.89 <= held / 200 <= 0.99


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30), st.integers(0, 5))
def test_the_interval_lies_within_the_values(values: list[float | None], seed: int) -> None:
    groups = [index // 3 for index in range(len(values))]
    interval = mean_interval(values, groups, draws=200, seed=seed)
    known = [value for value in values if value is not None]
    assert interval.n + interval.undefined == len(values)
    if interval.low is not None:
        slack = 1e-9 * max(map(abs, known))
        assert min(known) - slack <= interval.low <= interval.high <= max(known) + slack
