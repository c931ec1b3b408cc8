"""What is edited, undone and redone: the part of the Segment Editor that asks its node and its logic."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtGui, QtWidgets

from Testing.host.pythonqt import unwrap
from Testing.host.qmrml_widgets import qMRMLWidget


class EditorChoices(qMRMLWidget):
    """Segmentation, source volume, segment, and the history of the segmentation."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self._node: Any = None
        self._shortcuts: list[QtGui.QShortcut] = []

    def updateWidgetFromMRML(self) -> None:
        """Show what the node says now."""

    def setActiveEffect(self, effect: Any) -> None:
        """Use another effect; None for none."""

    def segmentationNode(self) -> Any:
        """Return the segmentation that is edited."""
        return self.logic.GetSegmentationNode()

    def segmentationNodeID(self) -> str:
        """Return its id; "" where there is none."""
        return self.segmentationNode().GetID() if self.segmentationNode() is not None else ""

    def setSegmentationNode(self, node: Any) -> None:
        """Edit another segmentation; the effect in use is left."""
        if self.logic.GetSegmentationNode() is not node:
            self.logic.SetSegmentationNode(node)
            self.setActiveEffect(None)
            self.updateWidgetFromMRML()

    def sourceVolumeNode(self) -> Any:
        """Return the volume that is looked at while editing."""
        return self.logic.GetSourceVolumeNode()

    def sourceVolumeNodeID(self) -> str:
        """Return its id; "" where there is none."""
        return self.sourceVolumeNode().GetID() if self.sourceVolumeNode() is not None else ""

    def setSourceVolumeNode(self, node: Any) -> None:
        """Look at another volume."""
        self.logic.SetSourceVolumeNode(node)
        self.updateWidgetFromMRML()

    def setSourceVolumeNodeID(self, node_id: str | None) -> None:
        """Look at another volume, given by its id."""
        self.setSourceVolumeNode(self.mrmlScene().GetNodeByID(node_id) if node_id else None)

    def currentSegmentID(self) -> str:
        """Return the selected segment; "" where none is."""
        return self._node.GetSelectedSegmentID() or "" if self._node is not None else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        """Select another segment."""
        if self._node is not None:
            self._node.SetSelectedSegmentID(segment_id)

    def saveStateForUndo(self) -> None:
        """Let the user come back to what the segmentation is now."""
        self.logic.SaveStateForUndo()
        self.updateWidgetFromMRML()

    def undo(self) -> None:
        """Go back to the last saved state."""
        self.logic.Undo()
        self.updateWidgetFromMRML()

    def redo(self) -> None:
        """Undo the last `undo`."""
        self.logic.Redo()
        self.updateWidgetFromMRML()

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        """Set how many states are kept."""
        self.logic.SetMaximumNumberOfUndoStates(count)

    def maximumNumberOfUndoStates(self) -> int:
        """Return how many states are kept."""
        return int(self.logic.GetMaximumNumberOfUndoStates())

    def setupViewObservations(self) -> None:
        """Let views tell the effect in use of mouse and keyboard."""
        self._views.observe(self._segmentation)

    def removeViewObservations(self) -> None:
        """Let views tell nobody any more."""
        self._views.clear()

    def installKeyboardShortcuts(self, parent: Any = None) -> None:
        """Let keys choose effects, undo and redo."""
        self.uninstallKeyboardShortcuts()
        window = parent or unwrap(slicer.util.mainWindow())
        for key, slot in (("Esc", lambda: self.setActiveEffect(None)), ("Z", self.undo), ("Y", self.redo)):
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), window)
            shortcut.activated.connect(slot)
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self) -> None:
        """Let keys do nothing any more."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()
