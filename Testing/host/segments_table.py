"""qMRMLSegmentsTableView: the segments of a segmentation, one of which is selected."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.observing import Observations
from Testing.host.properties import kept


class qMRMLSegmentsTableView(QtWidgets.QWidget):
    """A list of segments with their colours and names."""

    selectionChanged = QtCore.Signal(object, object)
    segmentsSelected = QtCore.Signal()
    SIGNATURES = {"selectionChanged(QItemSelection,QItemSelection)": "selectionChanged"}
    selectionMode = kept(int, "selectionMode", 3)
    headerVisible = kept(bool, "headerVisible", True)
    visibilityColumnVisible = kept(bool, "visibilityColumnVisible", True)
    colorColumnVisible = kept(bool, "colorColumnVisible", True)
    opacityColumnVisible = kept(bool, "opacityColumnVisible", False)
    statusColumnVisible = kept(bool, "statusColumnVisible", False)
    filterBarVisible = kept(bool, "filterBarVisible", False)
    readOnly = kept(bool, "readOnly", False)
    jumpToSelectedSegmentEnabled = kept(bool, "jumpToSelectedSegmentEnabled", False)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._list = QtWidgets.QListWidget(self)
        column.addWidget(self._list)
        self._node: Any = None
        self._observations = Observations(self)
        self._list.itemSelectionChanged.connect(self._selected)

    def setMRMLScene(self, scene: Any) -> None:
        """Take segmentations from a scene."""

    def segmentationNode(self) -> Any:
        """Return the segmentation."""
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        """List the segments of another segmentation."""
        if node is self._node:
            return
        self._observations.clear()
        self._node = node
        if node is not None:
            segments = slicer.vtkSegmentation
            events = (segments.SegmentAdded, segments.SegmentRemoved, segments.SegmentModified)
            for event in (*events, vtk.vtkCommand.ModifiedEvent):
                self._observations.add(node, event, self._rebuild)
        self._rebuild()

    def _rebuild(self) -> None:
        segmentation = self._node.GetSegmentation() if self._node is not None else None
        ids = list(segmentation.GetSegmentIDs()) if segmentation is not None else []
        before = self.selectedSegmentIDs()
        self._list.blockSignals(True)
        self._list.clear()
        for segment_id in ids:
            segment = segmentation.GetSegment(segment_id)
            item = QtWidgets.QListWidgetItem(segment.GetName(), self._list)
            item.setData(QtCore.Qt.ItemDataRole.UserRole, segment_id)
            square = QtGui.QPixmap(12, 12)
            square.fill(QtGui.QColor.fromRgbF(*segment.GetColor()))
            item.setIcon(QtGui.QIcon(square))
            item.setSelected(segment_id in before)
        self._list.blockSignals(False)
        if self.selectedSegmentIDs() != before:
            self._selected()

    def _selected(self) -> None:
        self.selectionChanged.emit(None, None)

    def selectedSegmentIDs(self) -> list[str]:
        """Return which segments are selected."""
        return [str(item.data(QtCore.Qt.ItemDataRole.UserRole)) for item in self._list.selectedItems()]

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        """Select segments."""
        if self.selectedSegmentIDs() == list(segment_ids):
            return
        self._list.blockSignals(True)
        for index in range(self._list.count()):
            item = self._list.item(index)
            item.setSelected(item.data(QtCore.Qt.ItemDataRole.UserRole) in segment_ids)
        self._list.blockSignals(False)
        self._selected()

    def clearSelection(self) -> None:
        """Select none."""
        self.setSelectedSegmentIDs([])

    def segmentCount(self) -> int:
        """Return how many segments there are."""
        return self._list.count()
