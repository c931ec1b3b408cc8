"""qMRMLSegmentEditorWidget: the Segment Editor, on Slicer's real logic, history and node."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from Testing.host.observing import Observations, end_with_host
from Testing.host.pythonqt import unwrap
from Testing.host.segment_editor_effects import EditorEffects

_Scene, _Segmentation = slicer.vtkMRMLScene, slicer.vtkSegmentation


class qMRMLSegmentEditorWidget(EditorEffects):
    """The editor: one segment of a segmentation is selected, and one effect is in use or none."""

    currentSegmentIDChanged = QtCore.Signal(str)
    sourceVolumeNodeChanged = QtCore.Signal(object)
    segmentationNodeChanged = QtCore.Signal(object)
    SIGNATURES = {
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": "sourceVolumeNodeChanged",
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)": "segmentationNodeChanged",
    }

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._volume: Any = None
        self._of_scene, self._of_node, self._of_segmentation = (Observations(self) for _ in range(3))
        self._is_updating = False
        self._connect()
        self.updateEffectList()
        end_with_host(self)

    def clear(self) -> None:
        """Let go of the scene and its nodes."""
        self.logic.SetSegmentEditorNode(None)
        self.logic.SetMRMLScene(None)

    def _connect(self) -> None:
        form = self.form
        form.segmentation_box.currentNodeChanged.connect(self._segmentation_chosen)
        form.volume_box.currentNodeChanged.connect(self._volume_chosen)
        form.table.selectionChanged.connect(self._segment_chosen)
        form.add_button.clicked.connect(lambda: self.logic.AddEmptySegment("", 0))
        form.remove_button.clicked.connect(lambda: self.logic.RemoveSelectedSegment())
        form.undo_button.clicked.connect(self.undo)
        form.redo_button.clicked.connect(self.redo)
        form.mask_box.currentIndexChanged.connect(lambda index: self._node.SetMaskMode(form.mask_box.itemData(index)))
        form.overwrite_box.currentIndexChanged.connect(
            lambda index: self._node.SetOverwriteMode(form.overwrite_box.itemData(index))
        )
        form.range_check.toggled.connect(lambda on: self._node.SetSourceVolumeIntensityMask(on))
        form.range.valuesChanged.connect(lambda low, high: self._node.SetSourceVolumeIntensityMaskRange(low, high))

    def mrmlSegmentEditorNode(self) -> Any:
        """Return the node that keeps the editor's choices."""
        return self._node

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        """Keep the editor's choices in another node."""
        if node is self._node:
            return
        self._of_node.clear()
        self._node = node
        self.logic.SetSegmentEditorNode(node)
        if node is None:
            return
        self._of_node.add(node, vtk.vtkCommand.ModifiedEvent, self.updateWidgetFromMRML)
        self._initialize_effects()
        self._of_node.add(node, slicer.vtkMRMLSegmentEditorNode.EffectParameterModified, self._parameter_changed)
        self.updateWidgetFromMRML()

    def setMRMLScene(self, scene: Any) -> None:
        """Edit segmentations of a scene."""
        if scene is self.mrmlScene():
            return
        self._of_scene.clear()
        boxes = (self.form.segmentation_box, self.form.volume_box)
        for box in boxes:
            box.blockSignals(True)
        super().setMRMLScene(scene)
        for box in boxes:
            box.setMRMLScene(scene)
            box.blockSignals(False)
        self.logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self.logic.SetMRMLScene(scene)
        interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        self._of_scene.add(scene, _Scene.EndCloseEvent, self._scene_closed)
        self._of_scene.add(scene, _Scene.EndBatchProcessEvent, self._batch_over)
        if interaction is not None:
            self._of_scene.add(interaction, vtk.vtkCommand.ModifiedEvent, self._interaction_changed)
        self.updateWidgetFromMRML()

    def _scene_closed(self) -> None:
        self._initialize_effects()
        self.updateWidgetFromMRML()

    def _batch_over(self) -> None:
        if self._node is not None:
            if self._node.GetSegmentationNode() is not self.form.segmentation_box.currentNode():
                self.setSegmentationNode(self.form.segmentation_box.currentNode())
            if self._node.GetSourceVolumeNode() is not self.form.volume_box.currentNode():
                self.setSourceVolumeNode(self.form.volume_box.currentNode())
        self.updateWidgetFromMRML()

    def _interaction_changed(self) -> None:
        interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        if self._active is not None and interaction is not None:
            self._active.interactionNodeModified(interaction)

    def updateWidgetFromMRML(self) -> None:
        """Show what the node says now."""
        scene = self.mrmlScene()
        if self._is_updating or scene is None or self._node is None or scene.IsClosing() or scene.IsBatchProcessing():
            return
        self._is_updating = True
        was = self._node.StartModify()
        try:
            self._show_segmentation()
            self._show_volume()
            self._show_segment()
            self._show_masking()
            self.form.add_button.setEnabled(bool(self.logic.CanAddSegments()))
            self.form.undo_button.setEnabled(bool(self.logic.CanUndo()))
            self.form.redo_button.setEnabled(bool(self.logic.CanRedo()))
            self._show_effect()
        finally:
            self._node.EndModify(was)
            self._is_updating = False

    def _show_segmentation(self) -> None:
        node = self.logic.GetSegmentationNode()
        _choose(self.form.segmentation_box, node)
        if node is self._segmentation:
            return
        self._of_segmentation.clear()
        self._segmentation = node
        self.form.table.blockSignals(True)
        self.form.table.setSegmentationNode(node)
        self.form.table.blockSignals(False)
        if node is not None:
            for event in (vtk.vtkCommand.ModifiedEvent, _Segmentation.SegmentAdded, _Segmentation.SegmentRemoved):
                self._of_segmentation.add(node, event, self.updateWidgetFromMRML)
            reference = node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())
            self.logic.SetSourceVolumeNode(reference)
            node.CreateDefaultDisplayNodes()
            ids = list(node.GetSegmentation().GetSegmentIDs())
            if ids:
                self._node.SetSelectedSegmentID(ids[0])
        self.segmentationNodeChanged.emit(node)

    def _show_volume(self) -> None:
        volume = self.logic.GetSourceVolumeNode()
        if self._segmentation is None or volume is self._volume:
            return
        self._volume = volume
        _choose(self.form.volume_box, volume)
        if volume is not None and volume.GetImageData() is not None:
            self.form.range.blockSignals(True)
            self.form.range.setRange(*volume.GetImageData().GetScalarRange())
            self.form.range.blockSignals(False)
            self._show_in_slice_views(volume)
        self.sourceVolumeNodeChanged.emit(volume)
        for effect in self._effects:
            effect.call("sourceVolumeNodeChanged")

    def _show_in_slice_views(self, volume: Any) -> None:
        layout = unwrap(slicer.app.layoutManager())
        for name in layout.sliceViewNames() if layout is not None else []:
            composite = layout.sliceWidget(name).mrmlSliceCompositeNode()
            if volume.GetID() not in (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()):
                composite.SetBackgroundVolumeID(volume.GetID())

    def _show_segment(self) -> None:
        wanted = self._node.GetSelectedSegmentID() or ""
        segmentation = self._segmentation.GetSegmentation() if self._segmentation is not None else None
        is_there = bool(wanted) and segmentation is not None and segmentation.GetSegmentIndex(wanted) >= 0
        self.form.table.blockSignals(True)
        self.form.table.setSelectedSegmentIDs([wanted] if is_there else [])
        self.form.table.blockSignals(False)
        self.form.remove_button.setEnabled(is_there)

    def _segment_gone(self) -> None:
        if self._active is not None and self._active.perSegment:
            self.setActiveEffect(None)

    def _show_masking(self) -> None:
        form, node = self.form, self._node
        for box, mode in ((form.mask_box, node.GetMaskMode()), (form.overwrite_box, node.GetOverwriteMode())):
            box.blockSignals(True)
            box.setCurrentIndex(box.findData(mode))
            box.blockSignals(False)
        for widget in (form.range_check, form.range):
            widget.blockSignals(True)
        form.range_check.setChecked(bool(node.GetSourceVolumeIntensityMask()))
        form.range.setValues(*node.GetSourceVolumeIntensityMaskRange())
        for widget in (form.range_check, form.range):
            widget.blockSignals(False)

    def _segmentation_chosen(self, node: Any) -> None:
        if self.mrmlScene() is not None and not self.mrmlScene().IsBatchProcessing():
            self.setSegmentationNode(node)

    def _volume_chosen(self, node: Any) -> None:
        if self.mrmlScene() is not None and not self.mrmlScene().IsBatchProcessing():
            self.setSourceVolumeNode(node)

    def _segment_chosen(self, *_selection: Any) -> None:
        chosen = self.form.table.selectedSegmentIDs()
        if self._node is None or (chosen[:1] or [""])[0] == (self._node.GetSelectedSegmentID() or ""):
            return
        self._node.SetSelectedSegmentID(chosen[0] if chosen else None)
        if not chosen:
            self._segment_gone()
        self.updateWidgetFromMRML()
        self.currentSegmentIDChanged.emit(chosen[0] if chosen else "")


def _choose(box: Any, node: Any) -> None:
    if box.currentNode() is not node:
        box.blockSignals(True)
        box.setCurrentNode(node)
        box.blockSignals(False)
