"""Prompts as markups: seen, moved and deleted in the views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompt, Scribble

POINT, OUTSIDE = Point((1.0, 2.0, 3.0)), Point((4.0, 5.0, 6.0), False)
BOX = Box((0.0, 0.0, 0.0), (10.0, 20.0, 30.0))
STROKE = Scribble(((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)))
DAB = Scribble(((7.0, 8.0, 9.0),), False)
LOOP = Lasso(((0.0, 0.0, 0.0), (9.0, 0.0, 0.0), (0.0, 9.0, 0.0)), False)
ALL: list[Prompt] = [POINT, OUTSIDE, BOX, STROKE, DAB, LOOP]


class User:
    """Marks in a scene, and what is told of them."""

    def __init__(self) -> None:
        from AutoLabelLib.scene.prompt_marks import PromptMarks

        self.news: list[Any] = []
        self.marks = PromptMarks(lambda *both: self.news.append(both), lambda prompt: self.news.append(prompt))
        self.marks.show(ALL)

    def node(self, prompt: Prompt) -> Any:
        node = self.marks.node_of(prompt)
        assert node is not None
        return node


@pytest.fixture
def user(scene: Any) -> User:
    return User()


def count(scene: Any) -> int:
    return sum(scene.GetNumberOfNodesByClass(f"vtkMRMLMarkups{kind}Node") for kind in ("", "Display"))


def test_each_kind_has_its_own_mark_in_its_place(user: User, scene: Any) -> None:
    kinds = [user.node(prompt).GetClassName().removeprefix("vtkMRMLMarkups") for prompt in ALL]

    assert kinds == ["FiducialNode", "FiducialNode", "ROINode", "CurveNode", "FiducialNode", "ClosedCurveNode"]
    assert tuple(user.node(OUTSIDE).GetNthControlPointPositionWorld(0)) == OUTSIDE.position_ras_mm
    assert user.node(STROKE).GetNumberOfControlPoints() == 3
    assert list(user.node(BOX).GetCenter()) == [5.0, 10.0, 15.0]
    assert user.news == []


def test_inside_is_green_and_outside_red_and_of_another_shape(user: User) -> None:
    inside, outside = (user.node(prompt).GetDisplayNode() for prompt in (POINT, OUTSIDE))

    assert inside.GetSelectedColor()[1] > 0.7 > inside.GetSelectedColor()[0]
    assert outside.GetSelectedColor()[0] > 0.7 > outside.GetSelectedColor()[1]
    assert inside.GetGlyphType() != outside.GetGlyphType()


def test_only_what_changed_is_made_anew(user: User) -> None:
    kept = user.node(BOX)

    user.marks.show([BOX, POINT])

    assert user.marks.node_of(BOX) is kept
    assert user.marks.node_of(STROKE) is None


def test_a_dragged_point_is_told_when_it_is_dropped(user: User) -> None:
    node = user.node(POINT)

    node.InvokeEvent(node.PointStartInteractionEvent)
    node.SetNthControlPointPosition(0, 5.0, 2.0, 3.0)
    assert user.news == []
    node.InvokeEvent(node.PointEndInteractionEvent)

    assert user.news == [(POINT, Point((5.0, 2.0, 3.0)))]


def test_a_box_that_is_resized_is_told(user: User) -> None:
    node = user.node(BOX)

    node.InvokeEvent(node.PointStartInteractionEvent)
    node.SetSize(12.0, 20.0, 30.0)
    node.InvokeEvent(node.PointEndInteractionEvent)

    assert user.news == [(BOX, Box((-1.0, 0.0, 0.0), (11.0, 20.0, 30.0)))]


def test_a_point_that_is_deleted_in_a_view_is_told(user: User) -> None:
    user.node(OUTSIDE).RemoveNthControlPoint(0)

    assert user.news == [OUTSIDE]
    assert user.marks.node_of(OUTSIDE) is None


def test_a_mark_that_is_removed_from_the_scene_is_told(user: User, scene: Any) -> None:
    scene.RemoveNode(user.node(LOOP))

    assert user.news == [LOOP]


def test_our_own_changes_are_not_told(user: User, scene: Any) -> None:
    user.marks.show([POINT])
    user.marks.clear()

    assert user.news == []
    assert count(scene) == 0


def test_marks_are_in_no_list_and_in_no_saved_scene(user: User, scene: Any, tmp_path: Path) -> None:
    assert all(user.node(prompt).GetHideFromEditors() for prompt in ALL)
    path = tmp_path / "scene.mrml"
    scene.SetURL(str(path))
    scene.Commit()

    assert "Markups" not in path.read_text(encoding="utf-8")


def test_the_users_own_list_stays_the_one_that_is_added_to(scene: Any) -> None:
    own = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "the user's")
    selection_node = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    assert selection_node.GetActivePlaceNodeID() == own.GetID()

    user = User()

    assert selection_node.GetActivePlaceNodeID() == own.GetID()
    assert selection_node.GetActivePlaceNodeClassName() == "vtkMRMLMarkupsLineNode"
    user.marks.close()


def test_closing_the_scene_is_no_wish_to_delete(user: User, scene: Any) -> None:
    scene.Clear(False)
    assert user.news == []

    user.marks.show([POINT])
    assert user.marks.node_of(POINT) is not None
    user.marks.close()
    assert count(scene) == 0


def test_a_mark_under_the_mouse_is_known(user: User) -> None:
    assert user.marks.touched() is None

    display_node = user.node(BOX).GetDisplayNode()
    display_node.SetActiveComponent(display_node.ComponentScaleHandle, 0)

    assert user.marks.touched() == BOX


def test_the_middle_of_a_box_takes_no_click(user: User) -> None:
    node = user.node(BOX)

    assert not node.GetNthControlPointVisibility(0)
    assert not node.GetDisplayNode().GetTranslationHandleVisibility()
    assert node.GetDisplayNode().GetScaleHandleVisibility()


def test_the_selected_one_is_larger(user: User) -> None:
    user.marks.highlight(POINT)
    chosen, other = (user.node(prompt).GetDisplayNode().GetGlyphScale() for prompt in (POINT, OUTSIDE))
    assert chosen > other

    user.marks.highlight(STROKE)
    assert user.node(STROKE).GetDisplayNode().GetLineDiameter() > user.node(LOOP).GetDisplayNode().GetLineDiameter()

    user.marks.highlight(None)
    assert user.node(POINT).GetDisplayNode().GetGlyphScale() == other
