"""A segment for the next object."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.gui.autolabel_effect.place import Place
from AutoLabelLib.scene.segments import unique_name


def add_next_segment(place: Place, editor_node: Any) -> str:
    """Add an empty segment beside the one of a place, choose it in the editor, and return its id.

    It gets the same terminology, a name with the next number, and a colour of its own.

    Args:
        place: Where the object before is.
        editor_node: vtkMRMLSegmentEditorNode.

    Raises:
        InputError: If the segment before is gone.
    """
    segmentation = place.segmentation_node().GetSegmentation()
    before = segmentation.GetSegment(place.segment_id)
    segment_id = segmentation.AddEmptySegment()
    segment = segmentation.GetSegment(segment_id)
    if not before.GetName().startswith("Segment_"):  # else Slicer's own numbering goes on
        segment.SetName(unique_name(segmentation, before.GetName()))
    segment.SetTerminology(before.GetTerminology())
    editor_node.SetSelectedSegmentID(segment_id)
    return str(segment_id)
