"""A combo box whose entries stand for values: what is kept is the value, what is read may be translated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class ChoiceBox:
    """Lets the user choose one of a few values.

    Args:
        widget: QComboBox.
        on_choice: Gets the value that the user chose; not called for what the program chooses.
    """

    def __init__(self, widget: Any, on_choice: Callable[[str], None]) -> None:
        self.widget = widget
        self._choices: list[tuple[str, str]] = []
        self._on_choice = on_choice
        widget.connect("currentIndexChanged(int)", self._changed)

    @property
    def chosen(self) -> str:
        """The value; "" if there is none."""
        index = self.widget.currentIndex
        return self._choices[index][0] if 0 <= index < len(self._choices) else ""

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer values, each with its text; what was chosen stays chosen if it is among them."""
        if list(choices) == self._choices:
            return
        chosen = self.chosen
        self._choices = list(choices)
        self.widget.blockSignals(True)
        self.widget.clear()
        for _value, text in self._choices:
            self.widget.addItem(text)
        self.widget.blockSignals(False)
        self.choose(chosen)

    def choose(self, value: str) -> None:
        """Show a value as chosen; the first one if it is not offered."""
        values = [offered for offered, _text in self._choices]
        index = values.index(value) if value in values else 0
        if self.widget.currentIndex != index:
            self.widget.blockSignals(True)
            self.widget.currentIndex = index
            self.widget.blockSignals(False)

    def _changed(self, index: int) -> None:
        self._on_choice(self.chosen)
