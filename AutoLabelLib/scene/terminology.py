"""Codes to Slicer's terminology entries, and the list of them that Slicer offers to a person.

`core.terminology.segment_code` leads back from an entry to the code.
"""

from __future__ import annotations

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.locations import resources
from AutoLabelLib.core.terminology import NOT_CODED, REGION_CONTEXT, SEGMENT_CONTEXT, Code, SegmentCode
from AutoLabelLib.scene.nodes import load_slicer

TERMINOLOGY = "Segmentation category and type - AutoLabel"
"""Name, in Slicer's terminology selector, of the list of what the bundled models find."""


def load_terminology() -> None:
    """Offer the bundled models' codes in Slicer's terminology selector; doing it again changes nothing.

    Raises:
        FileError: If the file is missing or damaged.
    """
    logic = load_slicer().modules.terminologies.logic()
    import vtk

    loaded = vtk.vtkStringArray()
    logic.GetLoadedTerminologyNames(loaded)
    if loaded.LookupValue(TERMINOLOGY) >= 0:
        return
    path = resources() / "Terminologies" / "AutoLabel.term.json"
    if not path.is_file() or logic.LoadTerminologyFromFile(str(path)) != TERMINOLOGY:
        raise FileError(f'The terminology "{path}" cannot be read.', "Install AutoLabel again.")


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
