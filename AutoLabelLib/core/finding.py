"""A finding: something in the patient, where it is, what it is, and how sure the model is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Position

Line = tuple[Position, Position]
"""Both ends of a straight line, in RAS mm."""


def now() -> str:
    """Return the date and time as findings keep them: ISO 8601 with time zone, in seconds."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


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
        structure: Kind of structure, as the segment's code says, such as "Nodule"; "" where nobody said.
        lines_ras_mm: What was measured as lines, such as {"long_axis": ((r, a, s), (r, a, s))}.
        corrected_label: What a person calls it instead of its label; "" where nobody does.
        note: What a person wrote about it.
        author: Who wrote or confirmed it; never filled in by itself with more than the login name.
        created: When it was made, ISO 8601 with time zone.
        edited: When a person last changed note or label, likewise; "" where nobody did.
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
    structure: str = ""
    lines_ras_mm: Mapping[str, Line] = field(default_factory=dict)
    corrected_label: str = ""
    note: str = ""
    author: str = ""
    created: str = ""
    edited: str = ""
    id: str = field(default_factory=new_finding_id, compare=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise InputError(f"A finding's score must be from 0 to 1, got {self.score}.")
        if not all(size > 0 for size in self.size_mm):  # this form refuses NaN, too
            raise InputError(f"A finding's size must be positive, got {self.size_mm} mm.")

    @property
    def final_label(self) -> str:
        """What it is: what a person calls it, else its label."""
        return self.corrected_label or self.label

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
            positions = {name: _position(fields[name]) for name in ("center_ras_mm", "size_mm")}
            lines = {name: (_position(a), _position(b)) for name, (a, b) in fields.get("lines_ras_mm", {}).items()}
            return cls(**{**fields, **positions, "lines_ras_mm": lines})
        except (KeyError, TypeError, ValueError) as problem:
            raise InputError(f"A finding cannot be read: {problem}.") from problem


def _position(values: Any) -> Position:
    right, anterior, superior = map(float, values)
    return (right, anterior, superior)
