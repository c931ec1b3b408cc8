"""Reasons not to believe a probability; each is one clause, and together they are `Finding.uncertain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classification.contract import ClassifierContract

_WORDS = {
    "volume_ml": ("the segment is {} than any that it was trained on", ("smaller", "larger"), "ml"),
    "mean_value": ("the segment is {} than any that it was trained on", ("darker", "brighter"), ""),
    "spacing_mm": ("the volume's voxels are {} than any that it was trained on", ("finer", "coarser"), "mm"),
}
_OFTEN_AT_THE_EDGE = 0.05  # of the training cases: then a mask at the edge is nothing new
_SHOWN = 0.9
_INSIDE_OF_BOX = 0.999
_TOLERANCE = 0.02  # beyond a range, so that resampling the same object does not count as news


def about_the_object(measured: Mapping[str, float], contract: ClassifierContract) -> list[str]:
    """Return what is unusual about an object, whatever the networks say.

    Args:
        measured: See `inputs.Prepared`.
        contract: Knows what the training cases were like.
    """
    reasons = []
    if measured.get("voxels") == 1:
        reasons.append("the segment is a single voxel")
    if measured.get("touches_edge") and contract.edge_fraction < _OFTEN_AT_THE_EDGE:
        reasons.append("the segment touches the edge of the volume, so that a part of it may be missing")
    if measured.get("shown_fraction", 1.0) < _SHOWN and contract.trained.get("shown_fraction", (1.0, 1.0))[0] >= _SHOWN:
        reasons.append("the segment is larger than what the networks can see at once")
    if measured.get("inside_of_box", 1.0) < _INSIDE_OF_BOX:
        reasons.append(f"{1 - measured['inside_of_box']:.0%} of the region lies outside of the volume")
    for name, (words, (below, above), unit) in _WORDS.items():
        if name not in measured or name not in contract.trained:
            continue
        low, high = contract.trained[name]
        above_all = _TOLERANCE * max(abs(low), abs(high))
        below_all = (
            _TOLERANCE * low if low > 0 else above_all
        )  # of a size, 2 % of the largest may be all of the smallest
        value = measured[name]
        if value < low - below_all or value > high + above_all:
            span = f"{_number(value)} {unit}, not {_number(low)} to {_number(high)}".replace(" ,", ",")
            reasons.append(f"{words.format(below if value < low else above)} ({span})")
    return reasons


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def about_the_answer(
    labels: Mapping[str, bool],
    probabilities: Mapping[str, float],
    members: Sequence[Mapping[str, float]],
    contract: ClassifierContract,
) -> list[str]:
    """Return what is doubtful about what the networks say.

    Args:
        labels: Each class that something is said of, and whether it is said to be true.
        probabilities: Of each class.
        members: Each network's own probabilities.
        contract: Knows from which probability on a label is to be relied on.
    """
    reasons = []
    for label, is_true in labels.items():
        probability = probabilities[label] if is_true else 1 - probabilities[label]
        if probability < contract.sure_from_of(label):
            words = label if is_true else f"not {label}"
            reasons.append(f"{words} has a probability of only {probability:.2f}")
        own = [member[label] for member in members]
        if own and max(own) - min(own) > contract.agree_within:
            reasons.append(f"the networks disagree ({label}: {min(own):.2f} to {max(own):.2f})")
    return reasons


def sentence(reasons: Sequence[str]) -> str:
    """Return the reasons as one sentence; "" without any."""
    joined = "; ".join(dict.fromkeys(reasons))
    return joined[:1].upper() + joined[1:] + "." if joined else ""


def trained_ranges(measured: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    """Return the least and largest value of each measurement over the training cases."""
    names = dict.fromkeys(name for one in measured for name in one if name in (*_WORDS, "shown_fraction"))
    values: dict[str, NDArray[np.float64]] = {
        name: np.array([one[name] for one in measured if name in one], dtype=np.float64) for name in names
    }
    return {name: (float(found.min()), float(found.max())) for name, found in values.items()}
