"""The panel Results, driven as a user would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.gui.segmenting import Segmenting, add_image, bright_voxels, module, segmentations, worker

__all__ = ["module", "worker"]


@pytest.fixture
def user(host: Any, module: Any, scene: Any) -> Segmenting:
    """A user who has just segmented the volume "Head" and looks at the result."""
    user = Segmenting(host, module)
    user.choose(add_image(scene))
    user.run()
    user.panel.ui.resultsButton.click()
    return user


def results(user: Segmenting) -> Any:
    return user.panel.panels["results"].ui


def cells(user: Segmenting) -> list[tuple[str, str]]:
    table = results(user).segmentTable
    return [(table.item(row, 0).text(), table.item(row, 1).text()) for row in range(table.rowCount)]


def test_the_last_run_is_told(user: Segmenting) -> None:
    ui = results(user)
    assert not user.panel.ui.resultsSection.collapsed
    assert ui.segmentationBox.currentNode().GetName() == "Head segmentation"
    assert cells(user) == [("Bright", "0.214"), ("Blinding", "0")]
    assert ui.modelValue.text == "bright_mr 2.0"
    assert ui.deviceValue.text == "cpu, fp32"
    assert ui.secondsValue.text == "2.0 s (load 0.5 s, network 1.5 s)"
    assert ui.warningsValue.text == "Brightness is not anatomy."
    assert ui.dateValue.text.startswith("20")
    assert not ui.regionValue.isVisibleTo(ui.detailsWidget)
    assert ui.emptyLabel.text == ""


def test_volumes_follow_what_the_user_edits(user: Segmenting, scene: Any) -> None:
    from AutoLabelLib.scene.segment_update import update_segment

    node, volume = segmentations(scene)[0], scene.GetFirstNodeByName("Head")
    mask = bright_voxels(node, volume)
    mask[:] = False
    mask[0, 0, 0] = True
    update_segment(node, node.GetSegmentation().GetNthSegmentID(0), mask, volume)
    user.host.wait_until(lambda: cells(user)[0][1] == "0.001")


def test_a_click_brings_a_segment_into_the_views(user: Segmenting, scene: Any) -> None:
    from AutoLabelLib.core.affine import index_from_ras

    volume = scene.GetFirstNodeByName("Head")
    slice_node = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    results(user).segmentTable.cellClicked.emit(0, 0)
    matrix = slice_node.GetSliceToRAS()
    center = [matrix.GetElement(row, 3) for row in range(3)]
    index = np.round(index_from_ras(np.eye(4), center)).astype(int)
    assert bright_voxels(segmentations(scene)[0], volume)[tuple(index)]
    assert camera.GetFocalPoint() == pytest.approx(center)


def test_an_empty_segment_has_nowhere_to_go(user: Segmenting) -> None:
    results(user).segmentTable.cellClicked.emit(1, 0)
    assert user.status == "“Blinding” has no voxels to go to."


def test_the_full_record_can_be_copied(user: Segmenting, host: Any) -> None:
    results(user).copyButton.click()
    text = host.slicer.app.clipboard().text()
    assert text.startswith("Segment: Bright\nModel: bright_mr\n")
    assert "PhaseSeconds" in text


def test_the_chosen_segment_is_told_about(user: Segmenting) -> None:
    results(user).segmentTable.setCurrentCell(1, 0)
    assert results(user).recordText.plainText.startswith("Segment: Blinding")


def test_a_scene_that_is_opened_again_still_tells(user: Segmenting, scene: Any, tmp_path: Any) -> None:
    scene.SetURL(str(tmp_path / "scene.mrml"))
    node = segmentations(scene)[0]
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(tmp_path / "head.seg.nrrd"))
    assert node.GetStorageNode().WriteData(node)
    scene.Commit()
    scene.Clear(False)
    assert cells(user) == []
    assert results(user).emptyLabel.text.startswith("Nothing to show yet")
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Connect()
    user.module.enter()
    user.host.process_events()
    assert cells(user) == [("Bright", "0.214"), ("Blinding", "0")]
    assert results(user).modelValue.text == "bright_mr 2.0"


def test_a_segmentation_that_was_drawn_by_hand(user: Segmenting, scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    results(user).segmentationBox.setCurrentNode(node)
    assert results(user).emptyLabel.text == "This segmentation has no segments."
    node.GetSegmentation().AddEmptySegment("", "Liver")
    user.host.wait_until(lambda: cells(user) == [("Liver", "0")])
    assert results(user).emptyLabel.text == "AutoLabel made none of these segments."
    assert not results(user).detailsWidget.isVisibleTo(user.panel.widget)


def test_a_segmentation_that_is_deleted_is_forgotten(user: Segmenting, scene: Any) -> None:
    scene.RemoveNode(segmentations(scene)[0])
    user.host.process_events()
    assert cells(user) == []
    user.panel.ui.resultsButton.click()
    assert "no longer in the scene" in user.status


def test_a_region_is_told(user: Segmenting, scene: Any) -> None:
    user.ui.roiBox.addNode().SetSize(4.0, 7.0, 5.0)
    user.run()
    user.panel.ui.resultsButton.click()
    assert results(user).regionValue.text == "5 × 7 × 5 voxels"
