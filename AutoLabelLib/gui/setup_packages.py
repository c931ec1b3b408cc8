"""The upper part of the panel Setup: which packages are there, and the button that gets those that are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.setup_words import missing_text, plan_text, state_text
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.slicer_worker import end_worker
from AutoLabelLib.install.installation import installing
from AutoLabelLib.install.packages import OK, Package, lacking, needed_packages
from AutoLabelLib.install.plan import check_possible, make_plan
from AutoLabelLib.install.surroundings import surroundings

_LOG_LINES = 2000


class PackagesPart:
    """Shows and installs packages.

    Attributes:
        packages: What is needed, and what is there of it where the worker runs.
        log: What pip said in the last installation.

    Args:
        ui: Widgets of AutoLabelSetup.ui.
        shared: What all panels share.
    """

    def __init__(self, ui: Any, shared: Shared) -> None:
        self._ui = ui
        self._shared = shared
        self.packages: tuple[Package, ...] = ()
        self.log: list[str] = []
        self._why_not = ""  # why nothing can be installed
        header = ui.packagesTable.horizontalHeader()
        header.setSectionResizeMode(0, qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(1, qt.QHeaderView.ResizeToContents)
        ui.logText.document().setMaximumBlockCount(_LOG_LINES)
        ui.logText.visible = ui.installLabel.visible = False
        ui.installButton.connect("clicked()", self._install)
        ui.optionalBox.connect("toggled(bool)", lambda _checked: self.update_button())

    @property
    def are_complete(self) -> bool:
        """Whether everything is there that is needed to segment."""
        return bool(self.packages) and not self._missing()

    def refresh(self) -> None:
        """Look at what is there, and show it."""
        with reported(self._say):
            interpreter = self._shared.settings.worker_interpreter
            versions = _known_versions(self._shared.settings.worker_facts) if interpreter else None
            self.packages = needed_packages(versions)
            self._fill_table()
            self._show_state(interpreter)
            self.update_button()

    def _missing(self) -> list[Package]:
        return [package for package in lacking(self.packages) if not package.is_kept]

    def _show_state(self, interpreter: str) -> None:
        missing = self._missing()
        if interpreter and not Path(interpreter).is_file():
            text = _("The Python that you chose for the computation is gone: choose another one, or use Slicer's own.")
        elif interpreter and not missing:
            text = _("Ready. The computation runs on the Python that you chose.")
        elif missing:
            text = missing_text([package.name for package in missing])
        else:
            text = _("Ready. Everything that is needed is installed.")
        is_ready = not missing and (not interpreter or Path(interpreter).is_file())
        self._why_not = "" if interpreter else self._impossible()
        self._ui.stateLabel.text = f"{text} {self._why_not}".strip() if not is_ready else text
        self._shared.notice("" if is_ready else text)

    def _impossible(self) -> str:
        try:
            check_possible(make_plan(self.packages, False, surroundings()), surroundings())
        except AutoLabelError as error:
            return str(error)
        return ""

    def update_button(self) -> None:
        """Enable the button when there is something to install, else let it say why there is not."""
        ui, runner = self._ui, self._shared.runner
        optional = [package for package in self.packages if package.optional and package.state != OK]
        own = bool(self._shared.settings.worker_interpreter)
        ui.optionalBox.visible = bool(optional) and not own
        wanted = self._missing() or (optional if ui.optionalBox.checked else [])
        if runner.busy:
            why_not = _("{what} is not finished yet.").format(what=runner.what)
        elif own:
            why_not = _("Your own Python is left as it is: install what it lacks with its own pip.")
        elif not wanted:
            why_not = _("Nothing is missing.")
        else:
            why_not = self._why_not
        ui.installButton.enabled = not why_not
        ui.installButton.toolTip = why_not or _("Says first what is downloaded and how large it is, and asks")

    def _fill_table(self) -> None:
        table = self._ui.packagesTable
        table.setRowCount(len(self.packages))
        for row, package in enumerate(self.packages):
            state, explanation = state_text(package)
            for column, text in enumerate((package.name, package.version or "–", state)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(explanation)
                if column == 2:
                    item.setIcon(_icon(table, package))
                table.setItem(row, column, item)
        table.resizeRowsToContents()
        height = table.horizontalHeader().sizeHint.height() + table.verticalHeader().length() + 2 * table.frameWidth
        table.setFixedHeight(height)  # as high as its rows: a table that scrolls within a panel that scrolls is no joy

    # Installing

    def _install(self) -> None:
        with reported(self._say):
            around = surroundings()
            plan = make_plan(self.packages, bool(self._ui.optionalBox.checked), around)
            check_possible(plan, around)
            if not slicer.util.confirmOkCancelDisplay(plan_text(plan), _("AutoLabel - Install Python packages")):
                self._say(_("Nothing was installed: you declined. AutoLabel cannot segment without these packages."))
                return
            self.log = []
            self._ui.logText.plainText = ""
            self._ui.logText.visible = True
            self._say("")
            end_worker()  # it may hold files that are replaced
            self._shared.runner.start(
                lambda: stepwise("installation", installing(plan, around), self._write_log),
                what=_("Installing"),
                on_done=self._installed,
                on_failed=self._not_installed,
                for_scene=False,
            )

    def _write_log(self, line: str) -> None:
        self.log.append(line)
        self._ui.logText.appendPlainText(line)

    def _installed(self, outcome: dict[str, Any], _pending: Any) -> None:
        end_worker()
        new = ", ".join(f"{name} {version}" for name, version in outcome["installed"].items())
        done = _("Installed: {packages}.").format(packages=new) if new else _("Nothing had to be changed.")
        parts = [done, *outcome["warnings"]]
        if outcome["restart"]:
            parts.append(_("Restart Slicer: an older version of a package is still in its memory."))
        self.refresh()
        self._say(" ".join(parts))

    def _not_installed(self, error: AutoLabelError) -> None:
        end_worker()
        self.refresh()
        if isinstance(error, JobCancelled):
            self._say(_("The installation was cancelled. What was finished by then stays installed."))
        else:
            self._say(str(error))

    def _say(self, text: str) -> None:
        self._ui.installLabel.text = text
        self._ui.installLabel.visible = bool(text)


def _known_versions(facts: str) -> dict[str, str | None]:
    """Return the packages that were found in the user's own Python when it was checked."""
    try:
        return dict(json.loads(facts)["packages"])
    except (ValueError, KeyError, TypeError):  # settings of another version, or none
        return {}


def _icon(widget: Any, package: Package) -> Any:
    style = widget.style()
    if package.state == OK:
        return style.standardIcon(qt.QStyle.SP_DialogApplyButton)
    harmless = package.optional or package.is_kept
    return style.standardIcon(qt.QStyle.SP_MessageBoxInformation if harmless else qt.QStyle.SP_MessageBoxWarning)
