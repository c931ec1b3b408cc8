"""The module's column: a notice on top, the panels one below the other, and a status row that they share."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import slicer

from AutoLabelLib.gui.runner import Runner
from AutoLabelLib.gui.settings import Settings
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.slicer_worker import use_slicer_worker
from AutoLabelLib.gui.status_row import StatusRow
from AutoLabelLib.gui.ui_files import load_ui

# Name -> file and class. Each goes into the section "<name>Section" of AutoLabel.ui.
_PANELS = {
    "segment": ("segment_panel", "SegmentPanel"),
    "interactive": ("interactive_panel", "InteractivePanel"),
    "results": ("results_panel", "ResultsPanel"),
    "models": ("models_panel", "ModelsPanel"),
    "setup": ("setup_panel", "SetupPanel"),
}


class ModulePanel:
    """Everything that the module shows.

    Args:
        logic: AutoLabelLogic.
    """

    def __init__(self, logic: Any) -> None:
        self.widget, self.ui = load_ui("AutoLabel.ui")
        self.runner = Runner()
        self._status = StatusRow(self.ui, self.runner, self._show_results)
        self.ui.noticeButton.connect("clicked()", lambda: self.open_panel("setup"))
        self._notice("")
        self.shared = Shared(
            settings=Settings(),
            runner=self.runner,
            logic=logic,
            report=self._status.say,
            announce=self._status.announce,
            notice=self._notice,
            open_panel=self.open_panel,
            show_results=self._show_results,
            models_changed=self._models_changed,
        )
        use_slicer_worker(self.shared.settings)
        self._is_over = False
        self.panels: dict[str, Any] = {}
        for name in _PANELS:
            self._add(name)
        slicer.app.connect("aboutToQuit()", self.cleanup)

    def _add(self, name: str) -> None:
        file_name, class_name = _PANELS[name]
        module_name = f"AutoLabelLib.gui.{file_name}"
        section = getattr(self.ui, f"{name}Section")
        if importlib.util.find_spec(module_name) is None:
            section.visible = False
            return
        panel = getattr(importlib.import_module(module_name), class_name)(self.shared)
        section.layout().addWidget(panel.widget)
        self.panels[name] = panel

    def open_panel(self, name: str) -> None:
        """Open the section of a panel; the others stay as they are."""
        getattr(self.ui, f"{name}Section").collapsed = False

    def set_parameters(self, parameters: Any) -> None:
        """Let the panels show and change the choices of a scene; None while there is no scene."""
        for panel in self.panels.values():
            panel.set_parameters(parameters)

    def scene_closed(self) -> None:
        """Drop the job whose result was for the scene that is being closed."""
        self.runner.scene_closed()

    def enter(self) -> None:
        """The user opened the module."""
        for panel in self.panels.values():
            panel.enter()

    def exit(self) -> None:
        """The user went to another module; a job goes on."""
        for panel in self.panels.values():
            panel.exit()

    def cleanup(self) -> None:
        """End every job and let go of everything: the module is reloaded, or Slicer quits."""
        if self._is_over:
            return
        self._is_over = True
        slicer.app.disconnect("aboutToQuit()", self.cleanup)
        self.runner.stop()
        for panel in self.panels.values():
            panel.cleanup()

    def _notice(self, text: str) -> None:
        self.ui.noticeLabel.text = text
        self.ui.noticeBar.visible = bool(text)

    def _show_results(self, segmentation_node: Any) -> None:
        self.open_panel("results")
        if "results" in self.panels:
            self.panels["results"].show(segmentation_node)

    def _models_changed(self) -> None:
        for panel in self.panels.values():
            if hasattr(panel, "models_changed"):
                panel.models_changed()
