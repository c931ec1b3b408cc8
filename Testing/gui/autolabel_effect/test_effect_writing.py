"""Slicer's masking, overwrite modes, intensity range and undo hold for what the effect writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.gui.autolabel_effect.interacting import SHAPE, User


def half(start: int) -> NDArray[np.bool_]:
    """Return a block that cuts through what is pointed at."""
    mask = np.zeros(SHAPE, bool)
    mask[start : start + 12, 4:32, 6:18] = True
    return mask


OTHER = half(20)


@pytest.fixture
def neighbour(user: User) -> NDArray[np.bool_]:
    user.fill("other", OTHER)
    return OTHER


@pytest.mark.parametrize("overwrite", ["OverwriteAllSegments", "OverwriteVisibleSegments", "OverwriteNone"])
@pytest.mark.parametrize("visible", [True, False])
def test_neighbours_lose_only_what_the_overwrite_mode_says(
    user: User, neighbour: NDArray[np.bool_], overwrite: str, visible: bool
) -> None:
    user.parameters.SetOverwriteMode(getattr(user.parameters, overwrite))
    user.segmentation.GetDisplayNode().SetSegmentVisibility("other", visible)

    user.click(20, 18, 12)

    answer = user.expected(*user.conversation.prompts)
    assert (answer & neighbour).any()
    np.testing.assert_array_equal(user.mask(), answer)
    is_erased = overwrite == "OverwriteAllSegments" or (overwrite == "OverwriteVisibleSegments" and visible)
    np.testing.assert_array_equal(user.mask("other"), neighbour & ~answer if is_erased else neighbour)

    user.click(23, 18, 12, keys="Shift")
    answer = user.expected(*user.conversation.prompts)
    np.testing.assert_array_equal(user.mask(), answer)
    np.testing.assert_array_equal(user.mask("other"), neighbour & ~answer if is_erased else neighbour)

    user.press("resetButton")
    np.testing.assert_array_equal(user.mask("other"), neighbour)
    assert not user.mask().any()


@pytest.mark.parametrize(
    ("mode", "inside"),
    [
        ("EditAllowedEverywhere", None),
        ("EditAllowedInsideAllSegments", True),
        ("EditAllowedInsideVisibleSegments", True),
        ("EditAllowedOutsideAllSegments", False),
        ("EditAllowedOutsideVisibleSegments", False),
        ("EditAllowedInsideSingleSegment", True),
    ],
)
def test_only_where_the_mask_allows(user: User, neighbour: NDArray[np.bool_], mode: str, inside: bool | None) -> None:
    user.parameters.SetMaskMode(getattr(user.slicer.vtkMRMLSegmentationNode, mode))
    user.parameters.SetMaskSegmentID("other")
    user.parameters.SetOverwriteMode(user.parameters.OverwriteNone)

    for index, keys in ((20, ""), (17, "Shift"), (24, "")):
        user.click(index, 18, 12, keys=keys)
        answer = user.expected(*user.conversation.prompts)
        allowed = answer if inside is None else answer & neighbour if inside else answer & ~neighbour
        np.testing.assert_array_equal(user.mask(), allowed)
        np.testing.assert_array_equal(user.mask("other"), neighbour)


def test_only_in_the_editable_intensity_range(user: User) -> None:
    from AutoLabelLib.scene.voxels import view_of

    user.parameters.SetSourceVolumeIntensityMask(True)
    user.parameters.SetSourceVolumeIntensityMaskRange(0.0, 400.0)
    voxels = view_of(user.volume.GetImageData())[0]

    for index, keys in ((20, ""), (24, "Shift")):
        user.click(index, 18, 12, keys=keys)
        answer = user.expected(*user.conversation.prompts)
        np.testing.assert_array_equal(user.mask(), answer & (voxels >= 0) & (voxels <= 400))


def test_a_mask_that_allows_nothing_is_said(user: User) -> None:
    user.parameters.SetMaskMode(user.slicer.vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment)
    user.parameters.SetMaskSegmentID("other")

    user.click(20, 18, 12)

    assert not user.mask().any()
    assert user.text == "The masking settings allow no editing where this was found."
    assert not user.ui.acceptButton.enabled


def test_slicers_undo_and_redo_take_the_prompts_along(user: User, neighbour: NDArray[np.bool_]) -> None:
    user.click(20, 18, 12)
    user.click(24, 18, 12)
    user.click(22, 22, 12, keys="Shift")
    states = {len(user.conversation.prompts): user.mask()}

    for left in (2, 1, 0):
        user.editor.undo()
        user.settle()
        assert len(user.conversation.prompts) == len(user.marks()) == len(user.listed()) == left
        states[left] = user.mask()
        np.testing.assert_array_equal(user.mask("other"), neighbour & ~states[left])
    assert not states[0].any()
    for again in (1, 2, 3):
        user.editor.redo()
        user.settle()
        assert len(user.conversation.prompts) == again
        np.testing.assert_array_equal(user.mask(), states[again])
    assert len(user.model.questions) == 3


def test_after_an_undo_the_next_prompt_goes_on_from_there(user: User) -> None:
    user.click(20, 18, 12)
    user.click(28, 18, 12)
    user.editor.undo()
    user.settle()

    user.click(20, 26, 12)

    assert len(user.conversation.prompts) == 2
    np.testing.assert_array_equal(user.mask(), user.expected(*user.conversation.prompts))


def test_another_edit_of_the_segment_ends_the_object(user: User) -> None:
    user.click(20, 18, 12)
    painted = user.mask() | half(2)

    user.fill("ours", painted)

    assert not user.marks()
    assert user.text == "The segment was edited otherwise: the prompts were put away."
    np.testing.assert_array_equal(user.mask(), painted)


def test_own_undo_and_redo_ask_nothing_anew(user: User) -> None:
    user.click(20, 18, 12)
    first = user.mask()
    user.click(28, 18, 12)
    second = user.mask()

    user.press("undoButton")
    np.testing.assert_array_equal(user.mask(), first)
    assert len(user.listed()) == 1
    user.press("redoButton")
    np.testing.assert_array_equal(user.mask(), second)
    user.press("undoButton")
    user.press("undoButton")
    assert not user.mask().any()
    assert not user.ui.undoButton.enabled

    assert len(user.model.questions) == 2


def test_prompts_are_removed_one_by_one(user: User) -> None:
    for i in (14, 20, 26):
        user.click(i, 18, 12)
    user.ui.promptList.currentRow = 1
    user.press("removeButton")

    assert [round(p.position_ras_mm[0]) for p in user.conversation.prompts] == [
        round(user.world(i, 18, 12)[0]) for i in (14, 26)
    ]
    np.testing.assert_array_equal(user.mask(), user.expected(*user.conversation.prompts))


def test_selecting_a_prompt_shows_it(user: User) -> None:
    user.click(14, 12, 5)
    user.click(26, 18, 20)

    user.ui.promptList.currentRow = 0

    offset = user.view("Red").mrmlSliceNode().GetSliceToRAS().GetElement(2, 3)
    assert offset == pytest.approx(user.world(14, 12, 5)[2], abs=0.5)
    chosen, other = (mark.GetDisplayNode().GetGlyphScale() for mark in user.marks())
    assert chosen > other


def test_accept_keeps_the_segment_and_the_next_object_is_added(user: User) -> None:
    user.click(14, 12, 8)
    first = user.mask()

    user.press("acceptButton")
    assert user.text == "Accepted. Point at the next object."
    assert not user.marks() and not user.listed()
    user.click(28, 24, 16)
    second = user.expected(*user.conversation.prompts)
    np.testing.assert_array_equal(user.mask(), first | second)
    user.press("resetButton")

    np.testing.assert_array_equal(user.mask(), first)


def test_each_accepted_object_in_a_segment_of_its_own(user: User) -> None:
    segmentation = user.segmentation.GetSegmentation()
    segmentation.GetSegment("ours").SetName("Nodule")
    segmentation.GetSegment("ours").SetTerminology("the same~for~all")
    user.ui.newSegmentBox.checked = True
    user.click(14, 12, 8)
    first = user.mask()

    user.press("acceptButton")
    user.click(28, 24, 16)

    new_id = user.parameters.GetSelectedSegmentID()
    new = segmentation.GetSegment(new_id)
    assert new_id not in ("ours", "other")
    assert (new.GetName(), new.GetTerminology()) == ("Nodule 2", "the same~for~all")
    np.testing.assert_array_equal(user.mask("ours"), first)
    np.testing.assert_array_equal(user.mask(new_id), user.expected(*user.conversation.prompts))


def test_surfaces_follow(user: User) -> None:
    user.segmentation.CreateClosedSurfaceRepresentation()

    def surface() -> Any:
        return user.segmentation.GetClosedSurfaceInternalRepresentation("ours")

    user.click(20, 18, 12)
    first = surface().GetBounds()
    user.click(30, 18, 12)

    assert surface().GetBounds() != first
