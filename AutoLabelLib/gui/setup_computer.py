"""The middle part of the panel Setup: what this computer has, the test, and the report for bugs."""

from __future__ import annotations

import os
import platform
import time
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib import __version__, api
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.setup_packages import PackagesPart
from AutoLabelLib.gui.setup_words import device_text, self_test_text
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.slicer_worker import use_slicer_worker
from AutoLabelLib.install.bug_report import bug_report
from AutoLabelLib.install.checks import FAILED, OK, Check, device_checks, self_test_check
from AutoLabelLib.install.surroundings import has_nvidia_driver


class ComputerPart:
    """Shows facts at once, and what the worker finds when the user asks for the test.

    Args:
        ui: Widgets of AutoLabelSetup.ui.
        shared: What all panels share.
        packages: What is installed.
    """

    def __init__(self, ui: Any, shared: Shared, packages: PackagesPart) -> None:
        self._ui = ui
        self._shared = shared
        self._packages = packages
        self._started_seconds = 0.0
        self._devices: list[dict[str, Any]] = []
        self._checks: list[Check] = []
        self._say("")
        ui.testButton.connect("clicked()", self._test)
        ui.reportButton.connect("clicked()", self._copy_report)
        ui.deviceBox.connect("activated(int)", self._choose_device)

    def refresh(self) -> None:
        """Show what is known now."""
        versions = {"AutoLabel": __version__, "Python": platform.python_version()}
        lines = [f"{name}: {value}" for name, value in {**versions, **_slicer_facts()}.items()]
        if self._devices:
            lines.append(_("The worker computes on:"))
            lines += [f"•  {device_text(device)}" for device in self._devices]
        self._ui.factsLabel.text = "\n".join(lines)
        self._fill_devices()
        self.update_buttons()

    def forget(self) -> None:
        """Forget what a worker on another Python found."""
        self._devices, self._checks = [], []
        self._say("")

    def update_buttons(self) -> None:
        """Enable the test when it can run, else let the button say why it cannot."""
        runner = self._shared.runner
        if runner.busy:
            why_not = _("{what} is not finished yet.").format(what=runner.what)
        elif not self._packages.are_complete:
            why_not = _("Some packages are missing: install them first.")
        else:
            why_not = ""
        self._ui.testButton.enabled = not why_not
        self._ui.testButton.toolTip = why_not or _(
            "Start the worker, try each device, and segment a small phantom; the first time it takes some seconds"
        )

    def _fill_devices(self) -> None:
        box, chosen = self._ui.deviceBox, self._shared.settings.device
        names = {"auto": _("Automatic"), "cpu": _("Processor")}
        names |= {device["name"]: device_text(device) for device in self._devices if device["name"] != "cpu"}
        names.setdefault(chosen, chosen)
        box.clear()
        for name, text in names.items():
            box.addItem(text, name)
        box.currentIndex = list(names).index(chosen)

    def _choose_device(self, index: int) -> None:
        with reported(self._say):
            self._shared.settings.device = str(self._ui.deviceBox.itemData(index))

    # The test

    def _test(self) -> None:
        with reported(self._say):
            use_slicer_worker(self._shared.settings)
            self._started_seconds = time.monotonic()
            self._devices, self._checks = [], []
            self._say(_("Starting the worker…"))
            self._shared.runner.start(
                lambda: api.doctor(wait=False, self_test=True),
                what=_("Looking at this computer"),
                on_done=self._diagnosed,
                on_failed=self._failed,
                for_scene=False,
            )

    def _diagnosed(self, values: dict[str, Any], _pending: Any) -> None:
        self._devices = [
            device | ({"kind": values["cpu"]["name"]} if device["name"] == "cpu" else {})
            for device in values["devices"]
        ]
        self._checks = list(device_checks(values))
        self.refresh()
        self._say(_("Segmenting a phantom…"))
        self._shared.runner.start(
            lambda: api.self_test(wait=False, device=self._shared.settings.device),
            what=_("Segmenting a phantom"),
            on_done=self._tested,
            on_failed=self._failed,
            for_scene=False,
        )

    def _tested(self, outcome: dict[str, Any], _pending: Any) -> None:
        self._checks.append(self_test_check(outcome))
        remarks = [f"{check.name}: {check.detail}. {check.hint}" for check in self._checks[:-1] if check.state != OK]
        text = self_test_text(outcome, time.monotonic() - self._started_seconds)
        self._say("\n".join([text, *remarks]))

    def _failed(self, error: AutoLabelError) -> None:
        if isinstance(error, JobCancelled):
            self._say(_("The test was cancelled."))
            return
        self._checks.append(Check("test", FAILED, error.message, error.hint))
        self._say(_("Failed: {problem}").format(problem=error))

    # The report

    def _copy_report(self) -> None:
        with reported(self._shared.report):
            text = bug_report(_slicer_facts(), self._packages.packages, self._checks, self._packages.log)
            qt.QApplication.clipboard().setText(text)
            lines = len(text.splitlines())
            self._shared.report(
                _("The report is on the clipboard ({count} lines). Read it before you send it.").format(count=lines)
            )

    def _say(self, text: str) -> None:
        self._ui.testLabel.text = text
        self._ui.testLabel.visible = bool(text)


def _slicer_facts() -> dict[str, str]:
    """Return what can be said without asking the worker."""
    driver = _("NVIDIA, its driver is installed") if has_nvidia_driver() else _("none with an NVIDIA driver")
    return {
        "Slicer": f"{slicer.app.applicationVersion} ({slicer.app.revision})",
        _("Processor"): _("{name}, {count} cores").format(
            name=platform.processor() or platform.machine(), count=os.cpu_count()
        ),
        _("Graphics card"): driver,
    }
