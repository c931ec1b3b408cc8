"""The figures of classifiers against scikit-learn's, against cases counted by hand, and against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification_metrics import (
    Predictions,
    confusion_matrix,
    estimates,
    figures,
    figures_per_class,
    precision_recall_points,
    reliability_points,
    roc_points,
)
from AutoLabelLib.worker.classification_metrics.figures import FIGURES, weighted_figures

TWO = ("benign", "malignant")


def binary(truth: list[int], positive: list[float], **more: object) -> Predictions:
    scores = np.asarray(positive, dtype=float)
    return Predictions(np.asarray(truth), np.stack([1 - scores, scores], axis=1), TWO, **more)  # type: ignore[arg-type]


def simulated(count: int, classes: int, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)).round(1) + 1.2 * (truth[:, None] == np.arange(classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        truth, probabilities, tuple("abcdefg"[:classes]), groups=list(rng.integers(0, count // 2, count))
    )


def test_a_case_counted_by_hand() -> None:
    judged = binary([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [0.9, 0.8, 0.6, 0.2, 0.7, 0.4, 0.3, 0.3, 0.1, 0.0])
    found = figures(judged)
    assert confusion_matrix(judged).tolist() == [[5, 1], [1, 3]]
    assert found["accuracy"] == pytest.approx(8 / 10)
    assert found["sensitivity"] == found["recall"] == pytest.approx(3 / 4)
    assert found["specificity"] == pytest.approx(5 / 6)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 5 / 6) / 2)
    assert found["precision"] == found["f1"] == pytest.approx(3 / 4)
    assert found["auc"] == pytest.approx((6 + 6 + 5 + 2) / 24)


def test_calibration_error_by_hand() -> None:
    judged = binary([1, 0, 1, 1], [0.91, 0.95, 0.31, 0.33])
    assert figures(judged)["ece"] == pytest.approx((abs(0.91 + 0.95 - 1) + abs(0.31 + 0.33 - 2)) / 4)
    points = reliability_points(judged)
    assert points == {
        "probability": [pytest.approx(0.32), pytest.approx(0.93)],
        "frequency": [1.0, 0.5],
        "cases": [2, 2],
    }


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_they_are_those_of_scikit_learn(classes: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    judged = simulated(200, classes)
    truth, decided, probabilities = judged.truth, judged.decisions, judged.probabilities
    average = "binary" if classes == 2 else "macro"
    found = figures(judged)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, decided))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, decided))
    assert found["precision"] == pytest.approx(metrics.precision_score(truth, decided, average=average))
    assert found["recall"] == pytest.approx(metrics.recall_score(truth, decided, average=average))
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, decided, average=average))
    scores = probabilities[:, 1] if classes == 2 else probabilities
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, scores, multi_class="ovr"))
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(truth, scores))
    assert confusion_matrix(judged).tolist() == metrics.confusion_matrix(truth, decided).tolist()
    per_class = figures_per_class(judged)
    assert [row["cases"] for row in per_class.values()] == np.bincount(truth).tolist()
    assert [row["sensitivity"] for row in per_class.values()] == pytest.approx(
        list(metrics.recall_score(truth, decided, average=None))
    )


def test_several_labels_at_once_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    truth = rng.random((150, 4)) < (0.2, 0.4, 0.5, 0.7)
    probabilities = np.clip(0.3 * truth + 0.7 * rng.random((150, 4)), 0, 1)
    judged = Predictions(truth, probabilities, ("a", "b", "c", "d"))
    decided = probabilities >= 0.5
    found = figures(judged)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, decided))
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, decided, average="macro"))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, probabilities, average="macro"))
    assert found["brier"] == pytest.approx(((truth - probabilities) ** 2).sum(axis=1).mean())
    assert confusion_matrix(judged).tolist() == metrics.multilabel_confusion_matrix(truth, decided).tolist()


def test_curves_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    judged = simulated(120, 2)
    scores = judged.probabilities[:, 1].round(1)
    expected = metrics.roc_curve(judged.truth, scores, drop_intermediate=False)
    found = roc_points(judged.truth == 1, scores)
    assert [found["false_positive_rate"], found["true_positive_rate"]] == [
        pytest.approx(list(curve)) for curve in expected[:2]
    ]
    precision, recall, _ = metrics.precision_recall_curve(judged.truth, scores)
    found = precision_recall_points(judged.truth == 1, scores)
    assert found["precision"][1:] == pytest.approx(list(precision[-2::-1]))
    assert found["recall"] == pytest.approx(list(recall[::-1]))


def test_weights_count_a_case_as_often_as_they_say() -> None:
    judged = simulated(60, 3)
    often = np.random.default_rng(3).integers(0, 3, 60)
    repeated = np.repeat(np.arange(60), often)
    expected = figures(Predictions(judged.truth[repeated], judged.probabilities[repeated], judged.classes))
    found = weighted_figures(judged, often[np.newaxis].astype(float))
    assert {name: values[0] for name, values in found.items()} == pytest.approx(expected)


def test_one_class_only_has_no_auc() -> None:
    found = figures(binary([0, 0, 0], [0.1, 0.2, 0.6]))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["specificity"] == pytest.approx(2 / 3)
    undefined = ("auc", "sensitivity", "balanced_accuracy", "average_precision")
    assert [found[name] for name in undefined] == [None] * 4
    assert roc_points([False, False], [0.1, 0.2])["threshold"] == []
    assert precision_recall_points([False, False], [0.1, 0.2])["recall"] == []


def test_nothing_called_positive_has_no_precision() -> None:
    found = figures(binary([1, 0, 0], [0.4, 0.2, 0.1]))
    assert (found["precision"], found["f1"], found["sensitivity"]) == (None, 0.0, 0.0)


def test_a_class_that_was_never_decided_lowers_the_mean_precision() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])
    assert figures(Predictions(np.array([0, 1, 2]), probabilities, ("a", "b", "c")))["precision"] == pytest.approx(0.5)


def test_one_case_of_a_class_has_figures_but_an_interval_only_where_draws_have_it() -> None:
    judged = binary([1, 0, 0, 0, 0, 0], [0.9, 0.2, 0.3, 0.1, 0.4, 0.2])
    found = estimates(judged, draws=200)
    assert found["auc"].value == 1.0
    assert found["specificity"].low == 1.0
    alone = estimates(binary([1, 0], [0.9, 0.2], groups=["p", "p"]))
    assert (alone["auc"].value, alone["auc"].low) == (1.0, None)


def test_intervals_hold_the_figure_and_narrow_with_cases() -> None:
    few, many = estimates(simulated(60, 2), draws=400), estimates(simulated(600, 2), draws=400)
    assert set(few) == set(FIGURES)
    for name in FIGURES:
        assert few[name].low <= few[name].value <= few[name].high  # type: ignore[operator]
        assert many[name].high - many[name].low < few[name].high - few[name].low  # type: ignore[operator]
    assert estimates(simulated(60, 2), draws=400) == few
    assert estimates(simulated(60, 2), draws=400, seed=1) != few


def test_cases_of_one_patient_count_as_one() -> None:
    judged = simulated(80, 2)
    alone = estimates(Predictions(judged.truth, judged.probabilities, TWO), draws=500)
    again = [np.repeat(values, 4, axis=0) for values in (judged.truth, judged.probabilities, np.arange(80))]
    grouped = estimates(Predictions(again[0], again[1], TWO, groups=again[2].tolist()), draws=500)
    blind = estimates(Predictions(again[0], again[1], TWO), draws=500)
    assert (grouped["auc"].low, grouped["auc"].high) == (
        pytest.approx(alone["auc"].low),
        pytest.approx(alone["auc"].high),
    )
    assert blind["auc"].high - blind["auc"].low < 0.7 * (grouped["auc"].high - grouped["auc"].low)


def test_the_interval_of_an_auc_holds_the_true_one_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    true = 0.5 * (1 + math.erf(0.5))  # of two normals that lie one standard deviation apart
    held = 0
    for trial in range(40):
        truth = np.repeat([0, 1], 40)
        scores = 1 / (1 + np.exp(-rng.normal(size=80) - truth))
        found = estimates(binary(truth.tolist(), scores.tolist()), draws=300, seed=trial)["auc"]
        held += found.low <= true <= found.high  # type: ignore[operator]
    assert 0.85 <= held / 40 <= 1.0


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10), st.integers(0, 3)), min_size=1, max_size=12),
)
def test_no_list_of_cases_breaks_them(cases: list[tuple[int, int, int]]) -> None:
    judged = binary([c[0] for c in cases], [c[1] / 10 for c in cases], groups=[c[2] for c in cases])
    for estimate in estimates(judged, draws=20).values():
        assert estimate.value is None or 0.0 <= estimate.value <= 1.0 + 1e-9
        assert (estimate.low is None) == (estimate.high is None)


@pytest.mark.parametrize(
    ("truth", "probabilities", "classes", "words"),
    [
        ([0, 1], [[0.5, 0.5]], TWO, "shape"),
        ([0], [[0.5, math.nan]], TWO, "not a number from 0 to 1"),
        ([0], [[0.5, 0.1]], TWO, "add up to 1"),
        ([2], [[0.5, 0.5]], TWO, "from 0 to 1"),
        ([0.5], [[0.5, 0.5]], TWO, "index of a class"),
        ([0], [[1.0, 0.0, 0.0]], TWO, "2 classes"),
        (np.zeros(0), np.zeros((0, 2)), TWO, "2 classes"),
        ([[2, 0]], [[0.5, 0.5]], TWO, "0 or 1"),
        ([0], [[1.0, 0.0]], ("one",), "two classes"),
    ],
)
def test_what_cannot_be_judged_is_said(
    truth: object, probabilities: object, classes: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Predictions(np.asarray(truth), np.asarray(probabilities), classes)


def test_groups_must_fit() -> None:
    with pytest.raises(InputError, match="3 groups"):
        binary([0, 1], [0.1, 0.2], groups=["a", "b", "c"])


def test_decisions_may_differ_from_the_most_probable() -> None:
    judged = binary([1, 0], [0.4, 0.3], decided=np.array([1, 0]))
    assert figures(judged)["accuracy"] == 1.0
