"""When the content of a scene changed, for widgets that list nodes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import shiboken6
import slicer
import vtk

from Testing.host import slots
from Testing.host.observing import end_with_host


class SceneWatch:
    """Calls a widget when nodes of its scene come, go or change; not in the middle of loading or closing."""

    def __init__(self, widget: Any, changed: Callable[[], None], renamed: Callable[[], None]) -> None:
        self.scene: Any = None
        self._widget = weakref.ref(widget)
        self._changed = weakref.WeakMethod(changed)  # type: ignore[arg-type]
        self._renamed = weakref.WeakMethod(renamed)  # type: ignore[arg-type]
        self._tags: list[int] = []
        self._node_tags: dict[str, tuple[Any, int]] = {}
        end_with_host(self)

    def clear(self) -> None:
        """Watch nothing any more, and leave the widget as it is."""
        for tag in self._tags:
            self.scene.RemoveObserver(tag)
        self._tags = []
        self.watch_nodes([])

    def set_scene(self, scene: Any) -> None:
        """Watch another scene; None for none."""
        if scene is self.scene:
            return
        self.clear()
        self.scene = scene
        if scene is not None:
            kinds = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent", "EndCloseEvent", "EndImportEvent")
            self._tags = [scene.AddObserver(getattr(slicer.vtkMRMLScene, kind), self._on_scene) for kind in kinds]
        self._tell(self._changed)

    def watch_nodes(self, nodes: Iterable[Any]) -> None:
        """Tell when one of these is modified, and no other: a renamed node is listed under its new name."""
        wanted = {node.GetID(): node for node in nodes}
        for node_id in set(self._node_tags) - set(wanted):
            node, tag = self._node_tags.pop(node_id)
            node.RemoveObserver(tag)
        for node_id in set(wanted) - set(self._node_tags):
            node = wanted[node_id]
            self._node_tags[node_id] = (node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_node))

    def nodes(self) -> list[Any]:
        """Return the nodes of the scene, in its order."""
        count = 0 if self.scene is None else self.scene.GetNumberOfNodes()
        return [self.scene.GetNthNode(index) for index in range(count)]

    def _on_scene(self, _caller: Any, _event: str) -> None:
        self._tell(self._changed)

    def _on_node(self, _caller: Any, _event: str) -> None:
        self._tell(self._renamed)

    def _tell(self, method: weakref.WeakMethod[Callable[[], None]]) -> None:
        widget, call = self._widget(), method()
        if widget is None or call is None or not shiboken6.isValid(widget):
            return
        if self.scene is None or not self.scene.IsBatchProcessing():
            slots.guarded(call)
