"""Codes to terminology entries and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.locations import resources
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, TISSUE, Code, SegmentCode, segment_code
from AutoLabelLib.scene import terminology
from AutoLabelLib.scene.terminology import TERMINOLOGY, load_terminology, terminology_entry
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


def test_slicer_offers_the_codes_of_every_bundled_model(slicer: Any, scene: Any) -> None:
    load_terminology()
    load_terminology()
    logic = slicer.modules.terminologies.logic()
    offered = dict(_offered(slicer, logic))
    for spec in catalogue.models():
        if spec.folder is None or resources() not in spec.folder.parents:
            continue  # a model of the user's own
        for segment in spec.segments:
            if segment.code is not None:
                color = tuple(round(255 * part) for part in segment.color or ())
                assert offered[segment.code] == color, segment.name


def _offered(slicer: Any, logic: Any) -> Iterator[tuple[SegmentCode, tuple[int, ...]]]:
    """Yield each code in the list, as Slicer reads it, and its colour."""
    for i in range(logic.GetNumberOfCategoriesInTerminology(TERMINOLOGY)):
        category = slicer.vtkSlicerTerminologyCategory()
        assert logic.GetNthCategoryInTerminology(TERMINOLOGY, i, category)
        for j in range(logic.GetNumberOfTypesInTerminologyCategory(TERMINOLOGY, category)):
            kind = slicer.vtkSlicerTerminologyType()
            assert logic.GetNthTypeInTerminologyCategory(TERMINOLOGY, category, j, kind)
            if not kind.GetHasModifiers():
                yield SegmentCode(_code(category), _code(kind)), kind.GetRecommendedDisplayRGBValue()
            for k in range(logic.GetNumberOfTypeModifiersInTerminologyType(TERMINOLOGY, category, kind)):
                modifier = slicer.vtkSlicerTerminologyType()
                assert logic.GetNthTypeModifierInTerminologyType(TERMINOLOGY, category, kind, k, modifier)
                code = SegmentCode(_code(category), _code(kind), _code(modifier))
                yield code, modifier.GetRecommendedDisplayRGBValue()


def _code(entry: Any) -> Code:
    return Code(entry.GetCodeValue(), entry.GetCodingSchemeDesignator(), entry.GetCodeMeaning())


def test_a_missing_file_is_said_in_one_sentence(
    slicer: Any, scene: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(terminology, "resources", lambda: tmp_path)
    with pytest.raises(FileError, match="cannot be read"):
        load_terminology()
