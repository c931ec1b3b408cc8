"""The group Compare of the panel Classify: which classifier is best on the user's own cases, and its plots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.errors import AutoLabelError, InputError
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.words import duration
from AutoLabelLib.scene.nodes import resolve
from AutoLabelLib.scene.plots import show_chart, show_comparison

_REPORT = "comparison.html"


class CompareGroup:
    """Compares classifiers on a list of cases, and shows the curves in Slicer's plot view.

    Args:
        shared: What the panels share.
        ui: Has the widgets of the group.
    """

    def __init__(self, shared: Shared, ui: Any) -> None:
        self._shared, self._ui = shared, ui
        self._job = SceneJob(shared)
        self._page: Path | None = None
        ui.casesPath.nameFilters = [_("Lists of cases (*.csv *.json)")]
        ui.reportPath.filters = ui.reportPath.Dirs
        self._chart = ChoiceBox(ui.chartBox, self._show_chart)
        for path in (ui.casesPath, ui.reportPath):
            path.connect("currentPathChanged(QString)", lambda _path: self.update())
        ui.compareButton.connect("clicked()", self._compare)
        ui.openComparisonButton.connect("clicked()", self._open)
        ui.reportButton.connect("clicked()", self._open_report)
        shared.runner.watch(self.update)
        self.forget()

    def cleanup(self) -> None:
        """Let go of the job."""
        self._job.release()

    def forget(self) -> None:
        """Show no comparison: there is none yet, or its plots went with the scene."""
        self._page = None
        self._chart.offer([])
        self._ui.comparedLabel.text = ""
        self.update()

    def update(self) -> None:
        """Say whether something can be compared."""
        ui = self._ui
        ready = bool(str(ui.casesPath.currentPath).strip() and str(ui.reportPath.currentPath).strip())
        ui.compareButton.enabled = ready and not self._shared.runner.busy
        ui.compareButton.toolTip = (
            _("Train and judge classifiers on the same patient-grouped folds; takes minutes")
            if ready
            else _("Choose a list of cases (image, mask, label, group) and a folder for the report")
        )
        ui.comparisonWidget.visible = self._page is not None
        ui.reportButton.visible = self._page is not None and self._page.is_file()

    def _compare(self) -> None:
        with reported(self._shared.report):
            cases, output = (str(path.currentPath).strip() for path in (self._ui.casesPath, self._ui.reportPath))
            self._job.start(
                lambda: self._shared.logic.compare(cases, output=output, wait=False),
                what=_("Comparing classifiers"),
                nodes=(),
                on_done=self._done,
            )

    def _done(self, comparison: Any, pending: Any, seconds: float) -> None:
        self._show(comparison.values, comparison.charts or {}, comparison.page)
        self._shared.report(" ".join([_("Compared in {time}.").format(time=duration(seconds)), *comparison.warnings]))

    def _open(self) -> None:
        """Show a comparison that was made before."""
        with reported(self._shared.report):
            chosen = qt.QFileDialog.getOpenFileName(
                self._ui.openComparisonButton, _("Comparison"), "", "comparison (comparison.json *.json)"
            )
            if chosen:
                values = _read(Path(str(chosen)))
                self._show(values, show_comparison(values), Path(str(chosen)).with_name(_REPORT))

    def _show(self, values: Mapping[str, Any], charts: Mapping[str, Any], page: Path) -> None:
        self._page = page
        self._ui.comparedLabel.text = _summary(values)
        self._chart.offer([(chart.GetID(), name) for name, chart in charts.items()])
        self.update()
        self._show_chart(self._chart.chosen)

    def _show_chart(self, node_id: str) -> None:
        with reported(self._shared.report):
            if not node_id:
                return
            layout = slicer.app.layoutManager()
            if layout is not None:
                layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView)
            show_chart(resolve(node_id, "vtkMRMLPlotChartNode"))

    def _open_report(self) -> None:
        with reported(self._shared.report):
            if self._page is not None and not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._page))):
                raise AutoLabelError(_("The report cannot be opened here."), str(self._page))


def _read(path: Path) -> dict[str, Any]:
    """Return what a file says about a comparison.

    Raises:
        InputError: If it is none.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        _summary(values)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        raise InputError(
            _("“{name}” is not a comparison.").format(name=path.name), _("Choose the comparison.json of a report.")
        ) from problem
    return dict(values)


def _summary(values: Mapping[str, Any]) -> str:
    """Return which classifier is best, and the baseline, such as "Best: SVM, AUC 0.93 [0.90, 0.95]"."""
    rows = {row["name"]: row for row in values["contenders"]}
    lines = [_("Best: {line}").format(line=_line(rows[values["best"]]))]
    lines += [_line(row) for row in rows.values() if row["kind"] == "baseline" and row["name"] != values["best"]]
    return "\n".join(lines)


def _line(row: Mapping[str, Any]) -> str:
    figure = row["figures"]["auc"]
    text = f"{row['title']}, AUC {figure['value']:.3f}"
    interval = [figure.get("low"), figure.get("high")]
    return text + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if None not in interval else "")
