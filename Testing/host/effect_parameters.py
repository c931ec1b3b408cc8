"""The parameters of a Segment Editor effect: attributes of the editor's node, so that they are saved with the scene."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore

from Testing.host.properties import kept


class EffectParameters(QtCore.QObject):
    """What an effect is called, and its choices under "<effect>.<name>"."""

    name = kept(str, "name", "")
    title = kept(str, "title", "")
    perSegment = kept(bool, "perSegment", True)
    requireSegments = kept(bool, "requireSegments", True)
    showEffectCursorInSliceView = kept(bool, "showEffectCursorInSliceView", True)
    showEffectCursorInThreeDView = kept(bool, "showEffectCursorInThreeDView", False)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._node: Any = None

    def parameterSetNode(self) -> Any:
        """Return the editor's vtkMRMLSegmentEditorNode."""
        return self._node

    def setParameterSetNode(self, node: Any) -> None:
        """Keep the choices in another node."""
        self._node = node

    def scene(self) -> Any:
        """Return the scene."""
        return self._node.GetScene() if self._node is not None else None

    def parameter(self, name: str) -> str:
        """Return a choice as text; "" where there is none."""
        if self._node is None:
            return ""
        own = self._node.GetAttribute(f"{self.name}.{name}")
        return own if own is not None else self._node.GetAttribute(name) or ""

    def integerParameter(self, name: str) -> int:
        """Return a choice as a whole number; 0 where it is none."""
        try:
            return int(self.parameter(name))
        except ValueError:
            return 0

    def doubleParameter(self, name: str) -> float:
        """Return a choice as a number; 0 where it is none."""
        try:
            return float(self.parameter(name))
        except ValueError:
            return 0.0

    def parameterDefined(self, name: str) -> bool:
        """Return whether an effect's own choice was made."""
        return self.commonParameterDefined(f"{self.name}.{name}")

    def commonParameterDefined(self, name: str) -> bool:
        """Return whether a choice of all effects was made."""
        return self._node is not None and bool(self._node.GetAttribute(name))

    def setParameter(self, name: str, value: Any) -> None:
        """Keep an effect's own choice."""
        self.setCommonParameter(f"{self.name}.{name}", value)

    def setParameterDefault(self, name: str, value: Any) -> None:
        """Keep an effect's own choice unless one was made."""
        if not self.parameterDefined(name):
            self.setParameter(name, value)

    def setCommonParameter(self, name: str, value: Any) -> None:
        """Keep a choice of all effects, and tell that a parameter changed."""
        text = f"{value:g}" if isinstance(value, float) else str(value)
        if self._node is None or (self._node.GetAttribute(name) or "") == text:
            return
        disabled = self._node.GetDisableModifiedEvent()
        self._node.SetDisableModifiedEvent(1)
        self._node.SetAttribute(name, text)
        self._node.SetDisableModifiedEvent(disabled)
        self._node.InvokeCustomModifiedEvent(slicer.vtkMRMLSegmentEditorNode.EffectParameterModified)

    def setCommonParameterDefault(self, name: str, value: Any) -> None:
        """Keep a choice of all effects unless one was made."""
        if not self.commonParameterDefined(name):
            self.setCommonParameter(name, value)

    def nodeReference(self, name: str) -> Any:
        """Return a node that was chosen."""
        if self._node is None:
            return None
        return self._node.GetNodeReference(f"{self.name}.{name}") or self._node.GetNodeReference(name)

    def setNodeReference(self, name: str, node: Any) -> None:
        """Keep a node as an effect's own choice."""
        self.setCommonNodeReference(f"{self.name}.{name}", node)

    def setCommonNodeReference(self, name: str, node: Any) -> None:
        """Keep a node as a choice of all effects."""
        if self._node is None or self._node.GetNodeReference(name) == node:
            return
        self._node.SetNodeReferenceID(name, node.GetID() if node is not None else None)
        self._node.InvokeCustomModifiedEvent(slicer.vtkMRMLSegmentEditorNode.EffectParameterModified)
