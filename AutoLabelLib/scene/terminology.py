"""Codes to and from Slicer's terminology entries."""

from __future__ import annotations

from AutoLabelLib.core.terminology import TISSUE, Code, SegmentCode
from AutoLabelLib.scene.nodes import load_slicer

# The contexts in which Slicer's own segment selector looks first; an entry carries its codes with it, so that it is
# read right even where a context does not list them.
_SEGMENT_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_REGION_CONTEXT = "Anatomic codes - DICOM master list"

_NOT_CODED = SegmentCode(TISSUE, TISSUE)
"""What Slicer gives to a segment that nobody coded; DICOM SEG needs some code."""


def terminology_entry(code: SegmentCode | None) -> str:
    """Return a code as Slicer's serialized terminology entry; None gives Slicer's default, plain tissue."""
    category, kind, modifier = (
        (code or _NOT_CODED).category,
        (code or _NOT_CODED).type,
        (code or _NOT_CODED).type_modifier,
    )
    serialize = load_slicer().vtkSlicerTerminologiesModuleLogic.SerializeTerminologyEntry
    return str(
        serialize(
            _SEGMENT_CONTEXT,
            *_triple(category),
            *_triple(kind),
            *_triple(modifier),
            _REGION_CONTEXT,
            *_triple(None),
            *_triple(None),
        )
    )


def segment_code(entry: str) -> SegmentCode | None:
    """Return the code of a serialized terminology entry; None for Slicer's default and for what cannot be read.

    The format is context~category~type~modifier~…, each code as scheme^value^meaning.
    """
    fields = entry.split("~")
    if len(fields) < 3:
        return None
    category, kind = _code(fields[1]), _code(fields[2])
    if category is None or kind is None:
        return None
    code = SegmentCode(category, kind, _code(fields[3]) if len(fields) > 3 else None)
    return None if code == _NOT_CODED else code


def _triple(code: Code | None) -> tuple[str, str, str]:
    return (code.value, code.scheme, code.meaning) if code else ("", "", "")


def _code(field: str) -> Code | None:
    scheme, _, rest = field.partition("^")
    value, _, meaning = rest.partition("^")
    return Code(value, scheme, meaning) if scheme and value else None
