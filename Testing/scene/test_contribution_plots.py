"""Contributions of features in the scene: a chart of bars, and a table of all."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_chart_shows_the_strongest_and_its_table_all(scene: Any) -> None:
    from AutoLabelLib.scene.contribution_plots import MOST_BARS, show_contributions, table_of

    rows = [
        {
            "feature": f"f{n}",
            "effect": 2.0 / (n + 1),
            "value": None if n == 3 else 1.0 * n,
            "typical": 0.0,
            "words": "…",
        }
        for n in range(20)
    ]
    chart = show_contributions(rows, "malignant", "CT: features")
    assert chart.GetNumberOfPlotSeriesNodes() == 1
    series = chart.GetNthPlotSeriesNode(0)
    assert series.GetPlotType() == series.PlotTypeBar
    assert series.GetTableNode().GetNumberOfRows() == MOST_BARS
    assert series.GetTableNode().GetCellText(0, 0) == "f0"
    table = table_of(chart)
    assert table is not None
    assert table.GetNumberOfRows() == 20
    assert table.GetTable().GetColumnByName("log-odds").GetValue(1) == pytest.approx(1.0)
