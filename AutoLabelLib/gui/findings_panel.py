"""The panel Findings: the findings of the scene as a table, to go to, to correct, to measure and to export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.api.measurement import measure
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import sentence
from AutoLabelLib.files.findings import write_findings
from AutoLabelLib.gui import findings_words
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.findings_table_view import LABEL, FindingsTableView
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.scene_panel import ScenePanel
from AutoLabelLib.gui.segment_flash import SegmentFlash
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.words import counted
from AutoLabelLib.scene import findings as in_scene
from AutoLabelLib.scene.finding_axes import axes_of, hide_axes, show_axes
from AutoLabelLib.scene.finding_rows import FindingRow
from AutoLabelLib.scene.views import jump_to, jump_to_segment, volume_in_view

_SETTLE_MILLISECONDS = 200  # painting changes a segment many times a second


class FindingsPanel(ScenePanel):
    """Shows the findings table of the scene, also of one that was opened again.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "AutoLabelFindings.ui")
        self._deleted: tuple[int, FindingRow] | None = None
        self._job = SceneJob(shared)
        self._flash = SegmentFlash()
        self._view = FindingsTableView(self.ui.findingsTable, self._show_chosen, self._go_to_chosen, self._typed)
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MILLISECONDS)
        self._settling.connect("timeout()", self._settled)
        self._connect()
        shared.runner.watch(self._show_whether_it_can_measure)

    def _connect(self) -> None:
        self.ui.measureButton.connect("clicked()", self._measure)
        self.ui.axesBox.connect("toggled(bool)", self._toggle_axes)
        self.ui.deleteButton.connect("clicked()", self._delete)
        self.ui.undoButton.connect("clicked()", self._undo)
        self.ui.copyButton.connect("clicked()", self._copy)
        self.ui.csvButton.connect("clicked()", lambda: self._export(".csv"))
        self.ui.jsonButton.connect("clicked()", lambda: self._export(".json"))

    def _followed(self) -> None:
        scene = slicer.mrmlScene
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
            self.addObserver(scene, event, self._something_changed)

    def _let_go(self) -> None:
        self._settling.stop()
        self._flash.stop()
        self._job.release()
        self._deleted = None

    def show(self, finding_id: str) -> None:
        """Choose the row of a finding."""
        self.update()
        self._view.choose(finding_id)

    def update(self) -> None:
        """Show everything as it is now."""
        with reported(self._shared.report):
            table = self._table()
            rows = in_scene.read_rows(table) if table is not None else []
            self._watch(table, rows)
            self._view.show(rows, [_color(row) for row in rows])
            self.ui.emptyLabel.text = "" if rows else findings_words.empty_text(self._segmentation() is not None)
            self.ui.emptyLabel.visible = not rows
            self.ui.actionsWidget.visible = bool(rows)
            self._check_axes_box(rows)
            self._show_deleted()
            self._show_chosen()
            self._show_whether_it_can_measure()

    def _table(self) -> Any:
        return in_scene.find_table(slicer.mrmlScene) if self._parameters is not None else None

    def _segmentation(self) -> Any:
        node = self._parameters.shownSegmentation if self._parameters is not None else None
        return node if node is not None and node.GetScene() is not None else None

    def _watch(self, table: Any, rows: list[FindingRow]) -> None:
        """Observe the table, and the segmentations that its findings are in: segments are renamed and removed."""
        segmentations = {slicer.mrmlScene.GetNodeByID(row.segmentation_id) for row in rows if row.segmentation_id}
        watched = [node.GetSegmentation() for node in segmentations if node is not None]
        for segmentation in watched:
            for event in (segmentation.SegmentRemoved, segmentation.SegmentAdded, segmentation.SegmentModified):
                if not self.hasObserver(segmentation, event, self._something_changed):
                    self.addObserver(segmentation, event, self._something_changed)
        if table is not None and not self.hasObserver(table, _MODIFIED, self._something_changed):
            self.addObserver(table, _MODIFIED, self._something_changed)

    def _something_changed(self, caller: Any, event: str) -> None:
        self._settling.start()

    def _settled(self) -> None:
        with reported(self._shared.report):
            table = self._table()
            if table is not None:
                in_scene.refresh(table)
            self.update()
            self._settling.stop()  # what was just written has been shown, too

    def _show_chosen(self) -> None:
        row = self._view.current
        self.ui.sentenceLabel.text = f"{sentence(row.finding)}." if row is not None else ""
        self.ui.detailsLabel.text = findings_words.details(row) if row is not None else ""
        for label in (self.ui.sentenceLabel, self.ui.detailsLabel):
            label.visible = bool(label.text)
        self.ui.deleteButton.enabled = row is not None

    def _show_whether_it_can_measure(self) -> None:
        self.ui.measureButton.enabled = self._segmentation() is not None and not self._shared.runner.busy

    def _go_to_chosen(self) -> None:
        with reported(self._shared.report):
            row = self._view.current
            if row is None:
                return
            node = slicer.mrmlScene.GetNodeByID(row.segmentation_id) if row.segmentation_id else None
            if "long_axis" in row.finding.lines_ras_mm:
                start, end = row.finding.lines_ras_mm["long_axis"]  # in the slice where it is largest
                jump_to(tuple((a + b) / 2 for a, b in zip(start, end, strict=True)))  # type: ignore[arg-type]
            elif node is None or row.is_segment_removed or not jump_to_segment(node, row.segment_id):
                jump_to(row.finding.center_ras_mm)
            if node is not None and not row.is_segment_removed:
                self._flash.start(node, row.segment_id)

    def _typed(self, finding_id: str, column: int, text: str) -> None:
        with reported(self._shared.report):
            row = self._view.current
            change = {"label": text} if column == LABEL else {"note": text}
            if row is not None and row.finding.id == finding_id:
                in_scene.edit_finding(self._table(), finding_id, **change)
        self.update()  # also if it failed: what was typed is not what is there

    def _measure(self) -> None:
        with reported(self._shared.report):
            node = self._segmentation()
            if node is None:
                return
            volume_node, with_axes, parameters = _volume_of(node), self.ui.axesBox.checked, self._parameters
            modality = parameters.modality if volume_node is parameters.inputVolume else ""
            self._job.start(
                lambda: measure(volume_node, node, wait=False, show_axes=with_axes, modality=modality),
                what=_("Measuring {segmentation}").format(segmentation=node.GetName()),
                nodes=(volume_node, node),
                on_done=self._measured,
            )

    def _measured(self, findings: tuple[Finding, ...], pending: Any, seconds: float) -> None:
        self._shared.report(findings_words.measured_text(len(findings), seconds, pending.warnings))
        self.show(findings[0].id)

    def _toggle_axes(self, is_on: bool) -> None:
        with reported(self._shared.report):
            found = in_scene.read_findings(self._table())
            if is_on:
                show_axes(found)
            else:
                hide_axes(finding.id for finding in found)

    def _check_axes_box(self, rows: list[FindingRow]) -> None:
        was_blocked = self.ui.axesBox.blockSignals(True)
        self.ui.axesBox.enabled = any(row.finding.lines_ras_mm for row in rows)
        self.ui.axesBox.checked = any(axes_of(row.finding.id) for row in rows)
        self.ui.axesBox.blockSignals(was_blocked)

    def _delete(self) -> None:
        with reported(self._shared.report):
            row = self._view.current
            if row is not None:
                self._deleted = in_scene.remove_finding(self._table(), row.finding.id)
                hide_axes([row.finding.id])
            self.update()

    def _undo(self) -> None:
        with reported(self._shared.report):
            if self._deleted is not None:
                place, row = self._deleted
                self._deleted = None
                in_scene.restore_finding(in_scene.findings_table(slicer.mrmlScene), place, row)
                if self.ui.axesBox.checked:
                    show_axes([row.finding])
                self.show(row.finding.id)

    def _show_deleted(self) -> None:
        self.ui.undoRow.visible = self._deleted is not None
        if self._deleted is not None:
            self.ui.undoLabel.text = findings_words.deleted_text(self._deleted[1].finding)

    def _copy(self) -> None:
        with reported(self._shared.report):
            slicer.app.clipboard().setText(findings_words.report(in_scene.read_findings(self._table())))

    def _export(self, suffix: str) -> None:
        with reported(self._shared.report):
            kind = suffix.removeprefix(".").upper()
            chosen = qt.QFileDialog.getSaveFileName(
                self.widget, _("Export the findings"), f"findings{suffix}", f"{kind} (*{suffix})"
            )
            if not chosen:
                return
            path = Path(chosen) if chosen.lower().endswith(suffix) else Path(f"{chosen}{suffix}")
            if str(path) != chosen and path.exists():  # the dialog asked about another name
                question = _("“{name}” exists already. Replace it?").format(name=path.name)
                if not slicer.util.confirmOkCancelDisplay(question, _("AutoLabel - Export the findings")):
                    return
            findings = in_scene.read_findings(self._table())
            write_findings(path, findings)
            count = counted(len(findings), _("finding"), _("findings"))
            self._shared.report(_("Wrote {count} to {path}.").format(count=count, path=path))


_MODIFIED = "ModifiedEvent"


def _color(row: FindingRow) -> tuple[float, float, float] | None:
    node = slicer.mrmlScene.GetNodeByID(row.segmentation_id) if row.segmentation_id else None
    if node is None or row.is_segment_removed:
        return None
    red, green, blue = node.GetSegmentation().GetSegment(row.segment_id).GetColor()
    return (red, green, blue)


def _volume_of(segmentation_node: Any) -> Any:
    """Return the volume that a segmentation was made on, else the one that the user looks at.

    Raises:
        InputError: If there is no volume.
    """
    role = segmentation_node.GetReferenceImageGeometryReferenceRole()
    volume_node = segmentation_node.GetNodeReference(role) or volume_in_view()
    if volume_node is None:
        raise InputError(_("There is no volume to measure in."), _("Load the one that the segments were drawn on."))
    return volume_node
