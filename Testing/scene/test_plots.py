"""A comparison as Slicer's plots: the tables hold the curves, the charts show them, and a scene file keeps both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.slicer_scene import opened

pytestmark = pytest.mark.usefixtures("scene")


def contender(name: str, kind: str, classes: tuple[str, ...]) -> dict[str, Any]:
    figures = ("auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "precision", "f1", "ece")
    curves = {
        "roc": {"false_positive_rate": [0.0, 0.25, 1.0], "true_positive_rate": [0.0, 0.75, 1.0], "threshold": []},
        "precision_recall": {"recall": [0.0, 1.0], "precision": [1.0, 0.5], "threshold": []},
    }
    return {
        "name": name,
        "title": name.title(),
        "kind": kind,
        "figures": {figure: {"value": 0.75, "low": 0.5, "high": 0.9} for figure in figures},
        "curves": dict.fromkeys(classes, curves),
        "reliability": {"probability": [0.1, 0.9], "frequency": [0.2, 0.8], "cases": [5, 5]},
        "versus_baseline": None if kind == "baseline" else {"p_value_holm": 0.01},
        "versus_best": None,
    }


def comparison(classes: tuple[str, ...] = ("yes",)) -> dict[str, Any]:
    rows = [contender("baseline", "baseline", classes), contender("svm", "features", classes)]
    return {"best": "svm", "contenders": rows}


def show(**more: Any) -> dict[str, Any]:
    from AutoLabelLib.scene.plots import show_comparison

    return show_comparison(comparison(**more))


def series_of(chart: Any) -> list[Any]:
    return [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]


def test_a_chart_shows_every_classifier() -> None:
    chart = show()["ROC"]
    baseline, svm, diagonal = series_of(chart)
    assert [node.GetName() for node in (baseline, svm, diagonal)] == ["Baseline", "Svm", "diagonal"]
    assert (chart.GetTitle(), chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("ROC", "1 - specificity", "sensitivity")
    assert chart.GetXAxisRange() == chart.GetYAxisRange() == (0.0, 1.0)
    assert svm.GetLineWidth() > baseline.GetLineWidth()
    assert baseline.GetLineStyle() == baseline.LineStyleDash
    assert svm.GetColor() != baseline.GetColor()


def test_the_tables_hold_the_curves() -> None:
    charts = show()
    svm = series_of(charts["ROC"])[1]
    table = svm.GetTableNode().GetTable()
    assert [table.GetColumnByName(svm.GetXColumnName()).GetValue(row) for row in range(3)] == [0.0, 0.25, 1.0]
    assert [table.GetColumnByName(svm.GetYColumnName()).GetValue(row) for row in range(3)] == [0.0, 0.75, 1.0]
    assert set(charts) == {"ROC", "Precision and recall", "Calibration"}
    calibrated = series_of(charts["Calibration"])[1].GetTableNode().GetTable()
    assert calibrated.GetColumnByName("frequency").GetValue(1) == 0.8
    assert len(series_of(charts["Precision and recall"])) == 2


def test_the_figures_are_a_table(scene: Any) -> None:
    show()
    table = scene.GetFirstNodeByName("Comparison: figures").GetTable()
    assert table.GetColumnByName("classifier").GetValue(1) == "Svm"
    assert table.GetColumnByName("auc").GetValue(1) == 0.75
    assert table.GetColumnByName("auc_low").GetValue(1) == 0.5
    assert table.GetColumnByName("p against baseline").GetValue(1) == 0.01


def test_each_of_several_classes_has_its_charts() -> None:
    charts = show(classes=("a", "b"))
    assert "ROC of b" in charts
    assert len(charts) == 5


def test_a_curve_that_does_not_exist_is_left_out() -> None:
    from AutoLabelLib.scene.plots import show_comparison

    values = comparison()
    values["contenders"][1]["curves"]["yes"] = {
        "roc": {"false_positive_rate": [], "true_positive_rate": []},
        "precision_recall": {"recall": [], "precision": []},
    }
    assert len(series_of(show_comparison(values)["ROC"])) == 2


def test_a_plot_view_shows_it_and_all_can_be_removed(scene: Any) -> None:
    from AutoLabelLib.scene.plots import remove_comparison, show_chart

    mine = scene.AddNewNodeByClass("vtkMRMLTableNode", "mine")
    view = scene.AddNewNodeByClass("vtkMRMLPlotViewNode", "view")
    chart = show()["ROC"]
    show_chart(chart)
    assert view.GetPlotChartNodeID() == chart.GetID()
    remove_comparison()
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotSeriesNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1
    assert scene.IsNodePresent(mine)


def test_a_scene_file_keeps_them(tmp_path: Path) -> None:
    from AutoLabelLib.scene.scene_files import write_scene

    show()
    write_scene(tmp_path / "scene.mrb")
    again = opened(tmp_path / "scene.mrb", tmp_path / "cache")
    chart = again.GetFirstNodeByName("Comparison: ROC")
    svm = series_of(chart)[1]
    assert svm.GetName() == "Svm"
    assert svm.GetTableNode().GetTable().GetNumberOfRows() == 3
