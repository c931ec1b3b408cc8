"""Prompts as markups, so that they are seen in all views, can be moved there and deleted there.

A point is a fiducial, a box is a ROI, a scribble is a curve and a lasso a closed one. Positive ones are green, negative
ones are red and of another shape. The nodes belong to their `PromptMarks`: they are in no list of nodes, and are not
saved with the scene.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from AutoLabelLib.core.prompt import Prompt
from AutoLabelLib.scene.mark_nodes import add_mark, prompt_of, same_place, set_size
from AutoLabelLib.scene.nodes import Node, current_scene


class PromptMarks:
    """Shows prompts in a scene and says what the user does to their marks.

    Args:
        on_moved: Called with the old and the new prompt when the user has dragged a mark.
        on_removed: Called with the prompt when the user has deleted its mark.
        scene: Scene that the marks go into; None for the current one.
    """

    def __init__(
        self, on_moved: Callable[[Prompt, Prompt], None], on_removed: Callable[[Prompt], None], scene: Any = None
    ) -> None:
        self._scene = scene or current_scene()
        self._on_moved, self._on_removed = on_moved, on_removed
        self._marks: list[tuple[Prompt, Node]] = []
        self._observations: dict[str, list[tuple[Any, int]]] = {}
        self._dragged: set[str] = set()
        self._is_ours = False  # a change that we make ourselves is no wish of the user
        # Whoever forgets to close this must not leave observers behind: they crash when the scene is deleted.
        weakref.finalize(self, _unobserve, self._observations).atexit = False
        self._watch_scene()

    def show(self, prompts: Iterable[Prompt]) -> None:
        """Show just these prompts."""
        left = list(self._marks)
        shown: list[tuple[Prompt, Node]] = []
        for prompt in prompts:
            known = next((mark for mark in left if mark[0] == prompt), None)
            if known is not None:
                left.remove(known)
            shown.append(known or self._make(prompt))
        self._marks = shown
        for _, node in left:
            self._drop(node)

    def clear(self) -> None:
        """Remove all marks from the scene."""
        self.show(())

    def close(self) -> None:
        """Remove all marks, and watch the scene no longer."""
        self.clear()
        _unobserve(self._observations)

    def node_of(self, prompt: Prompt) -> Node | None:
        """Return the mark of a prompt; None if it is not shown."""
        return next((node for shown, node in self._marks if shown == prompt), None)

    def highlight(self, prompt: Prompt | None) -> None:
        """Show one prompt larger than the others; None for none."""
        for shown, node in self._marks:
            set_size(node, shown, is_chosen=shown == prompt)

    def touched(self) -> Prompt | None:
        """Return the prompt whose mark is under the mouse, so that a drag would move it; None if there is none."""
        for prompt, node in self._marks:
            display_node = node.GetDisplayNode()
            if not node.GetLocked() and display_node is not None and display_node.GetActiveComponentType():
                return prompt
        return None

    def _watch_scene(self) -> None:
        import vtk

        marks = weakref.proxy(self)  # else this and what it observes would hold each other

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def removed(caller: Any, event: str, node: Node) -> None:
            marks._node_gone(node)

        scene = self._scene
        self._observations["scene"] = [
            (scene, scene.AddObserver(scene.NodeRemovedEvent, removed)),
            (scene, scene.AddObserver(scene.StartCloseEvent, lambda caller, event: marks._forget())),
        ]

    def _make(self, prompt: Prompt) -> tuple[Prompt, Node]:
        node = add_mark(prompt, self._scene)
        self._observe(node)
        return prompt, node

    def _observe(self, node: Node) -> None:
        node_id, marks = node.GetID(), weakref.proxy(self)

        def changed(caller: Any, event: str) -> None:
            if node_id not in marks._dragged:
                marks._changed(node_id)

        def drag_begins(caller: Any, event: str) -> None:
            marks._dragged.add(node_id)

        def drag_ends(caller: Any, event: str) -> None:
            marks._dragged.discard(node_id)
            marks._changed(node_id)

        wishes = {
            node.PointModifiedEvent: changed,
            node.PointRemovedEvent: changed,
            node.PointStartInteractionEvent: drag_begins,
            node.PointEndInteractionEvent: drag_ends,
        }
        self._observations[node_id] = [(node, node.AddObserver(event, what)) for event, what in wishes.items()]

    def _changed(self, node_id: str) -> None:
        """Tell what has become of the prompt of a mark."""
        mark = next(((prompt, node) for prompt, node in self._marks if node.GetID() == node_id), None)
        if mark is None or self._is_ours:
            return
        old, node = mark
        new = prompt_of(node, old)
        if new is None:
            self._marks.remove(mark)
            self._drop(node)
            self._on_removed(old)
        elif not same_place(old, new):
            self._marks[self._marks.index(mark)] = (new, node)
            self._on_moved(old, new)

    def _drop(self, node: Node) -> None:
        _unobserve(self._observations, node.GetID())
        self._dragged.discard(node.GetID())
        self._is_ours = True
        try:
            for index in reversed(range(node.GetNumberOfDisplayNodes())):
                display_node = self._scene.GetNodeByID(node.GetNthDisplayNodeID(index) or "")
                if display_node is not None:  # Slicer leaves it behind
                    self._scene.RemoveNode(display_node)
            if self._scene.IsNodePresent(node):
                self._scene.RemoveNode(node)
        finally:
            self._is_ours = False

    def _node_gone(self, node: Node) -> None:
        mark = next((mark for mark in self._marks if mark[1] is node), None)
        if mark is None or self._is_ours or self._scene.IsClosing():
            return
        self._marks.remove(mark)
        self._drop(node)
        self._on_removed(mark[0])

    def _forget(self) -> None:
        """Let go of all marks: the scene removes them itself."""
        for _, node in self._marks:
            _unobserve(self._observations, node.GetID())
        self._marks.clear()
        self._dragged.clear()


def _unobserve(observations: dict[str, list[tuple[Any, int]]], key: str | None = None) -> None:
    """Remove observers: those of one key, or all."""
    for known in [key] if key is not None else list(observations):
        for observed, tag in observations.pop(known, ()):
            observed.RemoveObserver(tag)
