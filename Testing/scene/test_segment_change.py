"""What Slicer's own edit operation makes of a segmentation, and taking it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.slicer_scene import GRIDS, SHAPE, add_volume

Everywhere, InsideSegment, OutsideSegment = 0, 1, 2


class Editor:
    """A Segment Editor's logic on a segmentation with two segments: "ours" is edited, "other" lies beside it."""

    def __init__(self, scene: Any, grid: str = "oblique") -> None:
        import slicer

        self.volume = add_volume(GRIDS[grid])
        self.node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        self.node.CreateDefaultDisplayNodes()
        self.node.SetReferenceImageGeometryParameterFromVolumeNode(self.volume)
        for name in ("ours", "other"):
            self.node.GetSegmentation().AddEmptySegment(name, name)
        self.parameters = scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(scene)
        self.logic.SetSegmentEditorNode(self.parameters)
        self.logic.SetSegmentationNode(self.node)
        self.logic.SetSourceVolumeNode(self.volume)
        self.parameters.SetSelectedSegmentID("ours")

    def image(self, mask: NDArray[Any]) -> Any:
        from AutoLabelLib.scene.voxels import oriented_image

        return oriented_image(mask.astype(np.uint8), GRIDS["oblique"])

    def add(self, segment_id: str, mask: NDArray[Any]) -> Any:
        """Add a mask as an effect does, and return what it changed."""
        from AutoLabelLib.scene.segment_change import watched

        image, extent = self.image(mask), [0, -1, 0, -1, 0, -1]
        with watched(self.node, segment_id, image) as changes:
            self.logic.SaveStateForUndo()
            self.logic.ModifySegmentByLabelmap(
                self.node, segment_id, image, self.logic.ModificationModeAdd, extent, True, False
            )
        return changes[0]

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        from AutoLabelLib.scene.layers import LABELMAP
        from AutoLabelLib.scene.voxels import read_box

        segmentation, masks = self.node.GetSegmentation(), {}
        for segment_id in segmentation.GetSegmentIDs():
            segment = segmentation.GetSegment(segment_id)
            labels = read_box(segment.GetRepresentation(LABELMAP), GRIDS["oblique"], (0, 0, 0), SHAPE)
            masks[segment_id] = labels == segment.GetLabelValue()
        return masks


def block(*box: slice) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, bool)
    mask[box] = True
    return mask


OURS = block(slice(0, 2), slice(0, 2), slice(0, 2))
OTHER = block(slice(4, 8), slice(2, 6), slice(1, 4))
ANSWER = block(slice(1, 6), slice(1, 4), slice(1, 3))
NEXT_ANSWER = block(slice(1, 5), slice(0, 3), slice(0, 3))


@pytest.fixture
def editor(scene: Any) -> Editor:
    editor = Editor(scene)
    editor.add("ours", OURS)
    editor.add("other", OTHER)
    return editor


@pytest.mark.parametrize("overwrite", ["OverwriteAllSegments", "OverwriteVisibleSegments", "OverwriteNone"])
def test_a_change_is_taken_back_to_the_voxel(editor: Editor, overwrite: str) -> None:
    from AutoLabelLib.scene.segment_change import take_back

    editor.parameters.SetOverwriteMode(getattr(editor.parameters, overwrite))
    before = editor.masks()

    change = editor.add("ours", ANSWER)
    after = editor.masks()

    np.testing.assert_array_equal(after["ours"], OURS | ANSWER)
    lost = OTHER & ANSWER if overwrite != "OverwriteNone" else np.zeros_like(OTHER)
    np.testing.assert_array_equal(after["other"], OTHER & ~lost)
    assert set(change.taken) == ({"other"} if lost.any() else set())

    take_back(editor.node, "ours", change)

    for segment_id, mask in editor.masks().items():
        np.testing.assert_array_equal(mask, before[segment_id], err_msg=segment_id)


def test_what_was_edited_since_stays(editor: Editor) -> None:
    from AutoLabelLib.scene.segment_change import take_back

    change = editor.add("ours", ANSWER)
    own_paint = block(slice(8, 9), slice(6, 7), slice(4, 5))
    editor.add("ours", own_paint)

    take_back(editor.node, "ours", change)

    np.testing.assert_array_equal(editor.masks()["ours"], OURS | own_paint)


def test_a_neighbour_that_is_gone_is_left_out(editor: Editor) -> None:
    from AutoLabelLib.scene.segment_change import take_back

    change = editor.add("ours", ANSWER)
    editor.node.GetSegmentation().RemoveSegment("other")

    take_back(editor.node, "ours", change)

    np.testing.assert_array_equal(editor.masks()["ours"], OURS)


def test_the_step_that_is_shown_is_found_after_undo_and_redo(editor: Editor) -> None:
    from AutoLabelLib.scene.segment_change import before_of, shown_change, take_back

    first = editor.add("ours", ANSWER)
    editor.logic.SaveStateForUndo()
    take_back(editor.node, "ours", first)
    second = editor.add("ours", NEXT_ANSWER)
    before = before_of(editor.node, "ours", [first, second], second)

    def shown() -> int | None:
        return shown_change(editor.node, "ours", before, [first, second])

    assert shown() == 1
    editor.logic.Undo()
    assert shown() == -1  # taken back
    editor.logic.Undo()
    assert shown() == 0
    editor.logic.Redo()
    editor.logic.Redo()
    assert shown() == 1
    editor.add("ours", block(slice(2, 3), slice(3, 4), slice(0, 1)))
    assert shown() is None
