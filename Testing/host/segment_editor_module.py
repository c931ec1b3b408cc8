"""The module Segment Editor: the editor in a module's frame, with its node and what happens on entering and leaving."""

from __future__ import annotations

import sys
import types
from typing import Any

import slicer
from slicer.util import VTKObservationMixin

from Testing.host.module_manager import qSlicerScriptedLoadableModule
from Testing.host.pythonqt import wrapper_class
from Testing.host.scripted_module import ScriptedLoadableModule, ScriptedLoadableModuleWidget
from Testing.host.segment_editor import qMRMLSegmentEditorWidget


class SegmentEditor(ScriptedLoadableModule):
    """The module."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        parent.title = "Segment Editor"


class SegmentEditorWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):  # type: ignore[misc]
    """The module's panel: `editor` is the qMRMLSegmentEditorWidget."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.parameterSetNode: Any = None
        self.editor: Any = None

    def setup(self) -> None:
        """Make the editor."""
        super().setup()
        self.editor = wrapper_class(qMRMLSegmentEditorWidget)()
        self.editor.setMaximumNumberOfUndoStates(10)
        self.selectParameterNode()
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(self.editor)
        self.effectFactorySingleton = slicer.qSlicerSegmentEditorEffectFactory.instance()
        self.effectFactorySingleton.connect("effectRegistered(QString)", self.editorEffectRegistered)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneChanged)

    def editorEffectRegistered(self) -> None:
        """Show effects that come late."""
        self.editor.updateEffectList()

    def selectParameterNode(self) -> None:
        """Find the scene's node of the editor, or add it."""
        node = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag("SegmentEditor")
            node = slicer.mrmlScene.AddNode(node)
        if node is not self.parameterSetNode:
            self.parameterSetNode = node
            self.editor.setMRMLSegmentEditorNode(node)

    def enter(self) -> None:
        """Make sure that there is something to edit."""
        self.editor.installKeyboardShortcuts()
        self.selectParameterNode()
        self.editor.updateWidgetFromMRML()
        if self.editor.segmentationNodeID():
            return
        node = slicer.mrmlScene.GetFirstNode(None, "vtkMRMLSegmentationNode")
        self.editor.setSegmentationNode(node or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode"))
        if not self.editor.sourceVolumeNodeID():
            self.editor.setSourceVolumeNodeID(self.getDefaultSourceVolumeNodeID())

    def getDefaultSourceVolumeNodeID(self) -> str | None:
        """Return the volume that is shown."""
        layout = slicer.app.layoutManager()
        shown = [layout.sliceWidget(name).mrmlSliceCompositeNode() for name in layout.sliceViewNames()]
        ids = [node.GetBackgroundVolumeID() for node in shown] + [node.GetForegroundVolumeID() for node in shown]
        return next((node_id for node_id in ids if node_id), None)

    def exit(self) -> None:
        """Leave the effect in use."""
        self.editor.setActiveEffect(None)
        self.editor.uninstallKeyboardShortcuts()
        self.editor.removeViewObservations()

    def onSceneStartClose(self, _caller: Any, _event: Any) -> None:
        """Let go of nodes that will be gone."""
        self.parameterSetNode = None
        self.editor.setSegmentationNode(None)
        self.editor.removeViewObservations()

    def onSceneChanged(self, _caller: Any, _event: Any) -> None:
        """Take the new scene's node."""
        if self.parent.isEntered:
            self.selectParameterNode()
            self.editor.updateWidgetFromMRML()

    def cleanup(self) -> None:
        """Let go of everything."""
        self.removeObservers()
        self.effectFactorySingleton.disconnect("effectRegistered(QString)", self.editorEffectRegistered)


class SegmentEditorModule(qSlicerScriptedLoadableModule):
    """The module as it is listed; its Python code is here instead of in a file."""

    def load(self) -> None:
        """Make the module object."""
        code: Any = types.ModuleType("SegmentEditor")
        code.SegmentEditor, code.SegmentEditorWidget = SegmentEditor, SegmentEditorWidget
        sys.modules["SegmentEditor"] = code
        self._python = SegmentEditor(self)
