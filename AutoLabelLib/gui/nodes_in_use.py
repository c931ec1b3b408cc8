"""Nodes that a job is for: if one is deleted meanwhile, the job is of no use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import slicer


class NodesInUse:
    """Watches nodes until they are released, and says which one was deleted.

    Args:
        nodes: The nodes; None among them is left out.
        on_deleted: Gets the name of the first one that is deleted; they are released then.
    """

    def __init__(self, nodes: Iterable[Any], on_deleted: Callable[[str], None]) -> None:
        self._nodes = [(node, node.GetName()) for node in nodes if node is not None]
        self._on_deleted = on_deleted
        self._scene = slicer.mrmlScene
        self._tag: int | None = self._scene.AddObserver(self._scene.NodeRemovedEvent, self._look)

    def release(self) -> None:
        """Stop watching."""
        if self._tag is not None:
            self._scene.RemoveObserver(self._tag)
        self._tag = None
        self._nodes = []

    def _look(self, caller: Any, event: str) -> None:
        for node, name in self._nodes:
            if node.GetScene() is None:
                self.release()
                self._on_deleted(name)
                return
