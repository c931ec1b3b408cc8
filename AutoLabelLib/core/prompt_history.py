"""Prompts as they were given one after the other, with undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, field

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Prompt, Prompts


@dataclass(frozen=True)
class PromptHistory:
    """What was pointed at up to now, and the way there; each method returns a new history.

    A step that fails later, such as a click outside the volume, is thus taken back by keeping the old one.

    Attributes:
        prompts: What holds now.
        past: What held before, oldest first.
        future: What was undone, next one last.
    """

    prompts: Prompts = field(default_factory=Prompts)
    past: tuple[Prompts, ...] = ()
    future: tuple[Prompts, ...] = ()

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back and nothing new was done since."""
        return bool(self.future)

    def add(self, prompt: Prompt) -> PromptHistory:
        """Return the history with one more prompt."""
        return self._then(self.prompts.adding(prompt))

    def remove(self, prompt: Prompt) -> PromptHistory:
        """Return the history with one prompt taken away, which can be undone, too.

        Raises:
            InputError: If there is no such prompt.
        """
        return self._then(self.prompts.removing(prompt))

    def clear(self) -> PromptHistory:
        """Return the history with all prompts taken away, which can be undone, too."""
        return self._then(Prompts()) if self.prompts else self

    def undo(self) -> PromptHistory:
        """Return the history one step back.

        Raises:
            InputError: If there is none.
        """
        if not self.past:
            raise InputError("There is nothing to undo.")
        return PromptHistory(self.past[-1], self.past[:-1], (*self.future, self.prompts))

    def redo(self) -> PromptHistory:
        """Return the history with the step that was undone last.

        Raises:
            InputError: If there is none.
        """
        if not self.future:
            raise InputError("There is nothing to redo.")
        return PromptHistory(self.future[-1], (*self.past, self.prompts), self.future[:-1])

    def _then(self, prompts: Prompts) -> PromptHistory:
        return PromptHistory(prompts, (*self.past, self.prompts))
