"""The labelled cases of a comparison with their features, and who competes on them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.features.settings import from_mapping as feature_settings_from
from AutoLabelLib.worker.tabular.case_features import features_of_cases, suited_settings
from AutoLabelLib.worker.tabular.folds import grouped_folds
from AutoLabelLib.worker.training.labelled_cases import LabelledCase, class_names

DIAMETER = "morph_maximum_3d_diameter_mm"
_ATTRIBUTE = "attribute:"


@dataclass(frozen=True, eq=False)
class Study:
    """What is compared on.

    Attributes:
        cases: Those that have a label and features, N.
        truth: (N,) index of the class, or (N, C) whether each of several is true.
        classes: C names; of two, the second is the positive one.
        features: (N, F), NaN where one is not defined.
        feature_names: F names.
        settings: How they were computed.
        baseline: Name of the feature that stands beside every figure.
        baseline_values: (N, 1), its values.
        unlabelled: Number of cases of the list without a label.
        failed: Name and reason of each case that cannot be used.
    """

    cases: tuple[LabelledCase, ...]
    truth: NDArray[Any]
    classes: tuple[str, ...]
    features: NDArray[np.float64]
    feature_names: tuple[str, ...]
    settings: FeatureSettings
    baseline: str
    baseline_values: NDArray[np.float64]
    unlabelled: int
    failed: tuple[tuple[str, str], ...]

    @property
    def groups(self) -> list[str]:
        """What each case belongs to, usually the patient."""
        return [case.group for case in self.cases]


def study_of(listed: Sequence[LabelledCase], options: ComparisonOptions, context: TaskContext, share: float) -> Study:
    """Return the labelled ones of some cases with their features.

    Args:
        listed: Of the list, labelled or not.
        options: Of the comparison.
        context: Told how far it is.
        share: Part of the job that this is.

    Raises:
        InputError: If there are fewer than two classes, a name is unknown, or no case can be used.
        JobCancelled: If the user stopped it.
    """
    labelled = [case for case in listed if case.label]
    classes = _ordered_classes(labelled, options.positive)
    settings = (
        suited_settings(labelled[0], options.modality)
        if options.features is None
        else feature_settings_from(options.features)
    )
    _refuse_early(labelled, classes, settings, options)
    found = features_of_cases(labelled, settings, context, share)
    cases = tuple(labelled[index] for index in found.kept)
    name, values = _baseline(options.baseline, found.names, found.table, cases)
    return Study(
        cases,
        _truth(cases, classes),
        classes,
        found.table,
        found.names,
        settings,
        name,
        values,
        len(listed) - len(labelled),
        found.failed,
    )


def _refuse_early(
    cases: Sequence[LabelledCase], classes: tuple[str, ...], settings: FeatureSettings, options: ComparisonOptions
) -> None:
    """Raise InputError for what could not work, before features are computed, which may take minutes."""
    names = extraction.names(settings)
    nothing = np.zeros((len(cases), len(names)))
    _baseline(options.baseline, names, nothing, cases)
    groups = [case.group for case in cases]
    grouped_folds(_truth(cases, classes), groups, options.folds, options.seed, classes)


def _ordered_classes(cases: Sequence[LabelledCase], positive: str) -> tuple[str, ...]:
    classes = class_names(cases)
    several = any(len(case.classes) != 1 for case in cases)
    if not classes or (len(classes) < 2 and not several):
        raise InputError(
            f"The list has cases of {len(classes)} class(es), so that there is nothing to tell apart.",
            "Fill in the column label for cases of two classes or more.",
        )
    if positive and positive not in classes:
        raise InputError(f'No case has the class "{positive}".', f"There are: {', '.join(classes)}.")
    return (*(name for name in classes if name != positive), positive) if positive else classes


def _truth(cases: Sequence[LabelledCase], classes: tuple[str, ...]) -> NDArray[Any]:
    """Return the class of each case, or where some case has several or none, whether each is true."""
    if all(len(case.classes) == 1 for case in cases):
        return np.array([classes.index(case.classes[0]) for case in cases], dtype=np.intp)
    return np.array([[name in case.classes for name in classes] for case in cases], dtype=bool)


def _baseline(
    wanted: str, names: tuple[str, ...], table: NDArray[np.float64], cases: Sequence[LabelledCase]
) -> tuple[str, NDArray[np.float64]]:
    """Return the name and values (N, 1) of the feature that everything is compared with."""
    if wanted.startswith(_ATTRIBUTE):
        attribute = wanted.removeprefix(_ATTRIBUTE)
        ratings = [case.attributes.get(attribute, np.nan) for case in cases]
        if not np.isfinite(ratings).any():
            raise InputError(f'No case of the list has the attribute "{attribute}".')
        return wanted, np.array(ratings, dtype=np.float64)[:, np.newaxis]
    name = wanted or (DIAMETER if DIAMETER in names else names[0])
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.4) or names[:3]
        raise InputError(f'There is no feature "{name}" to compare with.', f"Did you mean: {', '.join(close)}?")
    return name, table[:, [names.index(name)]]
