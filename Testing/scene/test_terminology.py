"""Codes to terminology entries and back."""

from __future__ import annotations

from typing import Any

import pytest

from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, TISSUE, Code, SegmentCode, segment_code
from AutoLabelLib.scene.terminology import terminology_entry
from Testing.slicer_scene import LEFT_KIDNEY

LIVER = SegmentCode(ANATOMICAL_STRUCTURE, Code("10200004", "SCT", "Liver"))


@pytest.mark.parametrize("code", [LIVER, LEFT_KIDNEY, SegmentCode(TISSUE, Code("256674009", "SCT", "Fat"))])
def test_codes_go_there_and_back(slicer: Any, code: SegmentCode) -> None:
    assert segment_code(terminology_entry(code)) == code


def test_slicer_reads_the_parts_in_their_places(slicer: Any) -> None:
    entry = slicer.vtkSlicerTerminologyEntry()
    logic = slicer.vtkSlicerTerminologiesModuleLogic()

    assert logic.DeserializeTerminologyEntry(terminology_entry(LEFT_KIDNEY), entry)

    assert (entry.GetCategoryObject().GetCodeValue(), entry.GetCategoryObject().GetCodeMeaning()) == (
        "123037004",
        "Anatomical Structure",
    )
    assert (entry.GetTypeObject().GetCodeValue(), entry.GetTypeModifierObject().GetCodeMeaning()) == (
        "64033007",
        "Left",
    )


def test_no_code_is_slicers_default(slicer: Any) -> None:
    assert terminology_entry(None) == slicer.vtkSegment().GetTerminology()
    assert segment_code(slicer.vtkSegment().GetTerminology()) is None


@pytest.mark.parametrize("entry", ["", "context", "a~b~c", "context~^^~^^~^^"])
def test_what_cannot_be_read_is_no_code(entry: str) -> None:
    assert segment_code(entry) is None
