"""The test host's Segment Editor masks, overwrites and undoes as Slicer's: through its real logic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

EFFECT = """
import slicer, qt, vtk
from SegmentEditorEffects import *


class SegmentEditorSampleEffect(AbstractScriptedSegmentEditorEffect):
    def __init__(self, scriptedEffect):
        scriptedEffect.name = "Sample"
        scriptedEffect.title = "Sample effect"
        AbstractScriptedSegmentEditorEffect.__init__(self, scriptedEffect)
        self.calls = []

    def clone(self):
        import qSlicerSegmentationsEditorEffectsPythonQt as effects
        copy = effects.qSlicerSegmentEditorScriptedEffect(None)
        copy.setPythonSource(__file__.replace("\\\\", "/"))
        return copy

    def setupOptionsFrame(self):
        self.label = qt.QLabel("options")
        self.scriptedEffect.addOptionsWidget(self.label)
        self.scriptedEffect.addLabeledOptionsWidget("Size:", qt.QSpinBox())

    def setMRMLDefaults(self):
        self.scriptedEffect.setParameterDefault("Size", 3)

    def activate(self):
        self.calls.append("activate")

    def deactivate(self):
        self.calls.append("deactivate")

    def updateGUIFromMRML(self):
        self.calls.append("update")

    def processInteractionEvents(self, interactor, event, view):
        if event != vtk.vtkCommand.LeftButtonPressEvent or view.className() != "qMRMLSliceWidget":
            return False
        self.clicked = self.xyToRas(interactor.GetEventPosition(), view)
        self.calls.append("click")
        return True

    def fill(self, box, mode, *more):
        import vtk.util.numpy_support as support
        labelmap = self.scriptedEffect.defaultModifierLabelmap()
        voxels = support.vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(labelmap.GetDimensions()[::-1])
        voxels[box] = 1
        labelmap.Modified()
        self.scriptedEffect.saveStateForUndo()
        self.scriptedEffect.modifySelectedSegmentByLabelmap(labelmap, mode, *more)
