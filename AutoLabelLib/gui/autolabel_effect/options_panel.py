"""The options frame of the effect: shows the conversation, and passes on what the user wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.errors import MissingDependency, WorkerError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.autolabel_effect.conversation import Conversation
from AutoLabelLib.gui.autolabel_effect.gestures import Gestures
from AutoLabelLib.gui.autolabel_effect.model_choice import ModelChoice
from AutoLabelLib.gui.autolabel_effect.prompt_list import PromptList
from AutoLabelLib.gui.autolabel_effect.signs import show_chosen, sign_icon
from AutoLabelLib.gui.autolabel_effect.tools import SIGN_KEY, TOOLS, Tool, tool_of, why_not
from AutoLabelLib.gui.status_row import progress_text
from AutoLabelLib.gui.ui_files import load_ui


class OptionsPanel:
    """The widgets in the options frame.

    Args:
        conversation: What is shown.
        gestures: Told which tool and which sign are chosen.
        on_accept: What Accept does.
        on_choice: Called when the user has made a choice that belongs into the scene.
    """

    def __init__(
        self,
        conversation: Conversation,
        gestures: Gestures,
        on_accept: Callable[[], None],
        on_choice: Callable[[], None],
    ) -> None:
        self.widget, self.ui = load_ui("AutoLabelEffect.ui")
        self._conversation, self._gestures, self._on_choice = conversation, gestures, on_choice
        self.prompt_list = PromptList(self.ui.promptList, self._selected)
        self.model_choice = ModelChoice(self.ui.modelBox, None, self._model_chosen)
        self._buttons = {tool.kind: getattr(self.ui, f"{tool.kind}Button") for tool in TOOLS}
        self._connect(on_accept)
        self._offer_structures(self.model_choice.spec)
        self._use_model()
        self.update()

    @property
    def opens_new_segment(self) -> bool:
        """Whether each accepted object shall have a segment of its own."""
        return bool(self.ui.newSegmentBox.checked)

    @property
    def corrects(self) -> bool:
        """Whether prompts shall correct what the segment holds."""
        return bool(self.ui.correctBox.checked)

    def show_choices(self, model: str, kind: str, new_segment: bool, corrects: bool) -> None:
        """Show the choices that the scene holds."""
        if self.model_choice.spec is None or model != self.model_choice.spec.name:
            if self.model_choice.choose(model):
                self._offer_structures(self.model_choice.spec)
            self._use_model()
        if kind in self._buttons and self._buttons[kind].enabled:
            self.choose_tool(kind)
        self.ui.newSegmentBox.checked = new_segment
        self.ui.correctBox.checked = corrects

    def choose_tool(self, kind: str) -> None:
        """Choose a tool, if the model understands what it makes."""
        if self._buttons[kind].enabled:
            self._gestures.cancel()
            self._gestures.kind = kind
            self._on_choice()
            self.update()

    def toggle_sign(self) -> None:
        """Change between inside and outside."""
        self._choose_sign(not self._gestures.positive)

    def update(self) -> None:
        """Show the conversation as it is now."""
        ui, conversation = self.ui, self._conversation
        asking = conversation.asking
        self.prompt_list.show(conversation.prompts)
        self._offer_actions()
        for kind, button in self._buttons.items():
            show_chosen(button, kind == self._gestures.kind)
        show_chosen(ui.insideButton, self._gestures.positive)
        show_chosen(ui.outsideButton, not self._gestures.positive)
        for widget in (ui.progressBar, ui.cancelButton):
            widget.visible = asking.busy
        ui.cancelButton.enabled = not asking.is_cancelling
        ui.progressBar.maximum = 100 if asking.progress is not None else 0  # 0: it moves, but nobody knows how far
        ui.progressBar.value = int(100 * asking.progress.fraction) if asking.progress is not None else 0
        ui.setupButton.visible = isinstance(conversation.error, MissingDependency | WorkerError) and not asking.busy
        text = self._text()
        if ui.statusLabel.text != text:
            ui.statusLabel.text = text

    def _offer_actions(self) -> None:
        """Enable the buttons that make sense now, and let the others say why they do not."""
        ui, conversation = self.ui, self._conversation
        is_selected = self.prompt_list.selected is not None
        reset = _("Remove all prompts, and give the segment back what it held before them (Ctrl+Backspace)")
        accept = _("Keep the segment and begin the next object (Enter)")
        no_result = _("Wait for the result, or cancel") if conversation.asking.busy else _("Nothing was found yet")
        for button, enabled, what, why_not_now in (
            (ui.undoButton, conversation.can_undo, _("Take the latest prompt back (Backspace)"), _("No prompt yet")),
            (ui.redoButton, conversation.can_redo, _("Give it again (Shift+Backspace)"), _("Nothing was taken back")),
            (ui.removeButton, is_selected, _("Remove the selected prompt (Del)"), _("Select a prompt in the list")),
            (ui.resetButton, conversation.has_begun, reset, _("No prompt yet")),
            (ui.acceptButton, conversation.has_result and not conversation.asking.busy, accept, no_result),
        ):
            button.enabled = enabled
            button.toolTip = what if enabled else why_not_now

    def _text(self) -> str:
        asking = self._conversation.asking
        if asking.is_cancelling:
            return _("Cancelling…")
        if asking.busy:
            return f"{asking.what}: {progress_text(asking.progress)}" if asking.progress else f"{asking.what}…"
        return self._conversation.text or tool_of(self._gestures.kind).how

    def _connect(self, on_accept: Callable[[], None]) -> None:
        ui, conversation = self.ui, self._conversation
        for tool in TOOLS:
            self._buttons[tool.kind].connect("clicked()", lambda kind=tool.kind: self.choose_tool(kind))
        ui.insideButton.connect("clicked()", lambda: self._choose_sign(True))
        ui.outsideButton.connect("clicked()", lambda: self._choose_sign(False))
        changes = _("{key} changes it; Shift does for one prompt.").format(key=SIGN_KEY)
        ui.insideButton.toolTip = _("What you point at belongs to the object.") + " " + changes
        ui.outsideButton.toolTip = _("What you point at does not belong to the object.") + " " + changes
        for widget in (ui.progressBar, ui.cancelButton):  # what lies below must not jump while one aims at it
            policy = widget.sizePolicy
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        for button, positive in ((ui.insideButton, True), (ui.outsideButton, False)):
            button.setIcon(sign_icon(positive))
        ui.structureBox.connect("currentIndexChanged(int)", lambda index: self._model_chosen(is_new=False))
        ui.cancelButton.connect("clicked()", conversation.cancel)
        ui.setupButton.connect("clicked()", open_setup)
        ui.undoButton.connect("clicked()", conversation.undo)
        ui.redoButton.connect("clicked()", conversation.redo)
        ui.removeButton.connect("clicked()", self.remove_selected)
        ui.resetButton.connect("clicked()", conversation.reset)
        ui.acceptButton.connect("clicked()", on_accept)
        ui.newSegmentBox.connect("toggled(bool)", lambda on: self._on_choice())
        ui.correctBox.connect("toggled(bool)", self._correct)

    def _correct(self, on: bool) -> None:
        self._conversation.corrects = on
        self._on_choice()

    def remove_selected(self) -> None:
        """Remove the prompt under the mouse, or else the one that is selected in the list."""
        prompt = self._conversation.marks.touched() or self.prompt_list.selected
        if prompt is not None:
            self._conversation.remove(prompt)

    def _selected(self, prompt: Any) -> None:
        self._conversation.marks.highlight(prompt)
        self.update()

    def _choose_sign(self, positive: bool) -> None:
        self._gestures.positive = positive
        self.update()

    def _model_chosen(self, is_new: bool = True) -> None:
        if is_new:
            self._offer_structures(self.model_choice.spec)
        self._use_model()
        self._on_choice()

    def _offer_structures(self, spec: ModelSpec | None) -> None:
        names = [segment.name for segment in spec.segments] if spec is not None else []
        box = self.ui.structureBox
        was_blocked = box.blockSignals(True)
        box.clear()
        box.addItems(names)
        box.blockSignals(was_blocked)
        for widget in (box, self.ui.structureTitle):
            widget.visible = len(names) > 1

    def _use_model(self) -> None:
        """Offer what the model understands, and say why not the rest."""
        spec = self.model_choice.spec
        for tool in TOOLS:
            self._offer(tool, why_not(spec, tool.kind))
        if spec is None:
            return
        if not self._buttons[self._gestures.kind].enabled:
            self.choose_tool(next(tool.kind for tool in TOOLS if tool.kind in spec.prompts))
        structure = self.ui.structureBox.currentText if len(spec.segments) > 1 else None
        self._conversation.choose(spec, structure)

    def _offer(self, tool: Tool, reason: str) -> None:
        button = self._buttons[tool.kind]
        button.enabled = not reason
        button.toolTip = reason or f"{tool.how} ({tool.key})"


def open_setup() -> None:
    """Show the module's panel Setup."""
    slicer.util.selectModule("AutoLabel")
    widget = getattr(slicer.modules, "AutoLabelWidget", None)
    if widget is not None and widget.panel is not None:
        widget.panel.open_panel("setup")
