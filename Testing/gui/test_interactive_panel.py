"""The panel Interactive: from a volume and a model to the first click in the Segment Editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.image import Image
from Testing.gui.autolabel_effect.interacting import ANYTHING, AUTOMATIC, CLICKS_ON_CT, ROOT
from Testing.host.pictures import cut_texts
from Testing.slicer_scene import GRIDS, add_transform


@pytest.fixture
def volume(host: Any, scene: Any) -> Any:
    from AutoLabelLib.scene.volumes import volume_from_image

    voxels = np.arange(12 * 11 * 10, dtype=np.int16).reshape(1, 12, 11, 10)
    return volume_from_image(Image(voxels, GRIDS["oblique"], "MR"), "Head")


@pytest.fixture
def panel(host: Any, volume: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The panel in the module, with the Segment Editor beside it."""
    monkeypatch.setattr("AutoLabelLib.core.catalogue.models", lambda *a, **k: [AUTOMATIC, CLICKS_ON_CT, ANYTHING])
    host.load_module(ROOT / "AutoLabel" / "SegmentEditorAutoLabel.py")
    module = host.load_module(ROOT / "AutoLabel" / "AutoLabel.py")
    host.start_up()
    host.segment_editor()
    host.slicer.util.selectModule("")
    widget = host.open_module(module)
    panel = widget.panel.panels["interactive"]
    widget.panel.open_panel("interactive")
    panel._parameters.inputVolume = volume
    host.process_events()
    return panel


def test_start_opens_the_editor_ready_for_the_first_click(host: Any, panel: Any, volume: Any) -> None:
    assert panel.ui.startButton.enabled
    panel.ui.startButton.click()
    host.process_events()

    editor = host.segment_editor()
    node = editor.segmentationNode()
    assert host.slicer.util.selectedModule() == "SegmentEditor"
    assert editor.sourceVolumeNode() is volume
    assert node.GetName() == "Head segmentation"
    assert node.GetSegmentation().GetNumberOfSegments() == 1
    assert editor.currentSegmentID() == node.GetSegmentation().GetNthSegmentID(0)
    effect = editor.activeEffect()
    assert effect.name == "AutoLabel"
    assert effect.parameter("Model") == "any_structure"
    assert effect.self().session.panel.ui.statusLabel.text.startswith("Click inside the object")


def test_a_second_start_goes_on_with_the_same_segmentation(host: Any, panel: Any) -> None:
    nodes = []
    for _ in range(2):
        panel.ui.startButton.click()
        host.process_events()
        nodes.append(host.segment_editor().segmentationNode())
        host.slicer.util.selectModule("AutoLabel")

    assert nodes[0] is nodes[1]
    assert nodes[0].GetSegmentation().GetNumberOfSegments() == 1


def test_results_are_about_what_is_being_segmented(host: Any, panel: Any) -> None:
    panel.ui.startButton.click()
    host.process_events()
    assert panel._parameters.shownSegmentation is host.segment_editor().segmentationNode()


def test_an_existing_segmentation_keeps_its_segments(host: Any, panel: Any, scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    node.GetSegmentation().AddEmptySegment("liver", "liver")
    panel.ui.segmentationBox.setCurrentNode(node)

    panel.ui.startButton.click()
    host.process_events()

    assert host.segment_editor().segmentationNode() is node
    assert list(node.GetSegmentation().GetSegmentIDs()) == ["liver"]


@pytest.mark.parametrize("kind", ["linear", "grid"])
def test_a_new_segmentation_goes_under_the_volumes_transform(
    host: Any, panel: Any, volume: Any, scene: Any, kind: str
) -> None:
    volume.SetAndObserveTransformNodeID(add_transform(scene, kind).GetID())

    panel.ui.startButton.click()
    host.process_events()

    node = host.segment_editor().segmentationNode()
    assert node.GetTransformNodeID() == volume.GetTransformNodeID()


def test_a_model_that_does_not_take_the_volume_says_why(host: Any, panel: Any) -> None:
    panel.ui.modelBox.currentIndex = 1
    host.process_events()

    assert not panel.ui.startButton.enabled
    assert panel.ui.whyLabel.text.startswith('"lung_nodule_ct" was made for CT, but the volume is MR.')
    assert panel.ui.startButton.toolTip == panel.ui.whyLabel.text
    assert panel._parameters.interactiveModel == "lung_nodule_ct"


def test_without_a_volume_it_says_what_to_do(host: Any, panel: Any) -> None:
    panel._parameters.inputVolume = None
    host.process_events()

    assert not panel.ui.startButton.enabled
    assert panel.ui.whyLabel.text == "Load a volume, and choose it above."


def test_a_slicer_without_the_effect_says_so(host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AutoLabelLib.gui.interactive_panel.EFFECT", "Nothing")
    said: list[str] = []
    object.__setattr__(panel._shared, "report", said.append)

    panel.ui.startButton.click()

    assert said[-1].startswith("The Segment Editor does not have the effect")


def test_the_choices_are_the_scenes(host: Any, panel: Any, volume: Any) -> None:
    panel.ui.modelBox.currentIndex = 1
    panel.set_parameters(None)
    assert not panel.widget.enabled
    panel.models_changed()
    panel.set_parameters(host.slicer.util.getModuleLogic("AutoLabel").getParameterNode())

    assert panel.ui.volumeBox.currentNode() is volume
    assert panel.ui.modelBox.currentText == "lung_nodule_ct (CT)"


@pytest.mark.parametrize(("width", "dark"), [(420, False), (280, True)])
def test_nothing_is_cut_off(host: Any, panel: Any, tmp_path: Path, width: int, dark: bool) -> None:
    panel.ui.howBox.collapsed = False
    panel.widget.setParent(None)
    host.save_picture(panel.widget, tmp_path / "interactive.png", width=width, dark=dark)

    assert not cut_texts(panel.widget)
