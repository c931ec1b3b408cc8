"""The group Why of the panel Classify: what speaks for an answer, as heat over the slices and as bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui import classify_words as words
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.heat_controls import HeatControls
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.scene.explained import Explainable, explainable, fill_segment, note_explained
from AutoLabelLib.scene.heatmaps import is_heatmap
from AutoLabelLib.scene.nodes import resolve
from AutoLabelLib.scene.plots import show_chart
from AutoLabelLib.scene.views import jump_to


class ExplainGroup:
    """Explains the findings that classifiers made in a volume, and lets the user look at the heat.

    Args:
        shared: What the panels share.
        ui: Has the widgets of the group.
    """

    def __init__(self, shared: Shared, ui: Any) -> None:
        self._shared, self._ui = shared, ui
        self._job = SceneJob(shared)
        self._volume: Any = None
        self._specs: Mapping[str, ModelSpec] = {}
        self._found: dict[str, Explainable] = {}
        self._finding = ChoiceBox(ui.findingBox, self._go_to)
        self._method = ChoiceBox(ui.methodBox, lambda method: None)
        self._method.offer(words.methods())
        self._heat = HeatControls(ui, shared.report, self.show_bars)
        ui.explainButton.connect("clicked()", self._explain)
        ui.whySection.collapsed = True

    def cleanup(self) -> None:
        """Let go of the nodes."""
        self._job.release()

    def show(self, volume_node: Any, specs: Mapping[str, ModelSpec]) -> None:
        """Offer what can be explained in a volume, and its heatmaps.

        Args:
            volume_node: The volume; None for none.
            specs: The installed classifiers by name.
        """
        self._volume, self._specs = volume_node, specs
        found = explainable(volume_node, specs) if volume_node is not None else []
        self._found = {one.finding.id: one for one in found}
        self._finding.offer([(one.finding.id, words.finding_text(one.finding, one.is_region)) for one in found])
        self._heat.show_volume(volume_node)
        self.update()

    def choose(self, finding_id: str) -> None:
        """Offer a finding first, because it was just made."""
        self._finding.choose(finding_id)
        self._ui.whySection.collapsed = False

    def update(self) -> None:
        """Say whether there is something to explain."""
        is_any, ui = bool(self._found), self._ui
        ui.findingBox.enabled = ui.methodBox.enabled = is_any
        ui.explainButton.enabled = is_any and not self._shared.runner.busy
        hint = _("Shows in the slices what speaks for the answer") if is_any else _("Classify something first")
        ui.explainButton.toolTip = hint

    def _go_to(self, finding_id: str) -> None:
        with reported(self._shared.report):
            one = self._found.get(finding_id)
            if one is not None and (one.segment_id or one.is_region):
                jump_to(one.finding.center_ras_mm)

    def _explain(self) -> None:
        with reported(self._shared.report):
            one = self._found.get(self._finding.chosen)
            if one is None:
                return
            volume, segmentation = self._volume, None
            choices: dict[str, Any] = {"method": self._method.chosen, "target": one.target}
            if one.segment_id:
                segmentation = resolve(one.segmentation_id, "vtkMRMLSegmentationNode")
                choices |= {"segmentation": segmentation, "segment": one.segment_id}
            if one.is_region:
                choices["roi"] = one.box
            choices |= {"device": self._shared.settings.device, "modality": one.spec.modality}
            self._job.start(
                lambda: self._shared.logic.explain(volume, one.spec.name, wait=False, **choices),
                what=_("Explaining {finding}").format(finding=one.finding.segment or volume.GetName()),
                nodes=(volume, segmentation),
                on_done=lambda node, pending, seconds: self._done(node, pending, one),
            )

    def _done(self, node: Any, pending: Any, one: Explainable) -> None:
        values = pending.result.values
        text = words.explained_text(values)
        if is_heatmap(node):
            note_explained(node, one, values["method"], text)
            self._heat.show_volume(self._volume)
            fill_segment(node, False)
            self._heat.choose(node)
            self._go_to(one.finding.id)
        else:
            self._heat.say(text)
            self.show_bars(node)
        self._shared.report(" ".join(pending.warnings))

    def show_bars(self, chart_node: Any) -> None:
        """Show a chart beside the slices."""
        layout = slicer.app.layoutManager()
        if layout is not None:
            layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView)
        show_chart(chart_node)
