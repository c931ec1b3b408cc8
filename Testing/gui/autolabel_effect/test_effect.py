"""The effect, used as a user does: the segment follows what is pointed at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.prompt import Box, Lasso, Point, Scribble
from Testing.gui.autolabel_effect.interacting import SHAPE, FakeModel, User
from Testing.slicer_scene import GRIDS, add_transform


def assert_shows_answer(user: User, kept: Any = False) -> None:
    """Fail unless the segment is what the model answers to the prompts, and what was kept."""
    expected = user.expected(*user.conversation.prompts)
    np.testing.assert_array_equal(user.mask(), expected | kept)


def test_a_click_makes_the_segment(user: User) -> None:
    user.click(20, 18, 12)

    assert user.mask().any()
    assert_shows_answer(user)
    assert not user.mask("other").any()
    assert len(user.marks()) == 1
    assert user.listed()[0].startswith("1.  Point, inside")
    assert user.text.endswith("ml. Correct it, or accept it.")


@pytest.mark.parametrize(
    ("grid", "kind"),
    [*((grid, "none") for grid in GRIDS), ("oblique", "linear"), ("left-handed", "thin plate"), ("sheared", "grid")],
)
def test_on_every_grid_and_under_every_transform(host: Any, model: FakeModel, grid: str, kind: str) -> None:
    user = User(host, model, GRIDS[grid], add_transform(host.slicer.mrmlScene, kind))

    user.click(20, 18, 12)
    user.click(25, 18, 12, keys="Shift", view="Yellow")

    first, second = user.conversation.prompts
    np.testing.assert_allclose(first.position_ras_mm, user.world(20, 18, 12), atol=0.8)
    assert (first.positive, second.positive) == (True, False)
    assert user.mask().any()
    assert_shows_answer(user)


def test_in_an_oblique_slice(user: User) -> None:
    node = user.view("Green").mrmlSliceNode()
    node.GetSliceToRAS().DeepCopy((0.8, 0.0, 0.6, 0, 0.36, 0.8, -0.48, 0, -0.48, 0.6, 0.64, 0, 0, 0, 0, 1))
    node.UpdateMatrices()

    user.click(18, 16, 10, view="Green")

    np.testing.assert_allclose(user.conversation.prompts[0].position_ras_mm, user.world(18, 16, 10), atol=0.8)
    assert_shows_answer(user)


def test_a_volume_under_a_transform_that_the_segmentation_has_not(user: User, scene: Any) -> None:
    user.volume.SetAndObserveTransformNodeID(add_transform(scene, "linear").GetID())
    r, a, s = user.world(20, 18, 12)
    user.segmentation.SetReferenceImageGeometryParameterFromVolumeNode(user.volume)

    user.click(20, 18, 12)

    found = np.argwhere(user.mask())
    assert len(found) == pytest.approx(user.expected(Point((r, a, s))).sum(), rel=0.25)
    np.testing.assert_allclose(found.mean(axis=0), (20, 18, 12), atol=1.0)


def test_a_correction_replaces_the_answer_before(user: User) -> None:
    user.click(20, 18, 12)
    user.click(26, 18, 12, keys="Shift")

    assert [prompt.positive for prompt in user.conversation.prompts] == [True, False]
    assert_shows_answer(user)
    assert len(user.marks()) == 2


def test_what_the_segment_held_before_stays(user: User) -> None:
    held = np.zeros(SHAPE, bool)
    held[18:22, 2:20, 11:13] = True
    user.fill("ours", held)

    user.click(20, 18, 12)
    assert_shows_answer(user, held)
    user.click(20, 20, 12, keys="Shift")
    assert_shows_answer(user, held)
    user.press("resetButton")

    np.testing.assert_array_equal(user.mask(), held)


def test_a_box_reaches_as_deep_as_it_is_wide(user: User) -> None:
    user.ui.boxButton.click()
    low, high = user.world(30, 26, 12), user.world(12, 8, 12)

    user.drag(low, tuple(np.mean([low, high], axis=0)), (*high[:2], low[2]))

    (box,) = user.conversation.prompts
    assert isinstance(box, Box)
    sides = np.subtract(box.high_ras_mm, box.low_ras_mm)
    assert sides[2] == pytest.approx(max(sides[:2]), rel=0.05)
    np.testing.assert_allclose(np.add(box.high_ras_mm, box.low_ras_mm) / 2, np.mean([low, high], axis=0), atol=1.0)
    assert user.mask().any()
    assert_shows_answer(user)
    assert user.marks()[0].GetClassName() == "vtkMRMLMarkupsROINode"


def test_a_scribble_and_a_dab(user: User) -> None:
    user.ui.scribbleButton.click()

    user.drag(*[user.world(i, 18, 12) for i in range(10, 22, 2)])
    user.click(28, 20, 12, keys="Shift")

    stroke, dab = user.conversation.prompts
    assert isinstance(stroke, Scribble) and len(stroke.path_ras_mm) >= 5 and stroke.positive
    assert isinstance(dab, Scribble) and len(dab.path_ras_mm) == 1 and not dab.positive
    assert_shows_answer(user)


def test_a_lasso(user: User) -> None:
    user.ui.lassoButton.click()

    user.drag(*[user.world(*corner, 12) for corner in ((10, 10), (24, 10), (24, 22), (10, 22))])

    (loop,) = user.conversation.prompts
    assert isinstance(loop, Lasso)
    assert user.marks()[0].GetClassName() == "vtkMRMLMarkupsClosedCurveNode"


def test_the_same_place_twice_is_one_prompt(user: User) -> None:
    user.click(20, 18, 12)
    user.click(20, 18, 12)

    assert len(user.conversation.prompts) == len(user.marks()) == len(user.model.questions) == 1


def test_the_segments_tags_say_how_it_was_made(user: User) -> None:
    import vtk

    user.click(20, 18, 12)
    segment, text = user.segmentation.GetSegmentation().GetSegment("ours"), vtk.reference("")
    assert segment.GetTag("AutoLabel.Model", text) and str(text) == "any_structure"

    user.press("resetButton")
    assert not segment.HasTag("AutoLabel.Model")


def test_the_model_sees_a_volume_only_once(user: User) -> None:
    for i in (14, 18, 22):
        user.click(i, 18, 12)

    assert len(user.model.sessions) == 1


def test_marks_are_dragged_and_deleted_in_the_views(user: User) -> None:
    user.click(20, 18, 12)
    user.click(28, 18, 12)
    moved, deleted = user.marks()

    moved.SetNthControlPointPosition(0, *user.world(12, 18, 12))
    user.settle()
    assert_shows_answer(user)
    np.testing.assert_allclose(user.conversation.prompts[0].position_ras_mm, user.world(12, 18, 12), atol=1e-3)

    deleted.RemoveNthControlPoint(0)
    user.settle()
    assert len(user.conversation.prompts) == 1
    assert_shows_answer(user)

    user.slicer.mrmlScene.RemoveNode(moved)
    user.settle()
    assert not user.conversation.prompts
    assert not user.mask().any()
