"""Which cases train, which guide the training, and which are only measured: seeded, and never through a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training.case_entries import fold_name, fold_of
from AutoLabelLib.worker.training.cases import Case
from AutoLabelLib.worker.training.labelled_cases import LabelledCase

EACH = "each"
"""Stands for the number of a fold where every fold is held out once."""

_NAMES = ("train", "validation", "test")
AnyCase = TypeVar("AnyCase", Case, LabelledCase)


@dataclass(frozen=True)
class Split(Generic[AnyCase]):
    """Three disjoint sets of cases."""

    train: tuple[AnyCase, ...]
    validation: tuple[AnyCase, ...]
    test: tuple[AnyCase, ...]

    def labelled(self) -> list[AnyCase]:
        """Return all cases, each saying which set it is in."""
        parts = zip(_NAMES, (self.train, self.validation, self.test), strict=True)
        return [replace(case, split=name) for name, part in parts for case in part]


def split_cases(cases: Sequence[AnyCase], holdout: dict[str, Any]) -> Split[AnyCase]:
    """Return the split that the list itself states, or else the one that a recipe's rule makes.

    Args:
        cases: In the order of the list.
        holdout: One of
            {}                             every case trains;
            {"every": 6, "offset": 5}      of the sorted groups every 6th, from number 5 on, is a test group;
            {"folds": 5, "fold": 0, "seed": 0}  the groups are shuffled and dealt into 5 folds; fold 0 is the test set.
            {"folds": 5, "fold": "each", "seed": 0}  cross-validation, which `cross_validation` takes apart.
            A further {"validation_every": 5} sets every 5th of the remaining groups aside for validation.

    Raises:
        InputError: If the rule is unknown or nothing is left to train on.
    """
    if any(fold_of(case.split) is not None for case in cases):
        return _checked(_listed_fold(cases, holdout))
    if any(case.split for case in cases):
        chosen = {name: tuple(case for case in cases if (case.split or "train") == name) for name in _NAMES}
        return _checked(Split(chosen["train"], chosen["validation"], chosen["test"]))
    groups = sorted({case.group for case in cases}, key=_by_name)
    test = _test_groups(groups, holdout)
    rest = [group for group in groups if group not in test]
    every = int(holdout.get("validation_every", 0))
    validation = set(rest[every - 1 :: every]) if every > 0 else set()
    return _checked(
        Split(
            tuple(case for case in cases if case.group not in test and case.group not in validation),
            tuple(case for case in cases if case.group in validation),
            tuple(case for case in cases if case.group in test),
        )
    )


def cross_validation(cases: Sequence[AnyCase], holdout: dict[str, Any]) -> list[Split[AnyCase]]:
    """Return the split of each network: one, or, if the rule holds out each fold, as many as there are folds."""
    return [split_cases(cases, rule) for rule in rules_of(holdout)]


def rules_of(holdout: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a holdout rule for each network: the rule itself, or one per fold if it holds out each.

    Raises:
        InputError: If it does not say how many folds there are.
    """
    if holdout.get("fold") != EACH:
        return [holdout]
    folds = holdout.get("folds")
    if not isinstance(folds, int) or folds < 2:
        raise InputError("A cross-validation needs 2 or more folds.", 'Write {"folds": 5, "fold": "each"}.')
    return [{**holdout, "fold": number} for number in range(folds)]


def labelled_by_fold(splits: Sequence[Split[AnyCase]]) -> list[AnyCase]:
    """Return all cases, each saying which set it is in or, in a cross-validation, whose test case it is."""
    if len(splits) == 1:
        return splits[0].labelled()
    return [replace(case, split=fold_name(number)) for number, split in enumerate(splits) for case in split.test]


def _listed_fold(cases: Sequence[AnyCase], holdout: dict[str, Any]) -> Split[AnyCase]:
    """Return the split that holds out one of the folds that the list itself states."""
    fold, folds = holdout.get("fold"), {fold_of(case.split) for case in cases}
    if not isinstance(fold, int) or folds != set(range(int(holdout.get("folds", 0)))):
        raise InputError(
            f"The list of cases is dealt into {len(folds)} folds, which the recipe does not ask for.",
            "Leave the column split away, or cross-validate with as many folds.",
        )
    test = tuple(case for case in cases if fold_of(case.split) == fold)
    return Split(tuple(case for case in cases if fold_of(case.split) != fold), (), test)


_KNOWN_KEYS = {"every", "offset", "folds", "fold", "seed", "validation_every"}


def _by_name(group: str) -> tuple[str, str]:
    """Sort by the file's or patient's own name first, so that moving the data elsewhere keeps the split."""
    return group.replace("\\", "/").rpartition("/")[2], group


def _test_groups(groups: list[str], holdout: dict[str, Any]) -> set[str]:
    unknown = sorted(set(holdout) - _KNOWN_KEYS)
    if unknown:
        raise InputError(f"Unknown entry in the recipe's holdout: {', '.join(unknown)}.")
    if "folds" in holdout:
        folds, fold = int(holdout["folds"]), int(holdout.get("fold", 0))
        if not 0 <= fold < folds or folds > len(groups):
            raise InputError(f"Fold {fold} of {folds} cannot be made from {len(groups)} groups.")
        order = np.random.default_rng(int(holdout.get("seed", 0))).permutation(len(groups))
        return {groups[index] for index in order[fold::folds]}
    if "every" in holdout:
        every = int(holdout["every"])
        if every < 2:
            raise InputError(f'The holdout rule "every" must be at least 2, but it is {every}.')
        return set(groups[int(holdout.get("offset", every - 1)) :: every])
    return set()


def _checked(split: Split[AnyCase]) -> Split[AnyCase]:
    if not split.train:
        raise InputError("The split leaves no case to train on.", "Give more cases, or hold out fewer.")
    return split


def patient_folds(cases: Sequence[AnyCase], folds: int, seed: int = 0) -> list[int]:
    """Return which of several parts each case is in; groups stay together, and are dealt at random.

    Raises:
        InputError: If there are fewer groups than folds.
    """
    groups = sorted({case.group for case in cases}, key=_by_name)
    if len(groups) < folds:
        raise InputError(f"{folds} folds cannot be made from {len(groups)} groups.", "Ask for fewer folds.")
    order = np.random.default_rng(seed).permutation(len(groups))
    fold_of = {groups[index]: place % folds for place, index in enumerate(order)}
    return [fold_of[case.group] for case in cases]
