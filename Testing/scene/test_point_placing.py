"""One click in a view: asked for, taken, and everything as it was before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from AutoLabelLib.scene.point_placing import PointPlacing

later: list[Callable[[], None]] = []
"""What waits for the end of the event."""


@pytest.fixture
def placing(scene: Any) -> tuple[PointPlacing, list[Any]]:
    told: list[Any] = []
    later.clear()
    selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsLineNode")
    return PointPlacing("Here", scene, told.append, lambda: told.append("ended"), later.append), told


def mouse(scene: Any) -> Any:
    return scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")


def as_before(scene: Any) -> None:
    selection = scene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    assert selection.GetActivePlaceNodeClassName() == "vtkMRMLMarkupsLineNode"
    assert mouse(scene).GetCurrentInteractionMode() == mouse(scene).ViewTransform
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0


def test_a_click_is_told_in_the_world(scene: Any, placing: tuple[PointPlacing, list[Any]]) -> None:
    _, told = placing
    node = scene.GetNthNodeByClass(0, "vtkMRMLMarkupsFiducialNode")
    node.AddControlPoint(1, 2, 3)
    assert not told  # the point must not go while its own event lasts
    for call in later:
        call()
    assert told == ["ended", (1, 2, 3)]
    as_before(scene)


def test_it_can_be_ended_by_the_program_and_by_the_user(scene: Any, placing: tuple[PointPlacing, list[Any]]) -> None:
    waiting, told = placing
    mouse(scene).SwitchToViewTransformMode()
    waiting.end()
    assert told == ["ended"]
    as_before(scene)
