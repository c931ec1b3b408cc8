"""The row at the bottom of the module: what runs, how far it is, and what was last said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.job import Progress
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.runner import Runner
from AutoLabelLib.gui.words import duration
from AutoLabelLib.scene.nodes import resolve


class StatusRow:
    """Shows the state of a runner.

    Args:
        ui: Has the progressBar, statusLabel, cancelButton and resultsButton.
        runner: What it shows.
        show_results: Opens the panel Results on a segmentation node.
    """

    def __init__(self, ui: Any, runner: Runner, show_results: Callable[[Any], None]) -> None:
        self._ui = ui
        self._runner = runner
        self._show_results = show_results
        self._said = ""
        self._segmentation_id = ""
        ui.cancelButton.connect("clicked()", runner.cancel)
        ui.resultsButton.connect("clicked()", self._open_results)
        runner.watch(self.update)
        self.update()

    def say(self, text: str) -> None:
        """Show a sentence until the next one, or until a job runs."""
        self._said, self._segmentation_id = text, ""
        self.update()

    def announce(self, text: str, segmentation_node: Any) -> None:
        """Show a sentence about a segmentation, with a button that tells more."""
        self._said, self._segmentation_id = text, segmentation_node.GetID()
        self.update()

    def update(self) -> None:
        """Show the state as it is now."""
        ui, runner = self._ui, self._runner
        text = _running_text(runner) if runner.busy else self._said
        if ui.statusLabel.text != text:
            ui.statusLabel.text = text
        ui.statusLabel.visible = bool(text)
        ui.resultsButton.visible = bool(self._segmentation_id) and not runner.busy
        ui.statusRow.visible = bool(text) or runner.busy
        ui.progressBar.visible = runner.busy
        ui.cancelButton.visible = runner.busy
        ui.cancelButton.enabled = runner.busy and not runner.is_cancelling
        known = runner.busy and runner.progress is not None
        ui.progressBar.maximum = 100 if known or not runner.busy else 0  # 0 to 0: it moves, but nobody knows how far
        ui.progressBar.value = int(100 * runner.progress.fraction) if known and runner.progress else 0

    def _open_results(self) -> None:
        with reported(self.say):
            self._show_results(resolve(self._segmentation_id, "vtkMRMLSegmentationNode"))


def _running_text(runner: Runner) -> str:
    if runner.is_cancelling:
        return _("Cancelling…")
    if runner.progress is None:
        return _("{what}: starting").format(what=runner.what)
    return f"{runner.what}: {progress_text(runner.progress)}"


def progress_text(progress: Progress) -> str:
    """Return in plain words how far a job is: "40 %, about 12 s left (network)"."""
    if progress.fraction <= 0 and progress.message:
        return progress.message  # loading: the bar says 0 % as well
    parts = [f"{progress.fraction:.0%}".replace("%", " %")]
    if progress.eta_seconds is not None:
        parts.append(_("about {time} left").format(time=duration(progress.eta_seconds)))
    text = ", ".join(parts)
    return f"{text} ({progress.message})" if progress.message else text
