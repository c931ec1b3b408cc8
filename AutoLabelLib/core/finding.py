"""A finding: something in the patient, where it is, what it is, and how sure the model is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Position


def new_finding_id() -> str:
    """Return an identifier that no other finding has."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Finding:
    """A box in the patient with a label and a score, and what was measured in it.

    Attributes:
        center_ras_mm: Centre of the box.
        size_mm: Extent of the box along R, A and S; positive.
        score: Confidence from 0 to 1: of a classified finding, the probability of its label.
        label: What it is.
        class_probabilities: Probability per class, where a classifier ran.
        measurements: Named numbers, with the unit in the name, such as {"volume_ml": 0.3}.
        attributes: What it looks like, as a rating per attribute, such as {"spiculation": 3.2}.
        uncertain: Why the label is not to be relied on, in one sentence; "" where it is.
        segment: Name of the segment that it was found in; "" for a whole volume or a box.
        model: Name and version of the model that gave the label, such as "lung_nodule_malignancy_ct 1.0.0".
        note: What a person wrote about it.
        author: Who wrote or confirmed it; never filled in by itself with more than the login name.
        created: When it was made, ISO 8601 with time zone.
        id: Identifier, made anew for each finding.
    """

    center_ras_mm: Position
    size_mm: Position
    score: float
    label: str
    class_probabilities: Mapping[str, float] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, float] = field(default_factory=dict)
    uncertain: str = ""
    segment: str = ""
    model: str = ""
    note: str = ""
    author: str = ""
    created: str = ""
    id: str = field(default_factory=new_finding_id, compare=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise InputError(f"A finding's score must be from 0 to 1, got {self.score}.")
        if not all(size > 0 for size in self.size_mm):  # this form refuses NaN, too
            raise InputError(f"A finding's size must be positive, got {self.size_mm} mm.")

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_json` described.

        Raises:
            InputError: If something is missing, unknown or out of range.
        """
        try:
            positions = {name: tuple(map(float, fields[name])) for name in ("center_ras_mm", "size_mm")}
            return cls(**{**fields, **positions})  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as problem:
            raise InputError(f"A finding cannot be read: {problem}.") from problem
