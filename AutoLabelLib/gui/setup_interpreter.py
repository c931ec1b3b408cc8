"""The lower part of the panel Setup: another Python for the computation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.slicer_worker import use_slicer_worker
from AutoLabelLib.install.interpreter import checking, foreign_environment


class InterpreterPart:
    """Lets the user choose a Python; it is used only after it has been checked.

    Args:
        ui: Widgets of AutoLabelSetup.ui.
        shared: What all panels share.
        on_change: Called when another Python is used from now on.
    """

    def __init__(self, ui: Any, shared: Shared, on_change: Callable[[], None]) -> None:
        self._ui = ui
        self._shared = shared
        self._on_change = on_change
        self._said = ""
        # A link is how an environment's python says which environment it belongs to.
        ui.interpreterPath.options = qt.QFileDialog.DontResolveSymlinks
        ui.interpreterPath.setCurrentPath(shared.settings.worker_interpreter)
        ui.interpreterPath.connect("currentPathChanged(QString)", lambda _path: self.update_buttons())
        ui.checkButton.connect("clicked()", self._check)
        ui.ownButton.connect("clicked()", self._use_own)

    def refresh(self) -> None:
        """Show which Python is used."""
        path = self._shared.settings.worker_interpreter
        if self._said:
            text = self._said
        elif path:
            version = _version(self._shared.settings.worker_facts)
            text = _("The computation runs on Python {version}: {path}").format(version=version, path=path)
        else:
            text = _(
                "The computation runs on Slicer's own Python. If another one on this computer has torch and MONAI "
                "already, it can be used instead, and nothing needs to be installed here."
            )
        self._ui.interpreterLabel.text = text
        self.update_buttons()

    def update_buttons(self) -> None:
        """Enable the buttons where they make sense, else let them say why they do not."""
        ui, runner, settings = self._ui, self._shared.runner, self._shared.settings
        busy = _("{what} is not finished yet.").format(what=runner.what) if runner.busy else ""
        path = str(ui.interpreterPath.currentPath).strip()
        why_not = busy or ("" if path else _("Choose the file of a Python first."))
        ui.checkButton.enabled = not why_not
        ui.checkButton.toolTip = why_not or _(
            "Start it, look for torch and MONAI in it, and try the worker with it; it is used only if all that works"
        )
        why_not = busy or ("" if settings.worker_interpreter else _("Slicer's own Python is used already."))
        ui.ownButton.enabled = not why_not
        ui.ownButton.toolTip = why_not or _("Compute on Slicer's own Python again")

    def _check(self) -> None:
        with reported(self._say):
            path = str(self._ui.interpreterPath.currentPath).strip()
            environment = foreign_environment(slicer.util.startupEnvironment())
            self._say(_("Checking…"))
            self._shared.runner.start(
                lambda: stepwise("check of the Python", checking(path, environment)),
                what=_("Checking this Python"),
                on_done=self._checked,
                on_failed=self._refused,
                for_scene=False,
            )

    def _checked(self, found: dict[str, Any], _pending: Any) -> None:
        settings = self._shared.settings
        settings.worker_interpreter = found["executable"]
        settings.worker_facts = json.dumps({key: found[key] for key in ("version", "packages")})
        use_slicer_worker(settings, replace=True)
        self._said = ""
        self._on_change()

    def _refused(self, error: AutoLabelError) -> None:
        if isinstance(error, JobCancelled):
            self._say(_("The check was cancelled; nothing was changed."))
        else:
            self._say(_("{problem} Nothing was changed.").format(problem=error))

    def _use_own(self) -> None:
        with reported(self._say):
            settings = self._shared.settings
            settings.worker_interpreter = ""
            settings.worker_facts = ""
            self._ui.interpreterPath.setCurrentPath("")
            use_slicer_worker(settings, replace=True)
            self._said = ""
            self._on_change()

    def _say(self, text: str) -> None:
        self._said = text
        self.refresh()


def _version(facts: str) -> str:
    try:
        return str(json.loads(facts)["version"])
    except (ValueError, KeyError, TypeError):  # settings of another version, or none
        return ""
