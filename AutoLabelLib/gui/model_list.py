"""The list of models: searched and filtered, each with what it is for, and why it cannot be used where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from AutoLabelLib.core import model_choice
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.choice_box import ChoiceBox


class ModelList:
    """Lets the user choose one of the installed models.

    Args:
        ui: Has the searchBox, modalityFilterBox, anatomyFilterBox and modelList.
        on_choice: Gets the name of a model that the user chose.
        on_filter: Gets the modality and the anatomy that the user wants to see; "" for all.
    """

    def __init__(self, ui: Any, on_choice: Callable[[str], None], on_filter: Callable[[str, str], None]) -> None:
        self._ui = ui
        self._on_choice, self._on_filter = on_choice, on_filter
        self._specs: Sequence[ModelSpec] = ()
        self._listed: list[ModelSpec] = []
        self._chosen = ""
        self._image: tuple[str, int] = ("", 1)
        ui.searchBox.showSearchIcon = True
        ui.searchBox.connect("textChanged(QString)", lambda text: self._fill())
        self._modality = ChoiceBox(ui.modalityFilterBox, self._filtered)
        self._anatomy = ChoiceBox(ui.anatomyFilterBox, self._filtered)
        ui.modelList.connect("currentRowChanged(int)", self._row_changed)

    @property
    def shown(self) -> ModelSpec | None:
        """The chosen model; None if there is none, or search and filters hide it."""
        return next((spec for spec in self._listed if spec.name == self._chosen), None)

    @property
    def first_usable(self) -> str:
        """Name of the first listed model that can segment the image; "" if there is none."""
        return next((spec.name for spec in self._listed if not self._why_not(spec)), "")

    def show(
        self, specs: Sequence[ModelSpec], chosen: str, modality: str, anatomy: str, image: tuple[str, int]
    ) -> None:
        """Show models and which one is chosen.

        Args:
            specs: The installed ones.
            chosen: Name of one; "" for none.
            modality: What the user wants to see; "" for all.
            anatomy: The same for body parts.
            image: Modality ("" for unknown) and number of channels of what shall be segmented.
        """
        self._modality.offer([("", _("Any modality")), *((name, name) for name in model_choice.modalities(specs))])
        self._anatomy.offer([("", _("Any body part")), *((name, name) for name in model_choice.anatomies(specs))])
        self._modality.choose(modality)
        self._anatomy.choose(anatomy)
        if (specs, image) == (self._specs, self._image) and chosen != self._chosen:
            self._chosen = chosen
            self._select()
            return
        self._specs, self._chosen, self._image = specs, chosen, image
        self._fill()

    def _why_not(self, spec: ModelSpec) -> str:
        modality, channels = self._image
        return model_choice.why_not(spec, modality, channels)

    def _filtered(self, value: str) -> None:
        self._fill()
        self._on_filter(self._modality.chosen, self._anatomy.chosen)

    def _fill(self) -> None:
        text = self._ui.searchBox.text
        found = [
            spec
            for spec in self._specs
            if model_choice.matches(spec, text, self._modality.chosen, self._anatomy.chosen)
        ]
        self._listed = sorted(found, key=lambda spec: bool(self._why_not(spec)))
        widget = self._ui.modelList
        widget.blockSignals(True)
        widget.clear()
        for row, spec in enumerate(self._listed):
            self._add(row, spec)
        widget.blockSignals(False)
        self._select()
        self._on_filter(self._modality.chosen, self._anatomy.chosen)

    def _add(self, row: int, spec: ModelSpec) -> None:
        widget, why_not = self._ui.modelList, self._why_not(spec)
        meta = ", ".join(part for part in (model_choice.modality_text(spec), spec.anatomy) if part)
        lines = [f"{spec.name} ({meta})", spec.description, why_not[:1].upper() + why_not[1:]]
        widget.addItem("\n".join(line for line in lines if line))
        item = widget.item(row)
        item.setToolTip(spec.intended_use or spec.description)
        if why_not:
            item.setForeground(qt.QBrush(widget.palette.color(qt.QPalette.Disabled, qt.QPalette.Text)))

    def _select(self) -> None:
        widget = self._ui.modelList
        names = [spec.name for spec in self._listed]
        row = names.index(self._chosen) if self._chosen in names else -1
        widget.blockSignals(True)
        widget.setCurrentRow(row)
        widget.blockSignals(False)

    def _row_changed(self, row: int) -> None:
        if 0 <= row < len(self._listed):
            self._chosen = self._listed[row].name
            self._on_choice(self._chosen)
