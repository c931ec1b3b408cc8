"""Every case judged by models that knew neither it nor its patient: all competitors on the same folds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classifier_comparison import ensembles
from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.classifier_comparison.study import Study
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tabular import methods, model
from AutoLabelLib.worker.tabular.folds import Fold

BASELINE, NETWORK = "baseline", "cnn"
_FEATURES_SHARE = 0.05  # of a fold's progress, where a network is trained on it, too
_UNITS = ("mm", "mm2", "ml")

JudgeByNetwork = Callable[[Fold, TaskContext], NDArray[np.float64]]
"""Trains a network on a fold and returns probabilities of the judged cases."""


@dataclass(frozen=True)
class Contender:
    """Somebody who competes.

    Attributes:
        name: Such as "random_forest".
        title: What a person calls it.
        kind: "baseline", "features", "network" or "ensemble".
    """

    name: str
    title: str
    kind: str


@dataclass(frozen=True, eq=False)
class Judged:
    """What all contenders said.

    Attributes:
        contenders: In the order of the tables: baseline, features, network, ensembles.
        probabilities: (N, C) per name; each case by models of the fold that it was left out of.
        fold_of: (N,), number of the fold that a case was judged in.
        seconds: How long each took, folds added up.
        uncalibrated: Names of those that had too few patients in some fold to be calibrated.
    """

    contenders: tuple[Contender, ...]
    probabilities: Mapping[str, NDArray[np.float64]]
    fold_of: NDArray[np.intp]
    seconds: Mapping[str, float]
    uncalibrated: tuple[str, ...] = ()


@dataclass
class _Tally:
    probabilities: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    uncalibrated: set[str] = field(default_factory=set)


def contenders_of(options: ComparisonOptions, baseline: str) -> tuple[Contender, ...]:
    """Return who competes."""
    found = [Contender(BASELINE, f"{plain(baseline)} alone", "baseline")]
    found += [Contender(name, methods.METHODS[name].title, "features") for name in options.classifiers]
    if options.cnn:
        found.append(Contender(NETWORK, "Network", "network"))
    if "mean" in options.ensembles and len(found) > 2:
        found.append(Contender("mean", "Ensemble: mean of all", "ensemble"))
    if "stacked" in options.ensembles and len(options.classifiers) > 1:
        found.append(Contender("stacked", "Ensemble: stacked", "ensemble"))
    return tuple(found)


def plain(feature: str) -> str:
    """Return a feature's name as a person would write it: "maximum 3d diameter" for "morph_maximum_3d_diameter_mm"."""
    if feature.startswith("attribute:"):
        return feature.removeprefix("attribute:").replace("_", " ")
    words = feature.split("_")[1:] or [feature]
    return " ".join(words[:-1] if words[-1] in _UNITS and len(words) > 1 else words)


def cross_validated(
    study: Study,
    folds: list[Fold],
    options: ComparisonOptions,
    context: TaskContext,
    by_network: JudgeByNetwork | None = None,
    started_at: float = 0.0,
) -> Judged:
    """Return what every contender says of every case.

    Args:
        study: Cases with features.
        folds: The same for all.
        options: Of the comparison.
        context: Told how far it is; a cancelled job ends between two fits, a network within its training.
        by_network: Judges by a network; None where none competes.
        started_at: How far the job is already, 0 to 1.

    Raises:
        JobCancelled: If the user stopped it.
    """
    contenders = contenders_of(options, study.baseline)
    tally = _Tally()
    fold_of = np.zeros(len(study.cases), dtype=np.intp)
    for number, fold in enumerate(folds):
        fold_of[fold[1]] = number
        low, high = (started_at + (1 - started_at) * n / len(folds) for n in (number, number + 1))
        part = _part(context, low, high, f"fold {number + 1} of {len(folds)}")
        _judge_fold(study, fold, contenders, options, part, by_network, tally)
    return Judged(contenders, tally.probabilities, fold_of, tally.seconds, tuple(sorted(tally.uncalibrated)))


def _part(context: TaskContext, low: float, high: float, where: str) -> TaskContext:
    """Return a context whose whole is a part of the job; a stopped job ends in it, too."""

    def is_cancelled() -> bool:
        context.check_cancelled()
        return False

    return TaskContext(
        lambda progress: context.progress(low + (high - low) * progress.fraction, f"{where}: {progress.message}"),
        is_cancelled,
        context.log,
    )


def _judge_fold(
    study: Study,
    fold: Fold,
    contenders: tuple[Contender, ...],
    options: ComparisonOptions,
    context: TaskContext,
    by_network: JudgeByNetwork | None,
    tally: _Tally,
) -> None:
    """Keep what all contenders say of a fold's judged cases."""
    inner: dict[str, NDArray[np.float64]] = {}
    members = [c.name for c in contenders if c.kind in ("features", "network")]
    steps = [c for c in contenders if c.kind in ("baseline", "features")]
    share = _FEATURES_SHARE if by_network is not None else 1.0
    for step, contender in enumerate(steps):
        context.progress(share * step / len(steps), contender.title)
        with _timed(tally, contender.name):
            unseen = _judge_by_features(study, fold, contender, options.seed, tally)
        if unseen is not None and contender.name in members:
            inner[contender.name] = unseen
    if by_network is not None:
        with _timed(tally, NETWORK):
            part = _part(context, share, 1.0, "network")
            _put(tally, study, NETWORK, fold[1], by_network(fold, part))
    new = {name: answers[fold[1]] for name, answers in tally.probabilities.items() if name in members}
    for ensemble in (c for c in contenders if c.kind == "ensemble"):
        with _timed(tally, ensemble.name):
            if ensemble.name == "mean":
                answers = ensembles.mean(new, inner, study.truth[fold[0]])
            else:
                groups = [study.groups[index] for index in fold[0]]
                answers = ensembles.stacked(new, inner, study.truth[fold[0]], study.classes, groups, options.seed)
            _put(tally, study, ensemble.name, fold[1], answers)


class _timed:
    """Add the time that a block takes to a contender's."""

    def __init__(self, tally: _Tally, name: str) -> None:
        self._tally, self._name = tally, name

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        before = self._tally.seconds.get(self._name, 0.0)
        self._tally.seconds[self._name] = before + time.monotonic() - self._started


def _judge_by_features(
    study: Study, fold: Fold, contender: Contender, seed: int, tally: _Tally
) -> NDArray[np.float64] | None:
    """Keep what a method says of the judged cases; return what it says of the training cases, from inner folds."""
    train, judged = fold
    is_baseline = contender.kind == "baseline"
    table = study.baseline_values if is_baseline else study.features
    names = (study.baseline,) if is_baseline else study.feature_names
    method = "single_feature" if is_baseline else contender.name
    groups = [study.groups[index] for index in train]
    fitted = model.fit(method, table[train], study.truth[train], study.classes, names, groups, seed)
    _put(tally, study, contender.name, judged, fitted.classifier.predict_proba(table[judged]))
    if not fitted.classifier.is_calibrated:
        tally.uncalibrated.add(contender.name)
    return fitted.inner


def _put(tally: _Tally, study: Study, name: str, judged: NDArray[np.intp], answers: NDArray[np.float64]) -> None:
    table = tally.probabilities.setdefault(name, np.full((len(study.cases), len(study.classes)), np.nan))
    table[judged] = answers
