"""The prompts of one object in the order in which they were given, with undo and redo."""

from __future__ import annotations

from collections.abc import Collection

from AutoLabelLib.core.prompt import Prompt, Prompts
from AutoLabelLib.core.prompt_history import PromptHistory
from AutoLabelLib.gui.autolabel_effect.tools import kind_of


class GivenPrompts:
    """Remembers what was given when, which a history that holds each kind for itself does not.

    Attributes:
        history: The prompts that hold now, and the way there.
    """

    def __init__(self) -> None:
        self.history = PromptHistory()
        self._order: list[Prompt] = []

    @property
    def in_order(self) -> list[Prompt]:
        """The prompts that hold now, oldest first."""
        return sorted(self.history.prompts, key=lambda prompt: self._order.index(prompt))

    def hold(self, history: PromptHistory) -> None:
        """Let other prompts hold; what is new among them is the latest."""
        self.history = history
        self._order += [prompt for prompt in history.prompts if prompt not in self._order]

    def moved(self, old: Prompt, new: Prompt) -> PromptHistory:
        """Return the history with one prompt in another place; it keeps its place in the order."""
        self._order.insert(self._order.index(old), new)  # the old one stays, for undo
        return self._then(self.history.prompts.removing(old).adding(new))

    def only(self, kinds: Collection[str]) -> PromptHistory:
        """Return the history without the prompts of other kinds."""
        kept = Prompts()
        for prompt in self.history.prompts:
            kept = kept.adding(prompt) if kind_of(prompt) in kinds else kept
        return self.history if kept == self.history.prompts else self._then(kept)

    def _then(self, prompts: Prompts) -> PromptHistory:
        return PromptHistory(prompts, (*self.history.past, self.history.prompts))
