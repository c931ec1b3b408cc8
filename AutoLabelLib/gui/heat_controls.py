"""The controls of heat over the slices: which, how strongly, from where on; and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.scene import heatmaps
from AutoLabelLib.scene.contribution_plots import chart_of, remove_contributions
from AutoLabelLib.scene.explained import fill_segment, words_of
from AutoLabelLib.scene.nodes import resolve


class HeatControls:
    """Lets the user look at the heatmaps of a volume.

    Args:
        ui: Has the widgets.
        report: Shows a sentence in the status row.
        show_bars: Shows the chart of a heatmap's features.
    """

    def __init__(self, ui: Any, report: Callable[[str], None], show_bars: Callable[[Any], None]) -> None:
        self._ui, self._report, self._show_bars = ui, report, show_bars
        self._volume: Any = None
        self._heatmap = ChoiceBox(ui.heatmapBox, self._chosen)
        ui.opacitySlider.connect("valueChanged(double)", self._set_opacity)
        ui.thresholdSlider.connect("valueChanged(double)", self._set_threshold)
        ui.shownBox.connect("toggled(bool)", self._set_shown)
        ui.barsButton.connect("clicked()", self._bars)
        ui.removeHeatButton.connect("clicked()", self._remove)
        self._show()

    def show_volume(self, volume_node: Any) -> None:
        """Offer the heatmaps of a volume; None for none."""
        self._volume = volume_node
        nodes = heatmaps.heatmaps_of(volume_node) if volume_node is not None else []
        self._heatmap.offer([(node.GetID(), node.GetName()) for node in nodes])
        self._show()

    def choose(self, heatmap_node: Any) -> None:
        """Let the controls be about a heatmap that the views show already."""
        self._heatmap.choose(heatmap_node.GetID())
        self._show()

    def say(self, text: str) -> None:
        """Show what was explained."""
        self._ui.explainedLabel.text = text
        self._ui.explainedLabel.visible = bool(text)

    @property
    def _node(self) -> Any:
        node_id = self._heatmap.chosen
        return resolve(node_id, "vtkMRMLScalarVolumeNode") if node_id else None

    def _chosen(self, node_id: str) -> None:
        with reported(self._report):
            if node_id:
                node = resolve(node_id, "vtkMRMLScalarVolumeNode")
                heatmaps.bring_to_front(node)
                fill_segment(node, False)
            self._show()

    def _show(self) -> None:
        """Let the controls say how the chosen heatmap is shown."""
        node, ui = self._node, self._ui
        ui.heatWidget.visible = node is not None
        self.say(words_of(node) if node is not None else "")
        if node is None:
            return
        for widget in (ui.opacitySlider, ui.thresholdSlider, ui.shownBox):
            widget.blockSignals(True)
        ui.opacitySlider.value = heatmaps.opacity_of(node)
        ui.thresholdSlider.value = heatmaps.threshold_of(node)
        ui.shownBox.checked = heatmaps.is_shown(node)
        for widget in (ui.opacitySlider, ui.thresholdSlider, ui.shownBox):
            widget.blockSignals(False)
        ui.barsButton.visible = chart_of(node) is not None

    def _set_opacity(self, opacity: float) -> None:
        with reported(self._report):
            if self._node is not None:
                heatmaps.set_opacity(self._node, opacity)

    def _set_threshold(self, threshold: float) -> None:
        with reported(self._report):
            if self._node is not None:
                heatmaps.set_threshold(self._node, threshold)

    def _set_shown(self, shown: bool) -> None:
        with reported(self._report):
            if self._node is not None:
                (heatmaps.bring_to_front if shown else heatmaps.hide)(self._node)
                fill_segment(self._node, not shown)

    def _bars(self) -> None:
        with reported(self._report):
            chart = chart_of(self._node) if self._node is not None else None
            if chart is not None:
                self._show_bars(chart)

    def _remove(self) -> None:
        with reported(self._report):
            node = self._node
            if node is None:
                return
            fill_segment(node, True)
            chart = chart_of(node)
            if chart is not None:
                remove_contributions(chart)
            heatmaps.remove_heatmap(node)
            self.show_volume(self._volume)
