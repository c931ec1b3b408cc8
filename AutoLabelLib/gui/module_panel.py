"""The module's column: a notice on top, the panels one below the other, and a status row that they share."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from AutoLabelLib.gui.classify_panel import ClassifyPanel
from AutoLabelLib.gui.findings_panel import FindingsPanel
from AutoLabelLib.gui.interactive_panel import InteractivePanel
from AutoLabelLib.gui.models_panel import ModelsPanel
from AutoLabelLib.gui.results_panel import ResultsPanel
from AutoLabelLib.gui.runner import Runner
from AutoLabelLib.gui.segment_panel import SegmentPanel
from AutoLabelLib.gui.settings import Settings
from AutoLabelLib.gui.setup_panel import SetupPanel
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.slicer_worker import use_slicer_worker
from AutoLabelLib.gui.status_row import StatusRow
from AutoLabelLib.gui.ui_files import load_ui
from AutoLabelLib.gui.volume_boxes import VolumeBoxes

# Each goes into the section "<name>Section" of AutoLabel.ui, from top to bottom.
_PANELS: dict[str, Any] = {
    "segment": SegmentPanel,
    "interactive": InteractivePanel,
    "results": ResultsPanel,
    "classify": ClassifyPanel,
    "findings": FindingsPanel,
    "models": ModelsPanel,
    "setup": SetupPanel,
}


class ModulePanel:
    """Everything that the module shows.

    Args:
        logic: AutoLabelLogic.
    """

    def __init__(self, logic: Any) -> None:
        self._is_over = False
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
            show_finding=self._show_finding,
            models_changed=self._models_changed,
        )
        use_slicer_worker(self.shared.settings)
        self.panels: dict[str, Any] = {}
        for name, panel_class in _PANELS.items():
            self.panels[name] = panel = panel_class(self.shared)
            getattr(self.ui, f"{name}Section").layout().addWidget(panel.widget)
        with_volumes = ("segment", "interactive", "classify")
        self._volume_boxes = VolumeBoxes([self.panels[name].ui.volumeBox for name in with_volumes])
        slicer.app.connect("aboutToQuit()", self.cleanup)

    def open_panel(self, name: str) -> None:
        """Open the section of a panel and bring it into view; the others stay as they are."""
        section = getattr(self.ui, f"{name}Section")
        section.collapsed = False
        # Its place is known only after the layout has been done.
        qt.QTimer.singleShot(0, lambda: self._bring_into_view(section))

    def _bring_into_view(self, section: Any) -> None:
        if not self._is_over:
            self.ui.panelsArea.ensureWidgetVisible(section)

    def set_parameters(self, parameters: Any) -> None:
        """Let the panels show and change the choices of a scene; None while there is no scene."""
        for panel in self.panels.values():
            panel.set_parameters(parameters)
        self._volume_boxes.follow(parameters is not None)

    def scene_closed(self) -> None:
        """Drop the job whose result was for the scene that is being closed."""
        if not self.runner.scene_closed() and not self.runner.busy:
            self._status.say("")  # what was said of the old scene

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
        self._volume_boxes.follow(False)
        for panel in self.panels.values():
            panel.cleanup()

    def _notice(self, text: str) -> None:
        self.ui.noticeLabel.text = text
        self.ui.noticeBar.visible = bool(text)

    def _show_results(self, segmentation_node: Any) -> None:
        self.open_panel("results")
        self.panels["results"].show(segmentation_node)

    def _show_finding(self, finding_id: str) -> None:
        self.open_panel("findings")
        self.panels["findings"].show(finding_id)

    def _models_changed(self) -> None:
        for panel in self.panels.values():
            if hasattr(panel, "models_changed"):
                panel.models_changed()
