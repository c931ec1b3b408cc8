"""The methods, each as a pipeline from raw features to scores.

Every pipeline replaces undefined features by the median of the training cases, and scales those features whose size
would matter. Classes of unequal size weigh the same while a method learns; the calibration brings back how frequent
they are.

The settings are fixed, chosen for some hundred cases with some hundred features that resemble each other: strong
regularisation, small trees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError


@dataclass(frozen=True)
class Method:
    """A way to learn classes from features.

    Attributes:
        title: What a person calls it.
        build: Makes the last step of the pipeline from a seed and the number of training cases.
        is_of_trees: Whether only the order of a feature's values matters, so that nothing needs scaling.
        needs_weights: Whether classes are balanced by weights of the cases, because the step has none for classes. (The
            nearest neighbours know neither; there the calibration alone makes up for it.)
        takes_normal: Whether it takes each feature for normally distributed, so that they are made so.
        is_calibrated: Whether its probabilities come true as they are.
    """

    title: str
    build: Callable[[int, int], Any]
    is_of_trees: bool = False
    needs_weights: bool = False
    is_calibrated: bool = False
    takes_normal: bool = False


def _svm(seed: int, cases: int) -> Any:
    from sklearn.svm import SVC

    return SVC(C=0.5, kernel="rbf", gamma="scale", class_weight="balanced", random_state=seed)


def _random_forest(seed: int, cases: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=120, min_samples_leaf=4, class_weight="balanced_subsample", n_jobs=1, random_state=seed
    )


def _k_nearest(seed: int, cases: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=int(max(1, min(25, np.sqrt(cases)))), weights="distance", algorithm="brute")


def _naive_bayes(seed: int, cases: int) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(var_smoothing=1e-3)


def _decision_tree(seed: int, cases: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(1, min(15, cases // 20))
    return DecisionTreeClassifier(max_depth=5, min_samples_leaf=leaf, class_weight="balanced", random_state=seed)


def _logistic_regression(seed: int, cases: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.03, max_iter=5000, class_weight="balanced", random_state=seed)


def _gradient_boosting(seed: int, cases: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=100, learning_rate=0.1, max_depth=2, subsample=0.7, max_features="sqrt", random_state=seed
    )


def _single_feature(seed: int, cases: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=5000, random_state=seed)


METHODS = {
    "svm": Method("Support vector machine", _svm),
    "random_forest": Method("Random forest", _random_forest, is_of_trees=True),
    "k_nearest": Method("k nearest neighbours", _k_nearest),
    "naive_bayes": Method("Naive Bayes", _naive_bayes, needs_weights=True, takes_normal=True),
    "decision_tree": Method("Decision tree", _decision_tree, is_of_trees=True),
    "logistic_regression": Method("Logistic regression", _logistic_regression),
    "gradient_boosting": Method("Gradient boosting", _gradient_boosting, is_of_trees=True, needs_weights=True),
}
SINGLE_FEATURE = Method("Single feature", _single_feature, is_calibrated=True)  # the baseline beside every figure


def find(name: str) -> Method:
    """Return a method by its name.

    Raises:
        InputError: If there is none of this name.
    """
    if name == "single_feature":
        return SINGLE_FEATURE
    if name not in METHODS:
        raise InputError(f'There is no classifier "{name}".', f"There are: {', '.join(METHODS)}.")
    return METHODS[name]


def fitted(method: Method, features: NDArray[np.float64], truth: NDArray[np.intp], seed: int) -> Any:
    """Return a method's pipeline, fitted.

    Args:
        method: Which.
        features: (N, F), NaN where undefined.
        truth: (N,), index of the class; at least two occur.
        seed: Of what is random in it.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler
    from sklearn.utils.class_weight import compute_sample_weight

    steps: list[tuple[str, Any]] = [("imputed", SimpleImputer(strategy="median", keep_empty_features=True))]
    if method.takes_normal:
        ranks = min(100, len(features))
        steps.append(("scaled", QuantileTransformer(n_quantiles=ranks, output_distribution="normal", subsample=None)))
    elif not method.is_of_trees:
        steps.append(("scaled", StandardScaler()))
    steps.append(("classifier", method.build(seed, len(features))))
    pipeline = Pipeline(steps)
    weights = {"classifier__sample_weight": compute_sample_weight("balanced", truth)} if method.needs_weights else {}
    return pipeline.fit(features, truth, **weights)
