"""A fitted classifier of features: features in, calibrated probabilities out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification import calibration
from AutoLabelLib.worker.classification.calibration import Calibration
from AutoLabelLib.worker.tabular import methods
from AutoLabelLib.worker.tabular.folds import fewest_groups, grouped_folds

_INNER_FOLDS = 3
_SMALLEST_PROBABILITY = 1e-4  # of a method that claims certainty, such as a leaf with one class: a finite score


@dataclass(frozen=True, eq=False)
class Part:
    """One decision between classes: all of a single-label classifier, or one label of several.

    Attributes:
        pipeline: From raw features to scores.
        classes: How many it decides between.
        calibration: From scores to probabilities.
    """

    pipeline: Any
    classes: int
    calibration: Calibration

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities (N, C) of features (N, F)."""
        return _probabilities(_scores(self.pipeline, features, self.classes), self.calibration)


@dataclass(frozen=True, eq=False)
class TabularClassifier:
    """A fitted classifier.

    Attributes:
        method: Name, one of `methods.METHODS`, or "single_feature".
        classes: Names of the classes.
        feature_names: Names of the features, in the order of the columns.
        parts: One; with several labels, one per class.
        is_multi_label: Whether several classes may be true at once.
        typical: Median of each feature over the training cases, (F,); NaN where it was never defined.
        is_calibrated: Whether there were enough patients to calibrate the probabilities.
    """

    method: str
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    parts: tuple[Part, ...]
    is_multi_label: bool
    typical: NDArray[np.float64]
    is_calibrated: bool = True

    def predict_proba(self, features: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities (N, C) of features (N, F); NaN and infinite features count as undefined.

        Raises:
            InputError: If the number of features is another one.
        """
        table = finite_features(features)
        if table.shape[1] != len(self.feature_names):
            raise InputError(f"The classifier takes {len(self.feature_names)} features, got {table.shape[1]}.")
        answers = [part.probabilities(table) for part in self.parts]
        return np.stack([answer[:, 1] for answer in answers], axis=1) if self.is_multi_label else answers[0]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A classifier and what it said about its training cases before it had seen them.

    Attributes:
        classifier: Fitted to all training cases.
        inner: (N, C), probabilities of the training cases from inner folds, calibrated; None without such folds.
    """

    classifier: TabularClassifier
    inner: NDArray[np.float64] | None


def fit(
    method: str,
    features: ArrayLike,
    truth: NDArray[Any],
    classes: Sequence[str],
    feature_names: Sequence[str],
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Fitted:
    """Return a classifier of a method, with class sizes balanced and probabilities calibrated on inner folds.

    Args:
        method: Name, one of `methods.METHODS`, or "single_feature".
        features: (N, F), NaN where undefined.
        truth: (N,) index of the class, or (N, C) whether each of several is true.
        classes: C names.
        feature_names: F names.
        groups: What each case belongs to, usually the patient; None: each case is its own group.
        seed: Of what is random.

    Raises:
        InputError: If the method is unknown, shapes do not fit, or a class has no case.
    """
    table, labels = finite_features(features), np.asarray(truth)
    patients: list[Hashable] = list(range(len(labels)) if groups is None else groups)
    _check(table, labels, classes, feature_names, patients)
    is_multi_label = labels.ndim == 2
    targets = list(labels.T.astype(np.intp)) if is_multi_label else [labels]
    names = [(f"not {name}", name) for name in classes] if is_multi_label else [tuple(classes)]
    fitted = [
        _fit_part(methods.find(method), table, target, pair, patients, seed)
        for target, pair in zip(targets, names, strict=True)
    ]
    inner = [answers for _, answers in fitted]
    known = [answers for answers in inner if answers is not None]
    classifier = TabularClassifier(
        method,
        tuple(classes),
        tuple(feature_names),
        tuple(part for part, _ in fitted),
        is_multi_label,
        np.array([_median(column) for column in table.T]),
        is_calibrated=len(known) == len(inner),
    )
    if len(known) < len(inner):
        return Fitted(classifier, None)
    return Fitted(classifier, np.stack([answers[:, 1] for answers in known], axis=1) if is_multi_label else known[0])


def _median(column: NDArray[np.float64]) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else np.nan


def _fit_part(
    method: methods.Method,
    features: NDArray[np.float64],
    truth: NDArray[np.intp],
    classes: tuple[str, ...],
    groups: list[Hashable],
    seed: int,
) -> tuple[Part, NDArray[np.float64] | None]:
    pipeline = methods.fitted(method, features, truth, seed)
    if method.is_calibrated:
        return Part(pipeline, len(classes), Calibration()), _probabilities(
            _scores(pipeline, features, len(classes)), Calibration()
        )
    count = min(_INNER_FOLDS, fewest_groups(truth, groups, classes)[0])
    try:
        folds = grouped_folds(truth, groups, count, seed, classes)
    except InputError:  # too few patients
        return Part(pipeline, len(classes), Calibration()), None
    scores = np.zeros((len(truth), len(classes)))
    for train, judged in folds:
        part = methods.fitted(method, features[train], truth[train], seed)
        scores[judged] = _scores(part, features[judged], len(classes))
    found = calibration.fit(scores, truth, way="temperature_and_bias")
    return Part(pipeline, len(classes), found), _probabilities(scores, found)


def _probabilities(scores: NDArray[np.float64], found: Calibration) -> NDArray[np.float64]:
    return calibration.probabilities(scores, found.temperature, found.bias)


def _scores(pipeline: Any, features: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return scores (N, C), of which a softmax would be the pipeline's own probabilities."""
    if hasattr(pipeline[-1], "decision_function") and not hasattr(pipeline[-1], "predict_proba"):
        margins = np.asarray(pipeline.decision_function(features), dtype=np.float64)
        return np.stack([np.zeros(len(margins)), margins], axis=1) if margins.ndim == 1 else margins
    if hasattr(pipeline[-1], "predict_joint_log_proba"):  # naive Bayes: evidence of a hundred features, hugely certain
        evidence = pipeline[-1].predict_joint_log_proba(pipeline[:-1].transform(features))
        return np.asarray(evidence, dtype=np.float64) / features.shape[1]
    probabilities = np.asarray(pipeline.predict_proba(features), dtype=np.float64)
    assert probabilities.shape[1] == count
    return np.log(np.clip(probabilities, _SMALLEST_PROBABILITY, 1.0))


def finite_features(features: ArrayLike) -> NDArray[np.float64]:
    """Return features as a table (N, F) in which what is not finite is NaN.

    Raises:
        InputError: If it is no table.
    """
    table = np.array(features, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise InputError(f"Expected a table of features (cases, features), got the shape {table.shape}.")
    table[~np.isfinite(table)] = np.nan
    return table


def _check(
    table: NDArray[np.float64],
    truth: NDArray[Any],
    classes: Sequence[str],
    feature_names: Sequence[str],
    groups: Sequence[Hashable],
) -> None:
    if len(truth) != len(table) or len(groups) != len(table) or len(feature_names) != table.shape[1]:
        raise InputError("Features, their names, classes and groups do not fit together.")
    for index, name in enumerate(classes):
        is_true = truth[:, index] if truth.ndim == 2 else truth == index
        if not is_true.any() or is_true.all():
            missing = "no case" if not is_true.any() else "every case"
            raise InputError(f'The class "{name}" has {missing}, so that there is nothing to tell apart.')
