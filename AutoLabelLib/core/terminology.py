"""Coded names, as DICOM and Slicer's terminologies use them.

Source: DICOM PS3.3 section 8 (coding scheme, code value, code meaning); SNOMED CT codes as in DICOM PS3.16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Code:
    """One coded concept.

    Attributes:
        value: Code value, such as "10200004".
        scheme: Coding scheme designator, such as "SCT" for SNOMED CT.
        meaning: What a person reads, such as "Liver".
    """

    value: str
    scheme: str
    meaning: str

    def to_json(self) -> dict[str, str]:
        """Return the code as a JSON object."""
        return {"value": self.value, "scheme": self.scheme, "meaning": self.meaning}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Code:
        """Return the code that `to_json` described."""
        return cls(str(fields["value"]), str(fields["scheme"]), str(fields["meaning"]))


@dataclass(frozen=True)
class SegmentCode:
    """What a segment shows: a category and a type, each coded, as DICOM SEG wants them.

    Attributes:
        category: Segmented property category, such as `ANATOMICAL_STRUCTURE`.
        type: Segmented property type, such as the code of the liver.
        type_modifier: Side or part, such as the code of "Left"; None where there is none.
    """

    category: Code
    type: Code
    type_modifier: Code | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the codes as a JSON object."""
        modifier = self.type_modifier.to_json() if self.type_modifier else None
        return {"category": self.category.to_json(), "type": self.type.to_json(), "type_modifier": modifier}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> SegmentCode:
        """Return the codes that `to_json` described."""
        modifier = fields.get("type_modifier")
        return cls(
            Code.from_json(fields["category"]),
            Code.from_json(fields["type"]),
            Code.from_json(modifier) if modifier else None,
        )


ANATOMICAL_STRUCTURE = Code("123037004", "SCT", "Anatomical Structure")
MORPHOLOGICALLY_ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Altered Structure")
TISSUE = Code("85756007", "SCT", "Tissue")

SEGMENT_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
"""Terminology in which Slicer's segment selector looks first; an entry carries its codes with it all the same."""
REGION_CONTEXT = "Anatomic codes - DICOM master list"
"""Terminology of anatomic regions in which it looks first."""

NOT_CODED = SegmentCode(TISSUE, TISSUE)
"""What Slicer gives to a segment that nobody coded; DICOM SEG needs some code."""


def segment_code(entry: str) -> SegmentCode | None:
    """Return the code of Slicer's serialized terminology entry; None for its default and for what cannot be read.

    The format is context~category~type~modifier~…, each code as scheme^value^meaning.
    Source: vtkSlicerTerminologiesModuleLogic::SerializeTerminologyEntry of 3D Slicer 5.
    """
    fields = entry.split("~")
    if len(fields) < 4:
        return None
    category, kind, modifier = (_code(field) for field in fields[1:4])
    if category is None or kind is None:
        return None
    code = SegmentCode(category, kind, modifier)
    return None if code == NOT_CODED else code


def _code(field: str) -> Code | None:
    scheme, _, rest = field.partition("^")
    value, _, meaning = rest.partition("^")
    return Code(value, scheme, meaning) if scheme and value else None
