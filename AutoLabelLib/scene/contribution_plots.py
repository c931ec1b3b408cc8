"""What handcrafted features add to a classifier's answer, as a table and a bar plot of Slicer's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from AutoLabelLib.core.provenance import PREFIX
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, current_scene, scene_of
from AutoLabelLib.scene.tables import table_from_rows

MOST_BARS = 12
_COLUMNS = ("feature", "log-odds", "value", "typical", "in words")
_COLOR = (0.76, 0.25, 0.05)
_MARK, _CHART = f"{PREFIX}Contributions", f"{PREFIX}ContributionsChart"


def show_contributions(contributions: Sequence[Mapping[str, Any]], target: str, name: str, scene: Any = None) -> Node:
    """Return a new plot chart node with the strongest contributions as bars; its table holds all of them.

    Args:
        contributions: What each feature adds, the strongest first, as the task "explanation" tells.
        target: The class that they speak for or against.
        name: Name of the nodes.
        scene: Scene to add them to; None for the current one.
    """
    scene = scene or current_scene()
    rows = [
        dict(zip(_COLUMNS, (row["feature"], row["effect"], row["value"], row["typical"], row["words"]), strict=True))
        for row in contributions
    ]
    table = table_from_rows(name, rows, _COLUMNS, scene)
    bars = table_from_rows(f"{name}: bars", rows[:MOST_BARS], _COLUMNS[:2], scene)
    bars.SetHideFromEditors(True)
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", f"speaks for {target}")
    series.SetAndObserveTableNodeID(bars.GetID())
    series.SetPlotType(series.PlotTypeBar)
    series.SetLabelColumnName(_COLUMNS[0])
    series.SetYColumnName(_COLUMNS[1])
    series.SetColor(*_COLOR)
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", name)
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(name)
    chart.SetXAxisTitle("features, the strongest first: point at a bar")
    chart.SetYAxisTitle(f"log-odds of {target}")
    chart.SetLegendVisibility(False)
    chart.SetNodeReferenceID(_MARK, table.GetID())
    for node in (series, chart):
        hierarchy.item_of(node)
    return chart


def table_of(chart_node: Node) -> Node | None:
    """Return the table with all contributions of a chart."""
    return chart_node.GetNodeReference(_MARK)


def attach_chart(heatmap_node: Node, chart_node: Node) -> None:
    """Remember that a chart belongs to a heatmap."""
    heatmap_node.SetNodeReferenceID(_CHART, chart_node.GetID())


def chart_of(heatmap_node: Node) -> Node | None:
    """Return the chart that belongs to a heatmap; None if there is none, or it is gone."""
    return heatmap_node.GetNodeReference(_CHART)


def remove_contributions(chart_node: Node) -> None:
    """Remove a chart with its series and tables from the scene."""
    scene = scene_of(chart_node)
    series = [chart_node.GetNthPlotSeriesNode(number) for number in range(chart_node.GetNumberOfPlotSeriesNodes())]
    tables = [table_of(chart_node), *(one.GetTableNode() for one in series if one is not None)]
    for node in (chart_node, *series, *tables):
        if node is not None:
            scene.RemoveNode(node)
