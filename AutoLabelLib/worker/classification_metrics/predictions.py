"""What was true, what was predicted, and whom it belongs to: checked once, so that no figure has to."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError

_SUM_TOLERANCE = 1e-3  # of float32 probabilities of many classes


@dataclass(frozen=True, eq=False)
class Predictions:
    """Cases with their true classes and the probabilities that a classifier gave.

    Attributes:
        truth: (N,) index of the true class; for several labels at once (N, C), whether each is true.
        probabilities: (N, C), from 0 to 1; where one class is true they add up to 1.
        classes: C names; of two classes, the second is the one to be found ("positive").
        groups: What each case belongs to, usually the patient; None: each case is its own group.
        decided: What was decided, in the form of truth; None: the most probable class, or each label from 0.5 on.

    Raises:
        InputError: If shapes do not fit, a value is not finite or out of range, or there is no case.
    """

    truth: NDArray[Any]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]
    groups: Sequence[Hashable] | None = None
    decided: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        probabilities = np.asarray(self.probabilities, dtype=np.float64)
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        _check_probabilities(probabilities, len(self.classes))
        object.__setattr__(self, "truth", _checked_labels(self.truth, probabilities.shape, "truth"))
        if not self.is_multi_label and np.abs(probabilities.sum(axis=1) - 1.0).max() > _SUM_TOLERANCE:
            raise InputError("The probabilities of a case do not add up to 1.", "Give several labels as truth (N, C).")
        if self.decided is not None:
            object.__setattr__(self, "decided", _checked_labels(self.decided, probabilities.shape, "decision"))
            if np.shape(self.decided) != self.truth.shape:
                raise InputError("Truth and decisions differ in shape.")
        if self.groups is not None and len(self.groups) != len(probabilities):
            raise InputError(f"{len(self.groups)} groups were given for {len(probabilities)} cases.")

    @property
    def is_multi_label(self) -> bool:
        """Whether several classes may be true at once."""
        return self.truth.ndim == 2

    @property
    def is_binary(self) -> bool:
        """Whether exactly one of two classes is true: then figures are about the second."""
        return not self.is_multi_label and len(self.classes) == 2

    @property
    def decisions(self) -> NDArray[Any]:
        """Index of the decided class (N,), or whether each label was decided (N, C)."""
        if self.decided is not None:
            return self.decided
        if self.is_multi_label:
            return np.asarray(self.probabilities >= 0.5)
        if self.is_binary:
            return (self.probabilities[:, 1] >= 0.5).astype(np.intp)
        return self.probabilities.argmax(axis=1)

    @property
    def judged(self) -> list[int]:
        """The classes that figures are averaged over: the positive one of two, else all."""
        return [1] if self.is_binary else list(range(len(self.classes)))

    def is_true(self) -> NDArray[np.bool_]:
        """Return whether each class is true of each case, (N, C)."""
        return _indicator(self.truth, len(self.classes))

    def is_decided(self) -> NDArray[np.bool_]:
        """Return whether each class was decided for each case, (N, C)."""
        return _indicator(self.decisions, len(self.classes))

    def group_numbers(self) -> NDArray[np.intp]:
        """Return the number of each case's group (N,), from 0 on in order of appearance."""
        if self.groups is None:
            return np.arange(len(self.probabilities))
        numbers = {group: number for number, group in enumerate(dict.fromkeys(self.groups))}
        return np.array([numbers[group] for group in self.groups], dtype=np.intp)


def _indicator(labels: NDArray[Any], count: int) -> NDArray[np.bool_]:
    return labels if labels.ndim == 2 else np.asarray(labels[:, np.newaxis] == np.arange(count))


def _check_probabilities(probabilities: NDArray[np.float64], count: int) -> None:
    if count < 2 and probabilities.shape[1:] != (1,):
        raise InputError(f"A classifier needs two classes, got {count}.")
    if probabilities.ndim != 2 or probabilities.shape[1] != count or not len(probabilities):
        raise InputError(f"Expected probabilities of {count} classes per case, got the shape {probabilities.shape}.")
    if not np.isfinite(probabilities).all() or probabilities.min() < 0 or probabilities.max() > 1 + _SUM_TOLERANCE:
        raise InputError("A probability is not a number from 0 to 1.")


def _checked_labels(labels: Any, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """Return labels as indices (N,) or booleans (N, C)."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape == shape:
        if not np.isin(array, (0, 1)).all():
            raise InputError(f"The {what} of several labels must be 0 or 1 for each.")
        return array.astype(bool)
    if array.shape != shape[:1]:
        raise InputError(f"The {what} has the shape {array.shape}, but there are {shape[0]} cases.")
    indices = array.astype(np.intp)
    if not np.array_equal(indices, array) or indices.min() < 0 or indices.max() >= shape[1]:
        raise InputError(f"The {what} must be the index of a class, from 0 to {shape[1] - 1}.")
    return indices
