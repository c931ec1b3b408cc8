"""The list of models that can be pointed at something; in the effect and in the panel that starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.autolabel_effect.tools import tool_of, usable_models
from AutoLabelLib.gui.choice_box import ChoiceBox


class ModelChoice:
    """Fills a combo box with models, and says what the chosen one does.

    Args:
        box: QComboBox; its tool tip says it.
        label: QLabel that says it, too; None where there is no room for one.
        on_chosen: Called when the user has chosen another model.
    """

    def __init__(self, box: Any, label: Any, on_chosen: Callable[[], None]) -> None:
        self._widget, self._label, self._on_chosen = box, label, on_chosen
        self._specs: dict[str, ModelSpec] = {}
        self._box = ChoiceBox(box, self._changed)
        self.refresh()

    @property
    def spec(self) -> ModelSpec | None:
        """The chosen model; None if none is installed."""
        return self._specs.get(self._box.chosen)

    def refresh(self) -> None:
        """List the models that are installed now; the chosen one stays chosen, if it is still there."""
        self._specs = {spec.name: spec for spec in usable_models(catalogue.models())}
        self._box.offer(
            [(name, f"{name} ({spec.modality or _('any modality')})") for name, spec in self._specs.items()]
        )
        self._describe()

    def choose(self, name: str) -> bool:
        """Show a model as chosen, without telling; return whether it is there."""
        if name not in self._specs:
            return False
        self._box.choose(name)
        self._describe()
        return True

    def _changed(self, name: str) -> None:
        self._describe()
        self._on_chosen()

    def _describe(self) -> None:
        text = _("No model that can be pointed at something is installed; see the panel Models.")
        if self.spec is not None:
            kinds = ", ".join(tool_of(kind).title.lower() for kind in self.spec.prompts)
            text = _("{description} Takes: {kinds}.").format(description=self.spec.description, kinds=kinds)
        self._widget.toolTip = text
        if self._label is not None:
            self._label.text = text
