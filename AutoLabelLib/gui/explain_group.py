"""The group Why of the panel Classify: what speaks for an answer, as heat over the slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui import classify_words as words
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.scene import heatmaps
from AutoLabelLib.scene.nodes import resolve


class ExplainGroup:
    """Explains the findings of a classification, and lets the user look at the heat.

    Args:
        shared: What the panels share.
        ui: Has the widgets of the group.
    """

    def __init__(self, shared: Shared, ui: Any) -> None:
        self._shared, self._ui = shared, ui
        self._job = SceneJob(shared)
        self._volume: Any = None
        self._classified: Any = None
        self._spec: ModelSpec | None = None
        self._findings: Sequence[Finding] = ()
        self._finding = ChoiceBox(ui.findingBox, lambda finding_id: None)
        self._method = ChoiceBox(ui.methodBox, lambda method: None)
        self._method.offer(words.methods())
        self._heatmap = ChoiceBox(ui.heatmapBox, lambda node_id: self._show(node_id))
        ui.explainButton.connect("clicked()", self._explain)
        ui.opacitySlider.connect("valueChanged(double)", self._set_opacity)
        ui.thresholdSlider.connect("valueChanged(double)", self._set_threshold)
        ui.shownBox.connect("toggled(bool)", self._set_shown)
        ui.removeHeatButton.connect("clicked()", self._remove)
        ui.explainedLabel.visible = False
        self._show_heat()

    def cleanup(self) -> None:
        """Let go of the nodes."""
        self._job.release()

    def set_classified(self, classified: Any, spec: ModelSpec | None, findings: Sequence[Finding]) -> None:
        """Offer the findings of a classification; None when they are of a scene that is gone."""
        self._classified, self._spec, self._findings = classified, spec, findings
        self._finding.offer([(finding.id, words.finding_text(finding)) for finding in findings])
        self._ui.explainedLabel.visible = False
        self.update()

    def show_volume(self, volume_node: Any) -> None:
        """Offer the heatmaps of a volume; None for none."""
        self._volume = volume_node
        nodes = heatmaps.heatmaps_of(volume_node) if volume_node is not None else []
        self._heatmap.offer([(node.GetID(), node.GetName()) for node in nodes])
        self._show_heat()

    def update(self) -> None:
        """Say whether there is something to explain."""
        can = bool(self._findings) and self._volume is not None and not self._shared.runner.busy
        self._ui.findingBox.enabled = self._ui.methodBox.enabled = bool(self._findings)
        self._ui.explainButton.enabled = can
        hint = _("Shows in the slices what speaks for the answer") if self._findings else _("Classify something first")
        self._ui.explainButton.toolTip = hint

    def _explain(self) -> None:
        with reported(self._shared.report):
            finding = next((one for one in self._findings if one.id == self._finding.chosen), None)
            if finding is None or self._spec is None:
                return
            volume, model, method = self._volume, self._spec.name, self._method.chosen
            choices: dict[str, Any] = {"device": self._shared.settings.device, "target": finding.label}
            segmentation = self._classified.segmentation_node if finding.segment else None
            if segmentation is not None:
                choices |= {"segmentation": segmentation, "segment": finding.segment}
            self._job.start(
                lambda: self._shared.logic.explain(volume, model, method=method, wait=False, **choices),
                what=_("Explaining {finding}").format(finding=finding.segment or volume.GetName()),
                nodes=(volume, segmentation),
                on_done=self._done,
            )

    def _done(self, heatmap_node: Any, pending: Any, seconds: float) -> None:
        self._ui.explainedLabel.text = words.explained_text(pending.result.values)
        self._ui.explainedLabel.visible = True
        self.show_volume(self._volume)
        self._heatmap.choose(heatmap_node.GetID())
        self._show_heat()
        self._shared.report(" ".join(pending.warnings))

    # What is shown of the heat

    @property
    def _node(self) -> Any:
        node_id = self._heatmap.chosen
        return resolve(node_id, "vtkMRMLScalarVolumeNode") if node_id else None

    def _show(self, node_id: str) -> None:
        with reported(self._shared.report):
            if node_id:
                heatmaps.bring_to_front(resolve(node_id, "vtkMRMLScalarVolumeNode"))
            self._show_heat()

    def _show_heat(self) -> None:
        """Let the controls say how the chosen heatmap is shown."""
        node, ui = self._node, self._ui
        ui.heatWidget.visible = node is not None
        if node is None:
            return
        for widget in (ui.opacitySlider, ui.thresholdSlider, ui.shownBox):
            widget.blockSignals(True)
        ui.opacitySlider.value = heatmaps.opacity_of(node)
        ui.thresholdSlider.value = heatmaps.threshold_of(node)
        ui.shownBox.checked = heatmaps.is_shown(node)
        for widget in (ui.opacitySlider, ui.thresholdSlider, ui.shownBox):
            widget.blockSignals(False)

    def _set_opacity(self, opacity: float) -> None:
        with reported(self._shared.report):
            if self._node is not None:
                heatmaps.set_opacity(self._node, opacity)

    def _set_threshold(self, threshold: float) -> None:
        with reported(self._shared.report):
            if self._node is not None:
                heatmaps.set_threshold(self._node, threshold)

    def _set_shown(self, shown: bool) -> None:
        with reported(self._shared.report):
            if self._node is not None:
                (heatmaps.bring_to_front if shown else heatmaps.hide)(self._node)

    def _remove(self) -> None:
        with reported(self._shared.report):
            if self._node is not None:
                heatmaps.remove_heatmap(self._node)
                self.show_volume(self._volume)
