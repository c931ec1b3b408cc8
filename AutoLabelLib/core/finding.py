"""A finding: something detected, where it is, and how sure the model is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Position


@dataclass(frozen=True)
class Finding:
    """A box in the patient with a label and a score.

    Attributes:
        center_ras_mm: Centre of the box.
        size_mm: Extent of the box along R, A and S; positive.
        score: Confidence from 0 to 1.
        label: What it is.
        class_probabilities: Probability per class, where a classifier ran.
        measurements: Named numbers, with the unit in the name, such as {"volume_ml": 0.3}.
    """

    center_ras_mm: Position
    size_mm: Position
    score: float
    label: str
    class_probabilities: Mapping[str, float] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise InputError(f"A finding's score must be from 0 to 1, got {self.score}.")
        if not all(size > 0 for size in self.size_mm):  # this form refuses NaN, too
            raise InputError(f"A finding's size must be positive, got {self.size_mm} mm.")
