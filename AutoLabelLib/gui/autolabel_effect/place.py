"""Which segment of which segmentation is edited, and on which volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.scene.nodes import Node, resolve


@dataclass(frozen=True)
class Place:
    """Where an object is segmented; ids, because the nodes may be gone when a result arrives.

    Attributes:
        segmentation_id: Id of the segmentation node.
        segment_id: Id of the segment in it.
        volume_id: Id of the source volume.
    """

    segmentation_id: str
    segment_id: str
    volume_id: str

    def segmentation_node(self) -> Node:
        """Return the segmentation, in which the segment is.

        Raises:
            InputError: If the one or the other is gone.
        """
        node = resolve(self.segmentation_id, "vtkMRMLSegmentationNode")
        if node.GetSegmentation().GetSegment(self.segment_id) is None:
            raise InputError(_("The segment was deleted."), _("Choose another one."))
        return node

    def volume_node(self) -> Node:
        """Return the source volume.

        Raises:
            InputError: If it is gone.
        """
        return resolve(self.volume_id, "vtkMRMLVolumeNode")


def place_of(editor_node: Any) -> Place:
    """Return what is chosen in a Segment Editor.

    Args:
        editor_node: Its vtkMRMLSegmentEditorNode.

    Raises:
        InputError: If something is not chosen yet.
    """
    segmentation_node = editor_node.GetSegmentationNode() if editor_node is not None else None
    if segmentation_node is None:
        raise InputError(_("No segmentation is chosen."), _("Choose one at the top of the Segment Editor."))
    volume_node = editor_node.GetSourceVolumeNode()
    if volume_node is None:
        raise InputError(_("No source volume is chosen."), _("Choose one at the top of the Segment Editor."))
    segment_id = editor_node.GetSelectedSegmentID() or ""
    if not segment_id or segmentation_node.GetSegmentation().GetSegment(segment_id) is None:
        raise InputError(_("No segment is chosen."), _("Add one, or choose one in the list of segments."))
    return Place(segmentation_node.GetID(), segment_id, volume_node.GetID())
