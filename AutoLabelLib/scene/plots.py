"""A comparison of classifiers as Slicer's own plots: tables, series and charts that a plot view shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, current_scene
from AutoLabelLib.scene.tables import table_from_rows

# Told apart by colour-blind readers (Okabe and Ito 2008, Paul Tol's "muted").
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#882255", "#332288", "#117733", "#000000")
_BASELINE_COLOR = "#777777"
_LEGEND_POINTS = 9  # a comparison has ten lines, and the legend must not cover them
_OWNER = "AutoLabel.Comparison"  # attribute of every node of a comparison, so that all of them can be found
_FIGURES = ("auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "precision", "f1", "ece")


@dataclass(frozen=True)
class Curve:
    """What a chart shows, whatever it is a curve of.

    Attributes:
        name: Of the chart, such as "ROC".
        x: Title of the horizontal axis, and of the table's column.
        y: Of the vertical one.
        diagonal: Whether a line from (0, 0) to (1, 1) says what chance, or perfect calibration, would be.
    """

    name: str
    x: str
    y: str
    diagonal: bool = True


ROC = Curve("ROC", "1 - specificity", "sensitivity")
PRECISION_RECALL = Curve("Precision and recall", "recall", "precision", diagonal=False)
CALIBRATION = Curve("Calibration", "probability", "frequency")


def show_comparison(values: Mapping[str, Any], scene: Any = None, name: str = "Comparison") -> dict[str, Node]:
    """Add the figures of a comparison as a table and its curves as charts; return the chart nodes by name.

    Each chart has a series per classifier, which a click in its legend or in Slicer's module Plots hides. With several
    classes there is a chart for each.

    Args:
        values: What a comparison returned, or comparison.json holds.
        scene: Scene to add to; None for the current one.
        name: What the nodes' names begin with.

    Raises:
        InputError: If there is no scene.
    """
    scene = scene or current_scene()
    _own(table_from_rows(f"{name}: figures", [_figure_row(row) for row in values["contenders"]], scene=scene))
    charts = {}
    classes = list(values["contenders"][0]["curves"])
    for label in classes:
        suffix = f" of {label}" if len(classes) > 1 else ""
        for curve, key in ((ROC, "roc"), (PRECISION_RECALL, "precision_recall")):
            points = [row["curves"][label][key] for row in values["contenders"]]
            title = f"{curve.name}{suffix}"
            charts[title] = _chart(scene, name, title, curve, values, [_xy(one, curve) for one in points])
    points = [row["reliability"] for row in values["contenders"]]
    charts[CALIBRATION.name] = _chart(
        scene, name, CALIBRATION.name, CALIBRATION, values, [_xy(one, CALIBRATION) for one in points]
    )
    return charts


def remove_comparison(scene: Any = None) -> None:
    """Remove every node that `show_comparison` added."""
    scene = scene or current_scene()
    for class_name in ("vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode", "vtkMRMLTableNode"):
        nodes = scene.GetNodesByClass(class_name)
        nodes.UnRegister(None)
        for node in [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]:
            if node.GetAttribute(_OWNER):
                scene.RemoveNode(node)


def show_chart(chart_node: Node, scene: Any = None) -> None:
    """Show a chart in every plot view that is there."""
    scene = scene or current_scene()
    nodes = scene.GetNodesByClass("vtkMRMLPlotViewNode")
    nodes.UnRegister(None)
    for index in range(nodes.GetNumberOfItems()):
        nodes.GetItemAsObject(index).SetPlotChartNodeID(chart_node.GetID())


def _xy(points: Mapping[str, Sequence[float]], curve: Curve) -> list[tuple[float, float]]:
    """Return the points of a curve, whose coordinates a comparison names by what they are."""
    x, y = {
        ROC: ("false_positive_rate", "true_positive_rate"),
        PRECISION_RECALL: ("recall", "precision"),
        CALIBRATION: ("probability", "frequency"),
    }[curve]
    return list(zip(points[x], points[y], strict=True))


def _chart(
    scene: Any,
    name: str,
    title: str,
    curve: Curve,
    values: Mapping[str, Any],
    lines: Iterable[list[tuple[float, float]]],
) -> Node:
    chart = _own(scene.AddNewNodeByClass("vtkMRMLPlotChartNode", f"{name}: {title}"))
    rivals = 0
    for row, line in zip(values["contenders"], lines, strict=True):
        is_baseline = row["kind"] == "baseline"
        color = _BASELINE_COLOR if is_baseline else _COLORS[rivals % len(_COLORS)]
        rivals += not is_baseline
        if line:
            series = _series(scene, f"{name}: {title}, ", row["title"], curve, line, color)
            series.SetLineWidth(3 if row["name"] == values["best"] else 1.5)
            if is_baseline:
                series.SetLineStyle(series.LineStyleDash)
            chart.AddAndObservePlotSeriesNodeID(series.GetID())
    if curve.diagonal:
        diagonal = _series(scene, f"{name}: {title}, ", "diagonal", curve, [(0.0, 0.0), (1.0, 1.0)], "#BBBBBB")
        diagonal.SetLineStyle(diagonal.LineStyleDot)
        chart.AddAndObservePlotSeriesNodeID(diagonal.GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(curve.x)
    chart.SetYAxisTitle(curve.y)
    chart.SetXAxisRangeAuto(False)
    chart.SetYAxisRangeAuto(False)
    chart.SetXAxisRange(0.0, 1.0)
    chart.SetYAxisRange(0.0, 1.0)
    chart.SetLegendVisibility(True)
    chart.SetLegendFontSize(_LEGEND_POINTS)
    hierarchy.item_of(chart)
    return chart


def _series(scene: Any, prefix: str, title: str, curve: Curve, line: Sequence[tuple[float, float]], color: str) -> Node:
    """Return a series with a table of its own; a legend shows the series' name, which therefore is the bare title."""
    rows = [{curve.x: float(x), curve.y: float(y)} for x, y in line]
    table = _own(table_from_rows(f"{prefix}{title}", rows, [curve.x, curve.y], scene))
    series = _own(scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", title))
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(curve.x)
    series.SetYColumnName(curve.y)
    series.SetPlotType(series.PlotTypeScatter)
    series.SetMarkerStyle(series.MarkerStyleNone if curve is not CALIBRATION else series.MarkerStyleCircle)
    series.SetColor(*(int(color[start : start + 2], 16) / 255.0 for start in (1, 3, 5)))
    hierarchy.item_of(series)
    return series


def _own(node: Node) -> Node:
    node.SetAttribute(_OWNER, "1")
    return node


def _figure_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the table: each figure, and the AUC's interval and tests."""
    figures = {name: row["figures"][name]["value"] for name in _FIGURES}
    tests = {
        f"p {words}": (row[key] or {}).get("p_value_holm")
        for key, words in (("versus_baseline", "against baseline"), ("versus_best", "against best"))
    }
    auc = row["figures"]["auc"]
    return {"classifier": row["title"], **figures, "auc_low": auc["low"], "auc_high": auc["high"], **tests}
