from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from AutoLabelLib.files.tables import write_csv, write_json


def test_csv_has_all_columns_and_leaves_unknown_fields_empty(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "out.csv", [{"case": "a, b", "dice": 0.9}, {"case": "ü", "hd95_mm": None, "dice": float("nan")}]
    )
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert rows == [["case", "dice", "hd95_mm"], ["a, b", "0.9", ""], ["ü", "", ""]]


def test_empty_csv(tmp_path: Path) -> None:
    write_csv(tmp_path / "out.csv", [])
    assert (tmp_path / "out.csv").read_text().strip() == ""


def test_json_is_strict(tmp_path: Path) -> None:
    value = {"a": float("nan"), "b": (1, np.float64(2.5), float("inf")), "c": Path("x"), 1: True, "d": "ü"}
    write_json(tmp_path / "out.json", value)
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": None, "b": [1, 2.5, None], "c": "x", "1": True, "d": "ü"}
    assert "ü" in text


def test_numpy_integers_stay_numbers(tmp_path: Path) -> None:
    write_json(tmp_path / "out.json", [np.int64(3), np.float32(0.5)])
    assert json.loads((tmp_path / "out.json").read_text()) == [3, 0.5]
