"""Folds that keep a patient's cases together and the classes in proportion."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Indices of the training cases, and of those that are judged."""


def grouped_folds(
    truth: NDArray[Any], groups: Sequence[Hashable], count: int, seed: int, classes: Sequence[str]
) -> list[Fold]:
    """Return folds in which every case is judged once, and never by a model that knew its group.

    Args:
        truth: (N,) index of the class, or (N, C) whether each of several is true.
        groups: What each case belongs to, usually the patient.
        count: Number of folds.
        seed: Of the shuffling.
        classes: Their names, for the messages.

    Raises:
        InputError: If there are fewer than two folds, or a class has fewer groups than folds.
    """
    if count < 2:
        raise InputError(f"A comparison needs 2 folds or more, got {count}.")
    rarest, name = fewest_groups(truth, groups, classes)
    if rarest < count:
        raise InputError(
            f'The class "{name}" has cases of {rarest} patient(s) only, too few for {count} folds.',
            f"Use {rarest} folds, or give more cases." if rarest > 1 else "Give more cases of it, or leave it out.",
        )
    folds = _split(_strata(truth), _numbers(groups), count, seed)
    for train, _ in folds:
        _check_every_class_is_there(truth[train], classes)
    return folds


def fewest_groups(truth: NDArray[Any], groups: Sequence[Hashable], classes: Sequence[str]) -> tuple[int, str]:
    """Return the number of groups that have cases of the rarest class, and the class; of labels absence counts, too.

    Args:
        truth: (N,) or (N, C), as for `grouped_folds`.
        groups: What each case belongs to.
        classes: Their names.
    """
    numbers = _numbers(groups)
    sides = []
    for index, name in enumerate(classes):
        is_true = truth[:, index] if truth.ndim == 2 else truth == index
        sides.append((len(np.unique(numbers[is_true])), name))
        if truth.ndim == 2:
            sides.append((len(np.unique(numbers[~is_true])), f"not {name}"))
    return min(sides)


def _numbers(groups: Sequence[Hashable]) -> NDArray[np.intp]:
    index = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    return np.array([index[group] for group in groups], dtype=np.intp)


def _strata(truth: NDArray[Any]) -> NDArray[np.intp]:
    """Return what is kept in proportion: the class, or the combination of labels."""
    if truth.ndim == 1:
        return truth
    return np.asarray(np.unique(truth, axis=0, return_inverse=True)[1]).ravel()


def _split(strata: NDArray[np.intp], groups: NDArray[np.intp], count: int, seed: int) -> list[Fold]:
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    if np.bincount(strata).max() < count:  # combinations of labels that are all rare cannot be kept in proportion
        return list(GroupKFold(count, shuffle=True, random_state=seed).split(strata, groups=groups))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(strata, strata, groups))


def _check_every_class_is_there(truth: NDArray[Any], classes: Sequence[str]) -> None:
    for index, name in enumerate(classes):
        is_true = truth[:, index] if truth.ndim == 2 else truth == index
        if not is_true.any() or (truth.ndim == 2 and is_true.all()):
            raise InputError(f'All cases of the class "{name}" fall into one fold.', "Use another seed or fewer folds.")
