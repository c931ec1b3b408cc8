"""The list of prompts in the options frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.prompt import Box, Point, Position, Prompt
from AutoLabelLib.gui.autolabel_effect.signs import sign_icon
from AutoLabelLib.gui.autolabel_effect.tools import kind_of, tool_of


class PromptList:
    """Shows prompts in a QListWidget, and the selected one in the views.

    Args:
        widget: QListWidget.
        on_selected: Called with the prompt that was selected; None for none.
    """

    def __init__(self, widget: Any, on_selected: Callable[[Prompt | None], None]) -> None:
        self._widget, self._on_selected = widget, on_selected
        self._prompts: list[Prompt] = []
        widget.connect("currentRowChanged(int)", self._row_changed)

    @property
    def selected(self) -> Prompt | None:
        """The prompt that is selected."""
        row = self._widget.currentRow
        return self._prompts[row] if 0 <= row < len(self._prompts) else None

    def show(self, prompts: Sequence[Prompt]) -> None:
        """Show just these prompts; the selected one stays selected, if it is still there."""
        if list(prompts) == self._prompts:
            return
        selected = self.selected
        self._prompts = list(prompts)
        was_blocked = self._widget.blockSignals(True)
        self._widget.clear()
        for number, prompt in enumerate(self._prompts, start=1):
            self._widget.addItem(f"{number}.  {_words(prompt)}")
            self._widget.item(number - 1).setIcon(sign_icon(prompt.positive))
        self._widget.currentRow = self._prompts.index(selected) if selected in self._prompts else -1
        self._widget.blockSignals(was_blocked)
        if selected is not None and selected not in self._prompts:
            self._on_selected(None)

    def _row_changed(self, row: int) -> None:
        prompt = self.selected
        if prompt is not None:
            jump_to(_middle(prompt))
        self._on_selected(prompt)


def jump_to(position_ras_mm: Position) -> None:
    """Show a position in all slice views."""
    node_class = slicer.vtkMRMLSliceNode
    node_class.JumpAllSlices(slicer.mrmlScene, *position_ras_mm, node_class.OffsetJumpSlice)


def _middle(prompt: Prompt) -> Position:
    if isinstance(prompt, Point):
        return prompt.position_ras_mm
    if isinstance(prompt, Box):
        r, a, s = (np.add(prompt.low_ras_mm, prompt.high_ras_mm) / 2).tolist()
        return (r, a, s)
    return prompt.path_ras_mm[len(prompt.path_ras_mm) // 2]


def _words(prompt: Prompt) -> str:
    sign = _("inside") if prompt.positive else _("outside")
    r, a, s = _middle(prompt)
    return f"{tool_of(kind_of(prompt)).title}, {sign}  ({r:.0f}, {a:.0f}, {s:.0f})".replace("-", "−")
