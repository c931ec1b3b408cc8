"""Rows to table nodes: every column in the type of its values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("scene")

ROWS = [
    {"case": "a", "dice": 0.91, "voxels": 120, "hd95_mm": 1, "empty": False},
    {"case": "b", "dice": 1.0, "voxels": 7, "hd95_mm": None, "empty": True, "note": "late"},
]


def table(*args: Any, **options: Any) -> Any:
    from AutoLabelLib.scene.tables import table_from_rows

    return table_from_rows(*args, **options)


def test_columns_have_the_types_of_their_values(scene: Any) -> None:
    node = table("Evaluation", ROWS)

    columns = [node.GetTable().GetColumn(index) for index in range(node.GetNumberOfColumns())]
    assert {column.GetName(): column.GetClassName() for column in columns} == {
        "case": "vtkStringArray",
        "dice": "vtkDoubleArray",
        "voxels": "vtkIntArray",
        "hd95_mm": "vtkDoubleArray",
        "empty": "vtkStringArray",
        "note": "vtkStringArray",
    }
    assert node.GetName() == "Evaluation"
    assert scene.GetFirstNodeByName("Evaluation") is node


def test_cells_are_found_by_row_and_column() -> None:
    data = table("Evaluation", ROWS).GetTable()

    assert data.GetNumberOfRows() == 2
    assert data.GetColumnByName("dice").GetValue(0) == 0.91
    assert data.GetColumnByName("voxels").GetValue(1) == 7
    assert math.isnan(data.GetColumnByName("hd95_mm").GetValue(1))
    assert [data.GetColumnByName("note").GetValue(row) for row in range(2)] == ["", "late"]
    assert data.GetColumnByName("empty").GetValue(1) == "True"


def test_columns_can_be_chosen() -> None:
    node = table("Evaluation", ROWS, ["voxels", "case"])

    assert [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())] == ["voxels", "case"]


def test_no_rows_make_an_empty_table() -> None:
    assert table("Evaluation", []).GetNumberOfColumns() == 0
    assert table("Evaluation", [], ["dice"]).GetTable().GetNumberOfRows() == 0


def test_whole_numbers_that_are_too_long_become_doubles() -> None:
    assert table("big", [{"bytes": 2**40}]).GetTable().GetColumnByName("bytes").GetValue(0) == 2**40


def test_numpy_numbers_are_numbers() -> None:
    data = table("numpy", [{"count": np.int64(3), "dice": np.float32(0.5)}]).GetTable()

    assert data.GetColumnByName("count").GetClassName() == "vtkIntArray"
    assert data.GetColumnByName("dice").GetValue(0) == 0.5


def test_slicer_stores_and_reads_it(scene: Any, tmp_path: Path) -> None:
    node = table("Evaluation", ROWS)
    storage = node.CreateDefaultStorageNode()
    storage.SetFileName(str(tmp_path / "evaluation.tsv"))

    assert storage.WriteData(node)
    assert (tmp_path / "evaluation.tsv").read_text(encoding="utf-8").splitlines()[0].split("\t")[:2] == ["case", "dice"]
