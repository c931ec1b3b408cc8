"""What each handcrafted feature adds to a classifier's answer, in log-odds of the class, in words and as a bar plot.

Beside the typical case, the contributions add up to the answer: log-odds of this case less log-odds of the typical one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.tabular.model import TabularClassifier

LogOdds = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Returns the log-odds (N,) of a class for features (N, F)."""

_NEARLY_SURE = 1e-6
_STRONG, _CLEAR = 1.0, 0.3  # log-odds: odds 2.7 times, 1.35 times as high


@dataclass(frozen=True)
class Contribution:
    """What one feature adds.

    Attributes:
        feature: Its name.
        value: Of this case; None where it is not defined.
        typical: Of the typical case that it is compared with; None where it is not known.
        effect: What it adds to the log-odds of the class; negative if it speaks against it.
        words: All of that in a sentence.
    """

    feature: str
    value: float | None
    typical: float | None
    effect: float
    words: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def told(
    names: Sequence[str],
    values: NDArray[np.float64],
    typical: NDArray[np.float64],
    effects: NDArray[np.float64],
    target: str,
) -> list[Contribution]:
    """Return contributions with their sentences, the strongest first.

    Args:
        names: Of the features, F.
        values: (F,), of this case.
        typical: (F,), of the typical case.
        effects: (F,), log-odds.
        target: The class.
    """
    rows = []
    for index in np.argsort(-np.abs(effects), kind="stable"):
        value, usual = _finite(values[index]), _finite(typical[index])
        sentence = _sentence(names[index], value, usual, float(effects[index]), target)
        rows.append(Contribution(names[index], value, usual, float(effects[index]), sentence))
    return rows


def of_classifier(
    classifier: TabularClassifier, values: NDArray[np.float64], target: str, rounds: int = 20, seed: int = 0
) -> NDArray[np.float64]:
    """Return what each feature adds to a fitted classifier's log-odds of a class, (F,).

    A logistic regression of two classes, or of one label of several, is taken apart exactly; any other by sampling.

    Args:
        classifier: The classifier.
        values: (F,), NaN where undefined.
        target: The class.
        rounds: Of the sampling.
        seed: Of the sampling.
    """
    index = classifier.classes.index(target)
    part = classifier.parts[index if classifier.is_multi_label else 0]
    if part.classes == 2 and _is_linear(part.pipeline):
        sign = 1.0 if classifier.is_multi_label or index == 1 else -1.0
        return sign * _linear(part.pipeline, values) / part.calibration.temperature

    def log_odds(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_odds_of(classifier.predict_proba(table)[:, index])

    return sampled(log_odds, values, classifier.typical, rounds, seed)


def sampled(
    log_odds: LogOdds, values: NDArray[np.float64], typical: NDArray[np.float64], rounds: int, seed: int
) -> NDArray[np.float64]:
    """Return the Shapley value of each feature, (F,): what it adds on average, in whatever order features are known.

    Args:
        log_odds: The classifier.
        values: (F,), of this case; NaN counts as typical.
        typical: (F,), what a feature is as long as it is not known.
        rounds: Number of random orders; each is also taken backwards.
        seed: Of the orders.

    Source:
        Štrumbelj E, Kononenko I. Explaining prediction models and individual predictions with feature contributions.
        Knowledge and Information Systems 41 (2014).
    """
    rng = np.random.default_rng(seed)
    known = np.where(np.isfinite(values), values, typical)
    differs = np.flatnonzero(~((known == typical) | (np.isnan(known) & np.isnan(typical))))
    effects = np.zeros(len(values))
    if not len(differs):
        return effects
    for _ in range(rounds):
        order = rng.permutation(differs)
        for way in (order, order[::-1]):
            table = np.tile(typical, (len(way) + 1, 1))
            for step, feature in enumerate(way, start=1):
                table[step:, feature] = known[feature]
            effects[way] += np.diff(log_odds(table))
    return effects / (2 * rounds)


def log_odds_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1 - p)), finite for 0 and 1, too."""
    likely = np.clip(probabilities, _NEARLY_SURE, 1 - _NEARLY_SURE)
    return np.asarray(np.log(likely / (1 - likely)))


def _is_linear(pipeline: Any) -> bool:
    return np.shape(getattr(pipeline[-1], "coef_", ())) == (1, pipeline[-1].n_features_in_)


def _linear(pipeline: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coefficient times standardised value, (F,); 0 for a feature that the pipeline leaves out."""
    prepared = values[np.newaxis]
    for _, step in pipeline.steps[:-1]:
        prepared = step.transform(prepared)
    products = np.asarray(pipeline[-1].coef_[0] * np.asarray(prepared)[0])
    if len(products) == len(values):
        return products
    kept = pipeline[:-1].get_feature_names_out([str(n) for n in range(len(values))])
    result = np.zeros(len(values))
    for name, product in zip(kept, products, strict=True):
        result[int(name)] = product
    return result


def _sentence(name: str, value: float | None, typical: float | None, effect: float, target: str) -> str:
    strength = "strongly " if abs(effect) >= _STRONG else "" if abs(effect) >= _CLEAR else "a little "
    side = f"speaks {strength}{'for' if effect > 0 else 'against'} {target}"
    if abs(effect) < 1e-9:
        side = "says nothing here"
    if value is None:
        return f"{_described(name)}: not defined here, {side}"
    compared = "" if typical is None else f" (typically {typical:.3g})"
    return f"{_described(name)}: {value:.3g}{compared}, {side}"


def _described(name: str) -> str:
    try:
        words = extraction.describe(name)
    except InputError:  # a column of the user's own
        return name
    return words[:1].upper() + words[1:]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
