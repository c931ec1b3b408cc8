"""The object that is being segmented: its results go into one segment, and can be taken back to the voxel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import tr as _

from AutoLabelLib.core.affine import same_affine
from AutoLabelLib.core.crop import found_box
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt_history import PromptHistory
from AutoLabelLib.gui.autolabel_effect.place import Place, place_of
from AutoLabelLib.scene.modifier_labelmap import modifier_labelmap
from AutoLabelLib.scene.nodes import Node
from AutoLabelLib.scene.segment_change import Before, Change, before_of, shown_change, take_back, watched
from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
from AutoLabelLib.scene.segments import exchange_tags
from AutoLabelLib.scene.volumes import grid_of
from AutoLabelLib.scene.voxels import Corner, affine_of, around

# Slicer's own editor remembers as many steps.
_REMEMBERED_STEPS = 10
_FAR = (1000, 1000, 1000)  # voxels, at which grids that differ are apart


@dataclass(frozen=True, eq=False)
class _Step:
    """What the segment showed at one moment: for which prompts, and what that changed."""

    history: PromptHistory
    change: Change | None


class SegmentObject:
    """Writes the answers for one object, each in place of the one before.

    Everything goes through Slicer's own edit operation, so that masking, the editable intensity range, the overwrite
    mode and undo hold. What the segment held before stays, and neighbours get back what an earlier answer took.

    Args:
        place: Where the object is.
        scripted_effect: Slicer's side of the effect.
        corrects: Whether the object is what the segment holds, which answers correct; else they are added to it.

    Attributes:
        start: What is corrected, on the volume's grid; None for nothing.
    """

    def __init__(self, place: Place, scripted_effect: Any, corrects: bool = False) -> None:
        self.place = place
        self.start = _held(place) if corrects else None
        self._effect = scripted_effect
        self._steps = [_Step(PromptHistory(), None)]
        self._shown = self._steps[0]
        self._before: Before | None = None
        self._tags: dict[str, str | None] = {}  # what the segment said of itself before

    @property
    def shown_history(self) -> PromptHistory:
        """The prompts whose answer the segment shows."""
        return self._shown.history

    @property
    def has_changed_segment(self) -> bool:
        """Whether the segment holds something of this object."""
        return self._shown.change is not None

    def has_same_geometry(self) -> bool:
        """Return whether the editor still draws on the grid on which this object was written."""
        change, reference = self._shown.change, self._effect.referenceGeometryImage()
        return change is None or (reference is not None and same_affine(affine_of(reference), change.affine, _FAR))

    def write(self, history: PromptHistory, update: Any) -> bool:
        """Show an answer; return whether the user's masking left anything of it.

        Args:
            history: Prompts that it answers.
            update: `AutoLabelLib.api.interaction.MaskUpdate`.

        Raises:
            InputError: If a node is gone, something else was chosen meanwhile, or the volume was changed.
        """
        segmentation_node, volume_node = self._checked_nodes(update)
        reference = self._effect.referenceGeometryImage()
        if reference is None:
            raise GeometryError(
                _("The segmentation has no geometry to draw on."), _("Choose the source volume again, or set it.")
            )
        if not self.has_same_geometry():
            raise GeometryError(
                _("The segmentation's geometry was changed meanwhile: the result was dropped."),
                _("Accept what is there, and begin anew."),
            )
        added, removed, start_ijk = self._differences(update)
        images = [
            modifier_labelmap(mask, start_ijk, update.grid.local_affine, volume_node, segmentation_node, reference)
            for mask in (added, removed)
        ]
        self._effect.saveStateForUndo()
        self._take_back(segmentation_node)
        change = self._edit(segmentation_node, *images)
        self._tags = exchange_tags(self._segment(), update.tags) | self._tags
        self._note(history, change)
        return change is not None

    def take_back(self, history: PromptHistory) -> None:
        """Give the segment and its neighbours back what they held before this object.

        Raises:
            InputError: If the segment is gone.
        """
        segmentation_node = self.place.segmentation_node()
        if self._shown.change is not None:
            self._effect.saveStateForUndo()
            self._take_back(segmentation_node)
            exchange_tags(self._segment(), self._tags)
        self._note(history, None)

    def recognise(self) -> bool:
        """Find out which step the segment shows, after something else, such as Slicer's undo, has changed it.

        Returns:
            False if it shows none of them, because it was edited otherwise.

        Raises:
            InputError: If the segment is gone.
        """
        segmentation_node = self.place.segmentation_node()
        written = [step for step in self._steps if step.change is not None]
        if self._before is None or not written:
            return True
        changes = [step.change for step in written if step.change is not None]
        index = shown_change(segmentation_node, self.place.segment_id, self._before, changes)
        if index is None:
            return False
        if index < 0 and self._shown.change is not None:
            self._shown = next((step for step in reversed(self._steps) if step.change is None), self._steps[0])
        elif index >= 0 and written[index].change is not self._shown.change:
            self._shown = written[index]
        return True

    def _checked_nodes(self, update: Any) -> tuple[Node, Node]:
        segmentation_node, volume_node = self.place.segmentation_node(), self.place.volume_node()
        if place_of(self._effect.parameterSetNode()) != self.place:
            raise InputError(_("Something else was chosen meanwhile: the result was dropped."))
        now = grid_of(volume_node)
        same = now.spatial_shape == update.grid.spatial_shape
        if not same or not np.allclose(now.affine, update.grid.affine, atol=1e-4):
            raise GeometryError(
                _("The volume was changed or moved meanwhile: the result was dropped."), _("Give the prompt again.")
            )
        return segmentation_node, volume_node

    def _segment(self) -> Any:
        return self.place.segmentation_node().GetSegmentation().GetSegment(self.place.segment_id)

    def _take_back(self, segmentation_node: Node) -> None:
        if self._shown.change is not None:
            take_back(segmentation_node, self.place.segment_id, self._shown.change)

    def _differences(self, update: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Corner]:
        """Return what an answer adds to the segment and removes from it, (I, J, K) each, in a box of the volume's grid.

        The third is the index of that box's first voxel.
        """
        if self.start is None:
            return update.mask, np.zeros((0, 0, 0), bool), update.start_ijk
        held = found_box(self.start.array)
        masks = (self.start.array[0][held.slices] != 0, update.mask)
        starts = np.array((held.start_ijk, update.start_ijk))
        low = starts.min(axis=0)
        high = np.max(starts + [mask.shape for mask in masks], axis=0)
        before, after = (np.zeros(tuple(high - low), bool) for _mask in masks)
        for whole, mask, start in zip((before, after), masks, starts - low, strict=True):
            whole[tuple(slice(int(a), int(a) + n) for a, n in zip(start, mask.shape, strict=True))] = mask
        return after & ~before, before & ~after, (int(low[0]), int(low[1]), int(low[2]))

    def _edit(self, segmentation_node: Node, added: Any, removed: Any) -> Change | None:
        """Add and remove images as the editor allows it; return what came of it, None for nothing."""
        modes = slicer.qSlicerSegmentEditorAbstractEffect
        steps = ((added, modes.ModificationModeAdd), (removed, modes.ModificationModeRemove))
        wanted = [(image, mode) for image, mode in steps if image is not None]
        if not wanted:
            return None
        with watched(segmentation_node, self.place.segment_id, around([image for image, _mode in wanted])) as changes:
            for image, mode in wanted:
                self._effect.modifySelectedSegmentByLabelmap(image, mode)
        return None if changes[0].is_nothing else changes[0]

    def _note(self, history: PromptHistory, change: Change | None) -> None:
        self._shown = _Step(history, change)
        self._steps = [self._steps[0], *self._steps[1:][-_REMEMBERED_STEPS:], self._shown]
        changes = [step.change for step in self._steps if step.change is not None]
        if changes:
            node = self.place.segmentation_node()
            self._before = before_of(node, self.place.segment_id, changes, change)


def _held(place: Place) -> Labelmap | None:
    """Return what a segment holds, on the volume's grid; None if it holds nothing."""
    labelmap = labelmap_from_segmentation(place.segmentation_node(), place.volume_node(), [place.segment_id])
    return labelmap if labelmap.array.any() else None
