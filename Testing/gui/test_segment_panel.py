"""The panel Segment, driven as a user would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.gui.segmenting import (
    Segmenting,
    add_image,
    bright_voxels,
    module,
    segment_names,
    segmentations,
    worker,
    write_bundle,
)
from Testing.slicer_scene import GRIDS

__all__ = ["module", "worker"]


@pytest.fixture
def user(host: Any, module: Any) -> Segmenting:
    return Segmenting(host, module)


def values(volume: Any) -> Any:
    from AutoLabelLib.scene.volumes import image_from_volume

    return image_from_volume(volume).array[0]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_volume_is_segmented(user: Segmenting, scene: Any, grid: str) -> None:
    volume = add_image(scene, affine=GRIDS[grid])
    user.choose(volume)
    user.run()
    (node,) = segmentations(scene)
    assert node.GetName() == "Head segmentation"
    np.testing.assert_array_equal(bright_voxels(node, volume), values(volume) > 100)
    assert user.status.startswith("1 segment in ")
    assert "Not found: Blinding." in user.status
    assert "Brightness is not anatomy." in user.status


def test_the_volume_that_is_there_and_the_model_that_fits_are_chosen_at_once(user: Segmenting, scene: Any) -> None:
    add_image(scene, modality="CT")
    user.module.enter()
    assert user.module.logic.getParameterNode().inputVolume.GetName() == "Head"
    assert user.module.logic.getParameterNode().modelName == "bright_ct"
    assert user.ui.runButton.enabled


def test_each_model_says_what_it_is_and_why_it_cannot_be_used(user: Segmenting, scene: Any) -> None:
    user.ui.volumeBox.setCurrentNode(add_image(scene))
    first = user.models[0]
    assert first.startswith(("bright_mr (MR, Everything)", "hippocampus_mr (MR, Hippocampus)"))
    nodule = next(text for text in user.models if text.startswith("lung_nodule_ct"))
    assert nodule.endswith("Needs a click: use Interactive")
    other = next(text for text in user.models if text.startswith("bright_ct"))
    assert other.endswith("Made for CT, but the volume is MR")
    assert "What is brighter than 100 on CT." in other


@pytest.mark.parametrize("model", ["lung_nodule_ct", "bright_ct"])
def test_what_cannot_run_says_why_on_the_button_and_below_it(user: Segmenting, scene: Any, model: str) -> None:
    user.choose(add_image(scene), model)
    assert not user.ui.runButton.enabled
    assert ("click" if model == "lung_nodule_ct" else "the volume is MR") in user.reason
    assert user.ui.runButton.toolTip == user.reason


def test_a_model_that_needs_a_click_is_passed_on_to_the_panel_interactive(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    assert not user.ui.interactiveButton.isVisibleTo(user.panel.widget)
    user.choose(add_image(scene), "lung_nodule_ct")
    assert user.ui.interactiveButton.isVisibleTo(user.panel.widget)
    user.ui.interactiveButton.click()
    assert not user.panel.ui.interactiveSection.collapsed
    assert user.module.logic.getParameterNode().interactiveModel == "lung_nodule_ct"


def test_models_are_searched_and_filtered(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    user.ui.searchBox.text = "brighter ct"
    assert [text.split(" ")[0] for text in user.models] == ["bright_ct"]
    assert user.reason == "Choose a model."
    assert not user.ui.runButton.enabled
    user.ui.searchBox.text = ""
    assert user.ui.runButton.enabled
    user.ui.modalityFilterBox.currentIndex = user.ui.modalityFilterBox.findText("CT")
    assert not any(text.startswith(("bright_mr", "hippocampus")) for text in user.models)
    assert user.module.logic.getParameterNode().modalityFilter == "CT"
    user.ui.modalityFilterBox.currentIndex = 0
    user.ui.anatomyFilterBox.currentIndex = user.ui.anatomyFilterBox.findText("Hippocampus")
    shown = [text.split(" ")[0] for text in user.models]
    assert shown == ["hippocampus_mr", "any_structure"]  # the latter is for any body part, and needs a click


def test_a_model_that_is_installed_later_is_listed(user: Segmenting) -> None:
    write_bundle("bright_pt", "PT")
    user.panel.shared.models_changed()
    assert any(text.startswith("bright_pt") for text in user.models)


def test_a_volume_that_does_not_say_its_modality_is_taken_as_the_models(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene, modality=""))
    assert user.ui.modalityBox.isVisibleTo(user.panel.widget)
    assert user.ui.modalityBox.currentText == "Not said: taken as MR"
    assert "does not say its modality" in user.reason
    user.run()
    assert len(segmentations(scene)) == 1


def test_the_user_knows_the_modality(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene, modality=""))
    user.ui.modalityBox.currentIndex = user.ui.modalityBox.findText("CT")
    assert not user.ui.runButton.enabled
    assert "made for MR, but the volume is CT" in user.reason


def test_a_volume_that_says_its_modality_is_not_asked_for_it(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    assert not user.ui.modalityBox.isVisibleTo(user.panel.widget)
    assert user.reason == ""


def test_a_region_made_here_covers_the_volume_and_limits_the_result(user: Segmenting, scene: Any) -> None:
    volume = add_image(scene)
    user.choose(volume)
    roi = user.ui.roiBox.addNode()
    assert roi.GetSize() == (9.0, 7.0, 5.0)
    roi.SetSize(4.0, 7.0, 5.0)
    roi.SetCenter(3.5, 3.0, 2.0)  # voxels 2 to 5 along i
    user.run()
    expected = values(volume) > 100
    expected[:2] = expected[6:] = False
    np.testing.assert_array_equal(bright_voxels(segmentations(scene)[0], volume), expected)


def test_a_region_beside_the_volume_says_so(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    roi = user.ui.roiBox.addNode()
    roi.SetCenter(1000.0, 0.0, 0.0)
    assert not user.ui.runButton.enabled
    assert "outside of the volume" in user.reason
    roi.SetCenter(4.0, 3.0, 2.0)
    assert user.ui.runButton.enabled


def test_segments_of_the_same_name_are_replaced_or_kept_as_the_panel_says(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    assert not user.ui.sameNameBox.isVisibleTo(user.panel.widget)
    assert "new segmentation" in user.ui.policyLabel.text
    user.run()
    (node,) = segmentations(scene)
    user.ui.outputBox.setCurrentNode(node)
    assert user.ui.sameNameBox.isVisibleTo(user.panel.widget)
    assert "get the new voxels" in user.ui.policyLabel.text
    user.run()
    assert segment_names(node) == ["Bright", "Blinding"]
    user.ui.sameNameBox.currentIndex = 1
    assert "gets a number" in user.ui.policyLabel.text
    user.run()
    assert segment_names(node) == ["Bright", "Blinding", "Bright 2", "Blinding 2"]
    assert len(segmentations(scene)) == 1


def test_the_device_belongs_to_the_user_not_to_the_scene(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    user.ui.deviceBox.currentIndex = 1
    scene.Clear(False)
    user.host.process_events()
    user.module.enter()
    user.choose(add_image(scene))
    pending = user.panel.runner
    user.start()
    assert pending._pending.handle.job.options["device"] == "cpu"
    user.wait()
    assert user.panel.shared.settings.device == "cpu"


def test_progress_is_shown_while_it_runs(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    user.start_long_job()
    row = user.panel.ui
    assert user.status == "Segmenting Head: 40 % (tile 2 of 5)"
    assert row.progressBar.value == 40
    assert row.cancelButton.isVisibleTo(user.panel.widget)
    assert not user.ui.runButton.enabled
    assert user.reason == "Segmenting Head is not finished yet."
    row.cancelButton.click()
    assert not row.cancelButton.enabled
    user.wait()
    assert user.status == "Cancelled: nothing was written."
    assert not row.progressBar.isVisibleTo(user.panel.widget)
    assert segmentations(scene) == []
    assert user.ui.runButton.enabled


def test_a_saved_scene_opens_with_its_choices(user: Segmenting, scene: Any, host: Any, tmp_path: Any) -> None:
    volume = add_image(scene)
    user.choose(volume, "hippocampus_mr")
    user.choose(volume)
    user.ui.roiBox.addNode()
    user.run()
    user.ui.outputBox.setCurrentNode(segmentations(scene)[0])
    user.ui.sameNameBox.currentIndex = 1
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Commit()
    scene.Clear(False)
    user.host.process_events()
    assert user.ui.volumeBox.currentNode() is None
    assert user.ui.sameNameBox.currentIndex == 0
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Connect()
    user.host.process_events()
    user.module.enter()
    parameters = user.module.logic.getParameterNode()
    assert (parameters.inputVolume.GetName(), parameters.modelName) == ("Head", "bright_mr")
    assert parameters.roi is not None
    assert parameters.outputSegmentation.GetName() == "Head segmentation"
    assert parameters.sameName == "add"
    assert user.ui.volumeBox.currentNode().GetName() == "Head"
    assert user.ui.sameNameBox.currentIndex == 1


def test_a_volume_that_is_loaded_later_is_chosen_at_once(user: Segmenting, scene: Any) -> None:
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    assert labels is not None
    user.host.process_events(0.05)
    assert user.ui.volumeBox.currentNode() is None
    add_image(scene)
    user.host.process_events(0.05)
    assert user.ui.volumeBox.currentNode().GetName() == "Head"
    add_image(scene, "Other")
    user.host.process_events(0.05)
    assert user.ui.volumeBox.currentNode().GetName() == "Head"


def test_tab_goes_from_top_to_bottom(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    user.run()
    user.ui.outputBox.setCurrentNode(segmentations(scene)[0])
    user.host.process_events()
    heights = []
    widget = user.ui.searchBox.nextInFocusChain()
    while widget is not None and widget.name != "searchBox":
        inside = user.panel.panels["segment"].widget.isAncestorOf(widget)
        if inside and int(widget.focusPolicy) & 1 and widget.isVisibleTo(user.panel.widget):
            heights.append(widget.mapTo(user.panel.panels["segment"].widget, qt_point(0, 0)).y())
        widget = widget.nextInFocusChain()
    start = heights.index(min(heights))
    from_the_top = heights[start:] + heights[:start]
    assert len(heights) >= 8
    assert from_the_top == sorted(from_the_top)


def qt_point(x: int, y: int) -> Any:
    import qt

    return qt.QPoint(x, y)


def test_everything_that_can_be_changed_explains_itself(user: Segmenting) -> None:
    names = ("volumeBox", "modalityBox", "searchBox", "modalityFilterBox", "anatomyFilterBox", "modelList", "roiBox")
    for name in (*names, "outputBox", "sameNameBox", "deviceBox", "runButton", "interactiveButton"):
        assert getattr(user.ui, name).toolTip
