"""The panel Models: what is installed, what each model is worth, and those that the user adds and removes."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.api.stepwise import Steps, stepwise
from AutoLabelLib.core import bundle, catalogue, user_models
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.core.job import Progress
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.model_check import ModelCheck
from AutoLabelLib.gui.model_words import card_markdown, facts_html, trust_question, use_text
from AutoLabelLib.gui.setup_words import size_text
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.ui_files import load_ui

_ROWS_SHOWN = 6


class ModelsPanel:
    """Shows the installed models; adds and removes the user's own.

    Args:
        shared: What all panels share.
    """

    def __init__(self, shared: Shared) -> None:
        self.widget, self.ui = load_ui("AutoLabelModels.ui")
        self._shared = shared
        self._specs: list[ModelSpec] = []
        self._card = ""
        self._check = ModelCheck(self._show_facts)
        self._is_over = False
        header = self.ui.modelsTree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)
        self.ui.modelsTree.connect("itemSelectionChanged()", self._selected)
        self.ui.addButton.connect("clicked()", self._ask_for_folder)
        self.ui.approveButton.connect("clicked()", self._ask_to_approve)
        self.ui.removeButton.connect("clicked()", self._ask_to_remove)
        self._doing = ""
        shared.runner.watch(self._runner_changed)
        self._say("")
        self.refresh()

    def set_parameters(self, parameters: Any) -> None:
        """Nothing here belongs into the scene."""

    def enter(self) -> None:
        """Look again: models may have come or gone meanwhile."""
        self.refresh()

    def exit(self) -> None:
        """Stop looking at files."""
        self._check.stop()

    def cleanup(self) -> None:
        """Let go of the widgets."""
        self._is_over = True
        self._check.stop()

    @property
    def selected(self) -> ModelSpec | None:
        """The model that is shown; None where there is none."""
        row = self.ui.modelsTree.indexOfTopLevelItem(self.ui.modelsTree.currentItem())
        return self._specs[row] if 0 <= row < len(self._specs) else None

    def refresh(self, select: str = "") -> None:
        """Show what is installed now.

        Args:
            select: Name of the model to show; "" for the one that is shown already.
        """
        with reported(self._say):
            before = self.selected
            wanted = select or (before.name if before else "")
            self._specs = catalogue.models()
            tree = self.ui.modelsTree
            was_blocked = tree.blockSignals(True)
            tree.clear()
            for spec in self._specs:
                size = size_text(bundle.size_bytes(spec.folder) / 1e6) if spec.folder else ""
                item = qt.QTreeWidgetItem([spec.name, use_text(spec), size])
                item.setTextAlignment(2, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                item.setToolTip(0, spec.description)
                tree.addTopLevelItem(item)
            names = [spec.name for spec in self._specs]
            if names:
                tree.setCurrentItem(tree.topLevelItem(names.index(wanted) if wanted in names else 0))
            tree.blockSignals(was_blocked)
            rows = min(max(len(names), 2), _ROWS_SHOWN)
            tree.setFixedHeight(tree.header().sizeHint.height() + rows * tree.sizeHintForRow(0) + 2 * tree.frameWidth)
            self._selected()

    def _selected(self) -> None:
        spec = self.selected
        self._card = bundle.card(spec.folder) if spec and spec.folder else ""
        self._check.start(spec)
        self._show_facts()
        self.ui.cardBrowser.visible = bool(self._card)
        self.ui.cardBrowser.markdown = card_markdown(self._card)

    def _show_facts(self) -> None:
        spec = self.selected
        self.ui.factsLabel.text = (
            facts_html(spec, self._check, bool(self._card)) if spec else _("No model is installed.")
        )
        self._update_buttons()

    def _runner_changed(self) -> None:
        if not self._is_over and self._shared.runner.what != self._doing:
            self._doing = self._shared.runner.what
            self._update_buttons()

    def _update_buttons(self) -> None:
        """Enable the buttons where they make sense, else let them say why they do not."""
        ui, spec, runner = self.ui, self.selected, self._shared.runner
        busy = _("{what} is not finished yet.").format(what=runner.what) if runner.busy else ""
        ui.addButton.enabled = not busy
        ui.addButton.toolTip = busy or _("Copy a MONAI bundle from a folder into your own models")
        if spec is None:
            why_not = _("Choose a model first.")
        elif not user_models.is_users_own(spec):
            why_not = _("This model came with AutoLabel and stays; only models that you added can be removed.")
        else:
            why_not = busy
        ui.removeButton.enabled = not why_not
        ui.removeButton.toolTip = why_not or _("Delete this model from your disk")
        ui.approveButton.visible = self._check.is_trusted is False
        ui.approveButton.enabled = not busy

    # Adding

    def _ask_for_folder(self) -> None:
        with reported(self._say):
            folder = qt.QFileDialog.getExistingDirectory(self.widget, _("Folder of a MONAI bundle"))
            if not folder:
                return
            source = Path(str(folder))
            spec = user_models.check_can_be_added(source)
            size = size_text(bundle.size_bytes(source) / 1e6)
            if not slicer.util.confirmOkCancelDisplay(trust_question(spec, size), _("AutoLabel - Add a model")):
                self._say(_("{name} was not added.").format(name=spec.name))
                return
            self._say("")
            self._shared.runner.start(
                lambda: stepwise("copy of the model", _adding(source)),
                what=_("Adding {name}").format(name=spec.name),
                on_done=self._added,
                on_failed=self._not_added,
                for_scene=False,
            )

    def _added(self, outcome: dict[str, Any], _pending: Any) -> None:
        self.refresh(outcome["name"])
        self._say(_("{name} was added.").format(name=outcome["name"]))
        self._shared.models_changed()

    def _not_added(self, error: AutoLabelError) -> None:
        if isinstance(error, JobCancelled):
            self._say(_("Adding the model was cancelled; nothing of it was kept."))
        else:
            self._say(str(error))

    def _ask_to_approve(self) -> None:
        with reported(self._say):
            spec, sha256 = self.selected, self._check.sha256
            if spec is None or spec.folder is None or not sha256:
                return
            question = trust_question(spec, size_text(bundle.size_bytes(spec.folder) / 1e6))
            if slicer.util.confirmOkCancelDisplay(question, _("AutoLabel - Approve a model")):
                catalogue.trust(spec.folder, sha256)
                self.refresh()
                self._shared.models_changed()

    # Removing

    def _ask_to_remove(self) -> None:
        with reported(self._say):
            spec = self.selected
            if spec is None:
                return
            question = _("Delete the model {name} from your disk? Segments that it made stay.").format(name=spec.name)
            if not slicer.util.confirmOkCancelDisplay(question, _("AutoLabel - Remove a model")):
                return
            self._check.stop()  # it holds one of the files
            user_models.remove(spec)
            self.refresh()
            self._say(_("{name} was removed.").format(name=spec.name))
            self._shared.models_changed()

    def _say(self, text: str) -> None:
        self.ui.messageLabel.text = text
        self.ui.messageLabel.visible = bool(text)


def _adding(source: Path) -> Steps:
    """Copy a bundle and approve it, as the user has agreed to."""
    copying = user_models.adding(source)
    spec = yield from _with_progress(copying)
    assert spec.folder is not None
    sha256 = yield from _quietly(bundle.hashing(spec.folder))
    catalogue.trust(spec.folder, sha256)
    return {"name": spec.name}


def _with_progress(
    copying: Generator[float, None, ModelSpec],
) -> Generator[Progress | str | None, None, ModelSpec]:
    while True:
        try:
            fraction = next(copying)
        except StopIteration as end:
            spec: ModelSpec = end.value
            return spec
        try:
            yield Progress(0.9 * fraction, _("copying"))
        except GeneratorExit:
            copying.close()  # undoes what was copied
            raise


def _quietly(hashing: Generator[None, None, str]) -> Generator[Progress | str | None, None, str]:
    while True:
        try:
            next(hashing)
        except StopIteration as end:
            return str(end.value)
        yield Progress(0.95, _("checking"))
