"""The scene without an application: it is Slicer's, and never replaces the user's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.scene import headless


def test_the_scene_is_made_once(slicer: Any, scene: Any) -> None:
    assert headless.headless_scene() is scene
    assert slicer.mrmlScene is scene


def test_a_fresh_scene_is_empty(slicer: Any, scene: Any) -> None:
    scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")

    fresh = headless.headless_scene(fresh=True)

    assert fresh is not scene
    assert fresh.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_inside_slicer_the_scene_is_the_users(slicer: Any, scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicer, "app", SimpleNamespace(applicationLogic=lambda: "its logic"), raising=False)

    assert headless.headless_scene(fresh=True) is scene
    assert headless.application_logic() == "its logic"


def test_slicers_own_array_functions_work(slicer: Any, scene: Any) -> None:
    volume_node = slicer.util.addVolumeFromArray(np.zeros((3, 4, 5), np.uint8))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segment_id = node.GetSegmentation().AddEmptySegment("tumour")
    mask = np.zeros((3, 4, 5), np.uint8)
    mask[1, 2, 3] = 1

    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment_id, volume_node)

    found = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume_node)
    np.testing.assert_array_equal(found, mask)


def test_starting_says_nothing(scene: Any, capfd: pytest.CaptureFixture[str]) -> None:
    headless.headless_scene(fresh=True)

    assert capfd.readouterr().err == ""


def test_warnings_are_on_again_afterwards(slicer: Any, scene: Any) -> None:
    assert slicer.vtkMRMLScene.GetGlobalWarningDisplay()


def test_colours_are_there_for_volumes_and_labels(scene: Any) -> None:
    assert scene.GetNodeByID("vtkMRMLColorTableNodeGrey") is not None
    assert headless.application_logic().GetMRMLScene() is scene
