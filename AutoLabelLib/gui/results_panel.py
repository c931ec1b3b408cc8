"""The panel Results: what a segmentation holds, and how each segment of it was made."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.gui import results_words
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.scene_panel import ScenePanel
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.scene.provenance_report import SegmentReport, segment_reports
from AutoLabelLib.scene.segment_measures import volumes_ml
from AutoLabelLib.scene.views import jump_to_segment

_NAME, _VOLUME = 0, 1
_MOST_ROWS = 8  # then it scrolls
_SETTLE_MILLISECONDS = 300  # painting changes a segment many times a second, and counting its voxels takes a while


class ResultsPanel(ScenePanel):
    """Tells about a segmentation, by what its segments say: also in a scene that was opened again.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "AutoLabelResults.ui")
        self._watched: Any = None
        self._reports: list[SegmentReport] = []
        header = self.ui.segmentTable.horizontalHeader()
        header.setSectionResizeMode(_NAME, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(_VOLUME, qt.QHeaderView.ResizeToContents)
        self.ui.segmentTable.connect("currentCellChanged(int,int,int,int)", self._row_changed)
        self.ui.segmentTable.connect("cellClicked(int,int)", self._jump)
        self.ui.segmentTable.connect("cellActivated(int,int)", self._jump)
        self.ui.copyButton.connect("clicked()", self._copy)
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.connect("timeout()", self.update)

    def _let_go(self) -> None:
        self._settling.stop()
        self._watched = None

    def show(self, segmentation_node: Any) -> None:
        """Tell about a segmentation."""
        if self._parameters is not None:
            self._parameters.shownSegmentation = segmentation_node
        self.update()

    def update(self) -> None:
        """Show everything as it is now."""
        with reported(self._shared.report):
            node = self._segmentation()
            self._watch(node)
            self._reports = segment_reports(node) if node is not None else []
            volumes = volumes_ml(node) if node is not None else {}
            self.ui.emptyLabel.text = results_words.empty_text(node is not None, self._reports)
            self.ui.emptyLabel.visible = bool(self.ui.emptyLabel.text)
            self._fill(volumes)
            self._show_details()

    def _segmentation(self) -> Any:
        node = self._parameters.shownSegmentation if self._parameters is not None else None
        return node if node is not None and node.GetScene() is not None else None

    def _watch(self, segmentation_node: Any) -> None:
        segmentation = segmentation_node.GetSegmentation() if segmentation_node is not None else None
        if segmentation is self._watched:
            return
        for event in _events():
            if self._watched is not None:
                self.removeObserver(self._watched, event, self._segments_changed)
            if segmentation is not None:
                self.addObserver(segmentation, event, self._segments_changed)
        self._watched = segmentation

    def _scene_changed(self, caller: Any = None, event: str = "") -> None:
        with reported(self._shared.report):
            node = self._segmentation()
            if (node.GetSegmentation() if node is not None else None) is not self._watched:
                self.update()

    def _segments_changed(self, caller: Any, event: str) -> None:
        self._settling.start()

    def _fill(self, volumes: dict[str, float]) -> None:
        table = self.ui.segmentTable
        chosen = self._chosen()
        table.blockSignals(True)
        table.setRowCount(len(self._reports))
        for row, report in enumerate(self._reports):
            name = qt.QTableWidgetItem(report.name)
            name.setData(qt.Qt.DecorationRole, qt.QColor.fromRgbF(*report.color))
            name.setToolTip(report.name)
            volume = qt.QTableWidgetItem(results_words.volume_text(volumes.get(report.segment_id)))
            volume.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
            table.setItem(row, _NAME, name)
            table.setItem(row, _VOLUME, volume)
        ids = [report.segment_id for report in self._reports]
        if ids:
            table.setCurrentCell(ids.index(chosen.segment_id) if chosen and chosen.segment_id in ids else 0, _NAME)
        table.blockSignals(False)
        table.visible = bool(ids)
        rows = min(len(ids), _MOST_ROWS)
        table.setFixedHeight(table.horizontalHeader().height + rows * table.rowHeight(0) + 2 * table.frameWidth)

    def _chosen(self) -> SegmentReport | None:
        row = self.ui.segmentTable.currentRow()
        return self._reports[row] if 0 <= row < len(self._reports) else None

    def _row_changed(self, row: int, column: int, old_row: int, old_column: int) -> None:
        with reported(self._shared.report):
            self._show_details()

    def _show_details(self) -> None:
        report = self._chosen()
        self.ui.detailsWidget.visible = report is not None and bool(report.tags)
        if report is None:
            return
        for name, text in results_words.details(report).items():
            getattr(self.ui, f"{name}Value").text = text
            getattr(self.ui, f"{name}Value").visible = bool(text)
            getattr(self.ui, f"{name}Label").visible = bool(text)
        if self.ui.recordText.plainText != report.text:
            self.ui.recordText.plainText = report.text

    def _jump(self, row: int, column: int) -> None:
        with reported(self._shared.report):
            node = self._segmentation()
            if node is None or not 0 <= row < len(self._reports):
                return
            report = self._reports[row]
            if not jump_to_segment(node, report.segment_id):
                self._shared.report(_("“{name}” has no voxels to go to.").format(name=report.name))

    def _copy(self) -> None:
        slicer.app.clipboard().setText(self.ui.recordText.plainText)


def _events() -> tuple[Any, ...]:
    kind = slicer.vtkSegmentation
    return (kind.SegmentAdded, kind.SegmentRemoved, kind.SegmentModified, kind.SourceRepresentationModified)
