"""The panel Setup: what is missing, what this computer has, a test of the whole chain, and a report for bugs."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.gui.setup_computer import ComputerPart
from AutoLabelLib.gui.setup_interpreter import InterpreterPart
from AutoLabelLib.gui.setup_packages import PackagesPart
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.ui_files import load_ui


class SetupPanel:
    """Opens and explains itself with nothing installed; downloads nothing unless the user says so.

    Args:
        shared: What all panels share.
    """

    def __init__(self, shared: Shared) -> None:
        self.widget, self.ui = load_ui("AutoLabelSetup.ui")
        self.packages = PackagesPart(self.ui, shared)
        self.computer = ComputerPart(self.ui, shared, self.packages)
        self.interpreter = InterpreterPart(self.ui, shared, on_change=self._interpreter_changed)
        self._runner = shared.runner
        self._doing = ""
        self._is_over = False
        shared.runner.watch(self._update_buttons)
        self.refresh()

    def set_parameters(self, parameters: Any) -> None:
        """Nothing here belongs into the scene."""

    def enter(self) -> None:
        """Look again: packages may have come or gone meanwhile."""
        self.refresh()

    def exit(self) -> None:
        """Nothing goes on behind the user's back."""

    def cleanup(self) -> None:
        """Let go of the widgets."""
        self._is_over = True

    def refresh(self) -> None:
        """Show what is there now."""
        self.packages.refresh()
        self.interpreter.refresh()
        self.computer.refresh()

    def _interpreter_changed(self) -> None:
        self.computer.forget()
        self.refresh()

    def _update_buttons(self) -> None:
        doing = self._runner.what
        if not self._is_over and doing != self._doing:  # the runner tells of every step of its job
            self._doing = doing
            self.packages.update_button()
            self.interpreter.update_buttons()
            self.computer.update_buttons()
