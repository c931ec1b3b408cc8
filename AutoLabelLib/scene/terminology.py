"""Codes to Slicer's terminology entries; `core.terminology.segment_code` leads back."""

from __future__ import annotations

from AutoLabelLib.core.terminology import NOT_CODED, REGION_CONTEXT, SEGMENT_CONTEXT, Code, SegmentCode
from AutoLabelLib.scene.nodes import load_slicer


def terminology_entry(code: SegmentCode | None) -> str:
    """Return a code as Slicer's serialized terminology entry; None gives Slicer's default, plain tissue."""
    category, kind, modifier = (
        (code or NOT_CODED).category,
        (code or NOT_CODED).type,
        (code or NOT_CODED).type_modifier,
    )
    serialize = load_slicer().vtkSlicerTerminologiesModuleLogic.SerializeTerminologyEntry
    return str(
        serialize(
            SEGMENT_CONTEXT,
            *_triple(category),
            *_triple(kind),
            *_triple(modifier),
            REGION_CONTEXT,
            *_triple(None),
            *_triple(None),
        )
    )


def _triple(code: Code | None) -> tuple[str, str, str]:
    return (code.value, code.scheme, code.meaning) if code else ("", "", "")