"""
HALF, OTHER, ALL = np.s_[:, :, :5], np.s_[:, :, 3:], np.s_[:]


class Editing:
    """An editor with a volume of values 0..999 and two segments, and the sample effect."""

    def __init__(self, host: Any, folder: Path) -> None:
        self.host, self.slicer = host, host.slicer
        path = folder / "sample_effect" / "SegmentEditorSampleEffect.py"
        path.parent.mkdir()
        path.write_text(EFFECT)
        import qSlicerSegmentationsEditorEffectsPythonQt as effects

        self.registered = effects.qSlicerSegmentEditorScriptedEffect(None)
        assert self.registered.setPythonSource(str(path))
        self.registered.self().register()
        values = np.arange(1000, dtype=np.int16).reshape(10, 10, 10)
        self.volume = self.slicer.util.addVolumeFromArray(values, name="CT")
        self.slicer.util.setSliceViewerLayers(background=self.volume)
        self.editor = host.segment_editor()
        self.node = self.editor.mrmlSegmentEditorNode()
        self.segmentation = self.editor.segmentationNode()
        self.one, self.two = [self.segmentation.GetSegmentation().AddEmptySegment(name) for name in ("one", "two")]
        self.editor.setCurrentSegmentID(self.one)
        self.editor.setActiveEffectByName("Sample")
        self.scripted = self.editor.activeEffect()
        self.effect = self.scripted.self()

    def mask(self, segment_id: str) -> Any:
        return self.slicer.util.arrayFromSegmentBinaryLabelmap(self.segmentation, segment_id, self.volume).astype(bool)


@pytest.fixture
def editing(host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    import sys

    monkeypatch.delitem(sys.modules, "sample_effect", raising=False)
    yield Editing(host, tmp_path)
    sys.modules.pop("sample_effect", None)


def test_an_effect_is_copied_set_up_and_activated(editing: Editing) -> None:
    assert editing.editor.sourceVolumeNode() is editing.volume
    assert editing.effect is not editing.registered.self()
    assert editing.effect.calls[-2:] == ["update", "activate"]
    assert editing.effect.label.parent() == editing.scripted.optionsFrame()
    assert editing.node.GetAttribute("Sample.Size") == "3"
    assert editing.scripted.integerParameter("Size") == 3
    editing.scripted.setParameter("Size", 4)
    assert editing.effect.calls[-2:] == ["activate", "update"]
    editing.slicer.util.selectModule("Sample")
    assert editing.effect.calls[-1] == "deactivate"


def test_clicks_in_a_slice_view_reach_the_effect(editing: Editing) -> None:
    editing.host.click("Red", (-3.0, -4.0, 5.0))
    assert editing.effect.calls[-1] == "click"
    assert editing.effect.clicked == pytest.approx([-3.0, -4.0, 5.0], abs=0.5)


def test_set_add_and_remove(editing: Editing) -> None:
    effect = editing.slicer.qSlicerSegmentEditorAbstractEffect
    editing.effect.fill(HALF, effect.ModificationModeSet)
    assert editing.mask(editing.one).sum() == 500
    editing.effect.fill(np.s_[:, :, 5:7], effect.ModificationModeAdd)
    assert editing.mask(editing.one).sum() == 700
    editing.effect.fill(np.s_[:, :, :1], effect.ModificationModeRemove)
    assert editing.mask(editing.one).sum() == 600


def test_undo_and_redo(editing: Editing) -> None:
    editing.effect.fill(HALF, 0)
    editing.effect.fill(ALL, 0)
    editing.editor.undo()
    assert editing.mask(editing.one).sum() == 500
    editing.editor.redo()
    assert editing.mask(editing.one).sum() == 1000


@pytest.mark.parametrize(("mode", "left"), [("OverwriteAllSegments", 300), ("OverwriteNone", 500)])
def test_overwrite_modes(editing: Editing, mode: str, left: int) -> None:
    editing.effect.fill(HALF, 0)
    editing.editor.setCurrentSegmentID(editing.two)
    editing.node.SetOverwriteMode(getattr(editing.slicer.vtkMRMLSegmentEditorNode, mode))
    editing.effect.fill(OTHER, 0)
    assert editing.mask(editing.two).sum() == 700
    assert editing.mask(editing.one).sum() == left


def test_overwriting_visible_segments_spares_hidden_ones(editing: Editing) -> None:
    editing.effect.fill(HALF, 0)
    editing.segmentation.GetDisplayNode().SetSegmentVisibility(editing.one, False)
    editing.editor.setCurrentSegmentID(editing.two)
    editing.node.SetOverwriteMode(editing.slicer.vtkMRMLSegmentEditorNode.OverwriteVisibleSegments)
    editing.effect.fill(OTHER, 0)
    assert editing.mask(editing.one).sum() == 500


def test_the_mask_modes_and_the_intensity_range(editing: Editing) -> None:
    editing.effect.fill(HALF, 0)
    editing.editor.setCurrentSegmentID(editing.two)
    kinds = editing.slicer.vtkMRMLSegmentationNode
    editing.node.SetMaskMode(kinds.EditAllowedOutsideAllSegments)
    editing.effect.fill(ALL, 0)
    assert editing.mask(editing.two).sum() == 500
    assert editing.mask(editing.one).sum() == 500
    editing.node.SetMaskMode(kinds.EditAllowedEverywhere)
    editing.node.SetSourceVolumeIntensityMaskRange(0, 99)
    editing.node.SetSourceVolumeIntensityMask(True)
    editing.effect.fill(ALL, 0)
    assert editing.mask(editing.two)[0].all()
    assert not editing.mask(editing.one)[0].any()
    editing.node.SetSourceVolumeIntensityMask(False)
    editing.node.SetMaskMode(kinds.EditAllowedOutsideAllSegments)
    editing.effect.fill(ALL, 0, True)  # past the mask, and without erasing others
    assert editing.mask(editing.two).all()
    assert editing.mask(editing.one).sum() == 450


def test_the_effect_is_left_with_the_segmentation_the_segment_or_the_scene(editing: Editing) -> None:
    other = editing.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    editing.editor.setSegmentationNode(other)
    assert editing.editor.activeEffect() is None
    assert editing.effect.calls[-1] == "deactivate"
    editing.editor.setSegmentationNode(editing.segmentation)
    editing.editor.setActiveEffectByName("Sample")
    assert editing.editor.activeEffect() is not None
    editing.segmentation.GetSegmentation().RemoveAllSegments()
    assert editing.editor.activeEffect() is None
    editing.slicer.mrmlScene.Clear()
    assert editing.editor.segmentationNode() is None
    editing.host.segment_editor()
