"""qMRMLNodeComboBox: the nodes of some classes in the real scene, one of which is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.ctk_widgets import ctkComboBox
from Testing.host.properties import kept
from Testing.host.scene_watch import SceneWatch


class qMRMLSortFilterProxyModel(QtCore.QObject):
    """What a box lists of a scene; as far as somebody asks for it."""

    def __init__(self, changed: Callable[[], None], parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._changed = changed
        self._hidden: tuple[str, ...] = ()

    def _hide(self, node_ids: Sequence[str]) -> None:
        self._hidden = tuple(node_ids)
        self._changed()

    hiddenNodeIDs = QtCore.Property("QStringList", lambda self: self._hidden, _hide)


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """A box that lists nodes and follows the scene."""

    currentNodeChanged = QtCore.Signal(object)
    currentNodeValid = QtCore.Signal(bool)
    currentNodeIDChanged = QtCore.Signal(str)
    currentNodeRenamed = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)
    nodeAboutToBeEdited = QtCore.Signal(object)
    SIGNATURES = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "currentNodeValid",
        "nodeActivated(vtkMRMLNode*)": "nodeActivated",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
        "nodeAboutToBeRemoved(vtkMRMLNode*)": "nodeAboutToBeRemoved",
        "nodeAboutToBeEdited(vtkMRMLNode*)": "nodeAboutToBeEdited",
    }
    addEnabled = kept(bool, "addEnabled", True)
    removeEnabled = kept(bool, "removeEnabled", True)
    editEnabled = kept(bool, "editEnabled", False)
    renameEnabled = kept(bool, "renameEnabled", False)
    selectNodeUponCreation = kept(bool, "selectNodeUponCreation", True)
    interactionNodeSingletonTag = kept(str, "interactionNodeSingletonTag", "")

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._box = ctkComboBox(self)
        row.addWidget(self._box)
        policy = QtWidgets.QSizePolicy
        self.setSizePolicy(policy(policy.Policy.Preferred, policy.Policy.Fixed, policy.ControlType.ComboBox))
        self._choices: dict[str, Any] = {"nodeTypes": [], "hideChildNodeTypes": [], "noneDisplay": "None"}
        self._attributes: list[tuple[str, str, str | None]] = []
        self._listed = qMRMLSortFilterProxyModel(self._rebuild, self)
        self._labels: dict[str, str] = {}
        self._base_names: dict[str, str] = {}
        self._requested: str | None = None
        self._current: str | None = None
        self._was_listed = False
        self._watch = SceneWatch(self, self._rebuild, self._rename)
        self._box.currentIndexChanged.connect(self._chosen)
        self._box.activated.connect(self._activated)
        self.setEnabled(False)

    def _choice(kind: Any, name: str, default: Any = False) -> Any:  # noqa: N805 - makes properties of the class
        def write(self: Any, value: Any) -> None:
            self._choices[name] = list(value) if kind == "QStringList" else value
            self._rebuild()

        return QtCore.Property(kind, lambda self: self._choices.get(name, default), write)

    nodeTypes = _choice("QStringList", "nodeTypes")
    hideChildNodeTypes = _choice("QStringList", "hideChildNodeTypes")
    noneEnabled = _choice(bool, "noneEnabled")
    noneDisplay = _choice(str, "noneDisplay")
    showHidden = _choice(bool, "showHidden")
    showChildNodeTypes = _choice(bool, "showChildNodeTypes", True)

    def mrmlScene(self) -> Any:
        """Return the scene whose nodes are listed."""
        return self._watch.scene

    def setMRMLScene(self, scene: Any) -> None:
        """List the nodes of a scene."""
        self._was_listed = False
        self._watch.set_scene(scene)
        self._was_listed = scene is not None
        self.setEnabled(scene is not None)
        if self._requested is not None and scene is not None:
            self.setCurrentNodeID(self._requested)
            self._requested = None

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        """List only nodes that have an attribute."""
        self._attributes.append((node_type, name, None if value is None else str(value)))
        self._rebuild()

    def removeAttribute(self, node_type: str, name: str) -> None:
        """Undo `addAttribute`."""
        self._attributes = [entry for entry in self._attributes if entry[:2] != (node_type, name)]
        self._rebuild()

    def sortFilterProxyModel(self) -> qMRMLSortFilterProxyModel:
        """Return what decides which nodes are listed."""
        return self._listed

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        """Set what nodes of a class are called."""
        self._labels[node_type] = label

    def nodeTypeLabel(self, node_type: str) -> str:
        """Return what nodes of a class are called."""
        label = self._labels.get(node_type)
        return label or (self._watch.scene and self._watch.scene.GetTypeDisplayNameByClassName(node_type)) or "node"

    def setBaseName(self, name: str, node_type: str = "") -> None:
        """Set how new nodes are named."""
        for known in [node_type] if node_type else self.nodeTypes:
            self._base_names[known] = name

    baseName = QtCore.Property(str, lambda self: next(iter(self._base_names.values()), ""), setBaseName)

    def _wanted(self, node: Any) -> bool:
        """Return whether a node is listed."""
        kinds = [
            kind
            for kind in self.nodeTypes
            if (node.IsA(kind) if self.showChildNodeTypes else node.GetClassName() == kind)
        ]
        if not kinds or (node.GetHideFromEditors() and not self.showHidden):
            return False
        if node.GetID() in self._listed.hiddenNodeIDs:
            return False
        if any(node.IsA(kind) for kind in self.hideChildNodeTypes):
            return False
        for kind, name, value in self._attributes:
            found = node.GetAttribute(name)
            if node.IsA(kind) and (found is None or (value is not None and found != value)):
                return False
        return True

    def _rebuild(self) -> None:
        """List what is in the scene now, and keep, or replace as Slicer does, what is chosen."""
        nodes = [node for node in self._watch.nodes() if self._wanted(node)]
        self._watch.watch_nodes(nodes)
        before = [self._box.itemData(index) for index in range(self._box.count())]
        after = ([""] if self.noneEnabled else []) + [node.GetID() for node in nodes]
        if after == before:
            self._rename()
            return
        index = self._index_after(before, after)
        self._box.blockSignals(True)
        self._box.clear()
        for node_id in after:
            self._box.addItem("", node_id)
        self._rename()
        self._box.setCurrentIndex(index)
        self._box.blockSignals(False)
        self._chosen(index)

    def _index_after(self, before: list[str], after: list[str]) -> int:
        """Return what is chosen of a new list.

        As measured in Slicer: what was chosen; if it went, its successor among those that stay, or else the last; at
        first, None or the first node; and a first node that comes later only where the list has no "Create new …".
        """
        if self._current in after:
            return after.index(self._current)
        if self._current is not None:
            stay = [node_id for node_id in before if node_id and node_id in after]
            place = len([node_id for node_id in before[: before.index(self._current)] if node_id in stay])
            none = 0 if self.noneEnabled else -1
            return after.index(stay[min(place, len(stay) - 1)]) if stay else none
        has_actions = self.addEnabled or self.removeEnabled or self.editEnabled or self.renameEnabled
        return 0 if after and (self.noneEnabled or not self._was_listed or not has_actions) else -1

    def _rename(self) -> None:
        """Show the names that the nodes have now."""
        for index in range(self._box.count()):
            node = self._watch.scene.GetNodeByID(self._box.itemData(index)) if self._box.itemData(index) else None
            self._box.setItemText(index, (node.GetName() or node.GetID()) if node is not None else self.noneDisplay)
        self._box.defaultText = f"Select a {self.nodeTypeLabel(self.nodeTypes[0] if self.nodeTypes else '')}"

    def _chosen(self, index: int) -> None:
        node_id = self._box.itemData(index) or None
        if node_id == self._current:
            return
        self._current = node_id
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self.currentNodeValid.emit(node is not None)
        self.currentNodeIDChanged.emit(node_id or "")

    def _activated(self, _index: int) -> None:
        self.nodeActivated.emit(self.currentNode())

    def nodeCount(self) -> int:
        """Return how many nodes are listed."""
        return self._box.count() - bool(self.noneEnabled)

    def nodeFromIndex(self, index: int) -> Any:
        """Return a listed node."""
        node_id = self._box.itemData(index + bool(self.noneEnabled))
        return self._watch.scene.GetNodeByID(node_id) if node_id else None

    def currentNode(self) -> Any:
        """Return the chosen node; None where there is none."""
        return self._watch.scene.GetNodeByID(self._current) if self._current and self._watch.scene else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node; None for none."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def _current_id(self) -> str:
        return self._current or ""

    def setCurrentNodeID(self, node_id: str) -> None:
        """Choose a node by its id; "" for none."""
        if self._watch.scene is None:
            self._requested = node_id
        index = self._box.findData(node_id) if node_id else -1
        if index >= 0 and index != self._box.currentIndex():
            self._box.setCurrentIndex(index)
            self.nodeActivated.emit(self.currentNode())  # as if the user had: Slicer presses Enter in the list
        self._box.setCurrentIndex(0 if index < 0 and self.noneEnabled else index)

    currentNodeID = QtCore.Property(str, _current_id, setCurrentNodeID)

    def setCurrentNodeIndex(self, index: int) -> None:
        """Choose a node by its place in the list."""
        self._box.setCurrentIndex(index + bool(self.noneEnabled))

    def addNode(self, node_type: str = "") -> Any:
        """Return a new node, which is chosen."""
        kind = node_type or self.nodeTypes[0]
        name = self._base_names.get(kind) or self.nodeTypeLabel(kind)
        scene = self._watch.scene
        node = scene.CreateNodeByClass(kind)
        node.UnRegister(None)
        node.SetName(scene.GenerateUniqueName(name))
        for wanted, attribute, value in self._attributes:
            if node.IsA(wanted):
                node.SetAttribute(attribute, value or "")
        scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self) -> None:
        """Delete the chosen node from the scene."""
        self._watch.scene.RemoveNode(self.currentNode())
