"""What the stand-in for the Segment Editor shows: choices, segments, effects, their options, masking, undo and redo."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtWidgets

from Testing.host.ctk_widgets import ctkRangeWidget
from Testing.host.qmrml_node_box import qMRMLNodeComboBox
from Testing.host.segments_table import qMRMLSegmentsTableView

_Segmentation, _Editor = slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLSegmentEditorNode
MASK_MODES = {
    "Everywhere": _Segmentation.EditAllowedEverywhere,
    "Inside all segments": _Segmentation.EditAllowedInsideAllSegments,
    "Inside all visible segments": _Segmentation.EditAllowedInsideVisibleSegments,
    "Outside all segments": _Segmentation.EditAllowedOutsideAllSegments,
    "Outside all visible segments": _Segmentation.EditAllowedOutsideVisibleSegments,
}
OVERWRITE_MODES = {
    "Overwrite all": _Editor.OverwriteAllSegments,
    "Overwrite visible": _Editor.OverwriteVisibleSegments,
    "Allow overlap": _Editor.OverwriteNone,
}


class Form:
    """The widgets of the editor, from top to bottom."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        column = QtWidgets.QVBoxLayout(parent)
        column.setContentsMargins(0, 0, 0, 0)
        self.segmentation_box = _node_box(parent, "SegmentationNodeComboBox", "vtkMRMLSegmentationNode", True)
        self.volume_box = _node_box(parent, "SourceVolumeNodeComboBox", "vtkMRMLScalarVolumeNode", False)
        top = QtWidgets.QFormLayout()
        top.addRow("Segmentation:", self.segmentation_box)
        top.addRow("Source volume:", self.volume_box)
        column.addLayout(top)
        self.add_button = QtWidgets.QPushButton("Add", parent)
        self.remove_button = QtWidgets.QPushButton("Remove", parent)
        column.addLayout(_row(self.add_button, self.remove_button))
        self.table = qMRMLSegmentsTableView(parent)
        self.table.setMaximumHeight(120)
        column.addWidget(self.table)
        self.effects = QtWidgets.QGroupBox("Effects", parent)
        QtWidgets.QGridLayout(self.effects)
        column.addWidget(self.effects)
        self.options = QtWidgets.QGroupBox(parent)
        QtWidgets.QVBoxLayout(self.options)
        self.options.hide()
        column.addWidget(self.options)
        self.masking = _masking(parent)
        self.mask_box, self.overwrite_box, self.range_check, self.range = self.masking.host_parts
        column.addWidget(self.masking)
        self.undo_button = QtWidgets.QPushButton("Undo", parent)
        self.redo_button = QtWidgets.QPushButton("Redo", parent)
        column.addLayout(_row(self.undo_button, self.redo_button))
        column.addStretch(1)


def _node_box(parent: QtWidgets.QWidget, name: str, kind: str, can_add: bool) -> qMRMLNodeComboBox:
    box = qMRMLNodeComboBox(parent)
    box.setObjectName(name)
    box.nodeTypes = [kind]
    box.noneEnabled = not can_add
    box.addEnabled = can_add
    return box


def _row(*widgets: QtWidgets.QWidget) -> QtWidgets.QHBoxLayout:
    row = QtWidgets.QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def _masking(parent: QtWidgets.QWidget) -> Any:
    box: Any = QtWidgets.QGroupBox("Masking", parent)
    form = QtWidgets.QFormLayout(box)
    mask, overwrite = QtWidgets.QComboBox(box), QtWidgets.QComboBox(box)
    mask.setObjectName("MaskModeComboBox")
    overwrite.setObjectName("OverwriteModeComboBox")
    for label, mode in MASK_MODES.items():
        mask.addItem(label, mode)
    for label, mode in OVERWRITE_MODES.items():
        overwrite.addItem(label, mode)
    check, ends = QtWidgets.QCheckBox("Editable intensity range", box), ctkRangeWidget(box)
    form.addRow("Editable area:", mask)
    form.addRow("Modify other segments:", overwrite)
    form.addRow(check)
    form.addRow(ends)
    box.hide()
    box.host_parts = (mask, overwrite, check, ends)
    return box
