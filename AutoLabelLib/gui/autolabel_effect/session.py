"""What the effect is made of once it is used: everything wired to everything."""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import slicer

from AutoLabelLib.gui.autolabel_effect import tools
from AutoLabelLib.gui.autolabel_effect.asking import Asking
from AutoLabelLib.gui.autolabel_effect.conversation import Conversation
from AutoLabelLib.gui.autolabel_effect.gestures import Gestures
from AutoLabelLib.gui.autolabel_effect.next_segment import add_next_segment
from AutoLabelLib.gui.autolabel_effect.options_panel import OptionsPanel
from AutoLabelLib.gui.autolabel_effect.shortcuts import Shortcuts
from AutoLabelLib.gui.errors import reported

# By the id of the editor's node. When Slicer reloads the module Segment Editor, the old editor goes on unseen, with
# the same node and the same effect: both would take each click.
_active: WeakValueDictionary[str, EffectSession] = WeakValueDictionary()


class EffectSession:
    """The working parts of one effect in one Segment Editor.

    Args:
        effect: Slicer's Python side of the effect.
    """

    def __init__(self, effect: Any) -> None:
        self._effect = effect
        self._is_showing = False
        self._editor_node: Any = None
        self._editor_tag = 0
        self.conversation = Conversation(effect.scriptedEffect, Asking(), self._changed)
        self.gestures = Gestures(
            effect, self.conversation.add, self._too_short, lambda: self.conversation.marks.touched() is not None
        )
        self.panel: OptionsPanel | None = None
        self.panel = OptionsPanel(self.conversation, self.gestures, self.accept, self.keep_choices)
        effect.scriptedEffect.addOptionsWidget(self.panel.widget)
        self.shortcuts = Shortcuts(self._actions())
        slicer.app.connect("aboutToQuit()", self.close)

    def activate(self) -> None:
        """Begin to listen."""
        assert self.panel is not None
        editor_node = self._effect.scriptedEffect.parameterSetNode()
        other = _active.get(editor_node.GetID())
        if other is not None and other is not self and other._editor_node is editor_node:
            other.deactivate()
        _active[editor_node.GetID()] = self
        self._follow_editor(editor_node)
        self.panel.model_choice.refresh()
        self.show_choices()
        self.conversation.welcome()
        self.shortcuts.install()

    def deactivate(self) -> None:
        """Put the prompts away, and listen no longer."""
        self.shortcuts.remove()
        self.gestures.cancel()
        self.conversation.put_away()
        self._follow_editor(None)

    def close(self) -> None:
        """End for good."""
        slicer.app.disconnect("aboutToQuit()", self.close)
        self.shortcuts.remove()
        self._follow_editor(None)
        self.conversation.close()

    def process(self, interactor: Any, event_id: int, view_widget: Any) -> bool:
        """Take an event of a view; return whether nobody else shall get it."""
        if self._editor_node is None:
            return False
        with reported(self.conversation.say):
            return self.gestures.process(interactor, event_id, view_widget)
        return False

    def accept(self) -> None:
        """Keep the object, and make room for the next one if the user wants each in a segment of its own."""
        assert self.panel is not None
        place = self.conversation.accept()
        if place is not None and self.panel.opens_new_segment:
            with reported(self.conversation.say):
                self._effect.scriptedEffect.saveStateForUndo()
                add_next_segment(place, self._effect.scriptedEffect.parameterSetNode())

    def look_again(self) -> None:
        """Notice what was chosen in the editor."""
        self.conversation.look_again()

    def geometry_changed(self) -> None:
        """Notice that the editor draws on another grid."""
        self.conversation.geometry_changed()

    def show_choices(self) -> None:
        """Show what the scene holds."""
        if self.panel is None or self._is_showing or self._effect.scriptedEffect.parameterSetNode() is None:
            return
        self._is_showing = True
        try:
            read = self._effect.scriptedEffect
            flags = (read.parameter(name) == "1" for name in ("NewSegment", "Correct"))
            self.panel.show_choices(read.parameter("Model"), read.parameter("Tool"), *flags)
        finally:
            self._is_showing = False

    def keep_choices(self) -> None:
        """Write into the scene what the user has chosen."""
        write = self._effect.scriptedEffect
        if self.panel is None or self._is_showing or write.parameterSetNode() is None:
            return
        self._is_showing = True
        try:
            if self.panel.model_choice.spec is not None:
                write.setParameter("Model", self.panel.model_choice.spec.name)
            write.setParameter("Tool", self.gestures.kind)
            write.setParameter("NewSegment", int(self.panel.opens_new_segment))
            write.setParameter("Correct", int(self.panel.corrects))
        finally:
            self._is_showing = False

    def _follow_editor(self, editor_node: Any) -> None:
        """Watch the node that holds what is chosen in the editor; None for none."""
        if self._editor_node is not None:
            self._editor_node.RemoveObserver(self._editor_tag)
        self._editor_node = editor_node
        if editor_node is not None:
            self._editor_tag = editor_node.AddObserver("ModifiedEvent", lambda caller, event: self.look_again())

    def _actions(self) -> dict[str, Any]:
        assert self.panel is not None
        panel, conversation = self.panel, self.conversation
        actions: dict[str, Any] = {tool.key: lambda kind=tool.kind: panel.choose_tool(kind) for tool in tools.TOOLS}
        actions |= dict.fromkeys(tools.ACCEPT_KEYS, self.accept)
        return actions | {
            tools.SIGN_KEY: panel.toggle_sign,
            tools.UNDO_KEY: conversation.undo,
            tools.REDO_KEY: conversation.redo,
            tools.REMOVE_KEY: panel.remove_selected,
            tools.RESET_KEY: conversation.reset,
        }

    def _too_short(self) -> None:
        self.conversation.say(tools.tool_of(self.gestures.kind).how)

    def _changed(self) -> None:
        if self.panel is not None:
            self.panel.update()
