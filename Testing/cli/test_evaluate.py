from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.labelmaps import write_labelmap

from .conftest import AFFINE, Twin


def pair(folder: Path, missed_voxels: int = 4) -> tuple[Path, Path]:
    """Write a reference of 4x4x4 voxels, and a prediction that misses some."""
    true = np.zeros((1, 10, 9, 8), np.uint8)
    true[0, 2:6, 2:6, 2:6] = 1
    found = true.copy()
    found[0].reshape(-1)[np.flatnonzero(true[0])[:missed_voxels]] = 0
    paths = folder / "prediction.seg.nrrd", folder / "reference.nii.gz"
    for path, array in zip(paths, (found, true), strict=True):
        write_labelmap(path, Labelmap(array, AFFINE, (Segment("Cube", 1),)))
    return paths


def test_a_pair(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prediction, reference = pair(tmp_path)
    assert main(["evaluate", "--prediction", str(prediction), "--reference", str(reference)]) == 0
    header, row = capsys.readouterr().out.splitlines()[:2]
    assert header.split() == ["segment", "Dice", "HD95", "(mm)", "volume", "error", "(ml)", "cases"]
    assert row.split()[:2] == ["Cube", f"{2 * 60 / 124:.3f}"]


def test_reports(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prediction, reference = pair(tmp_path)
    words = ["evaluate", "--prediction", str(prediction), "--reference", str(reference), "--json", "--output"]
    assert main([*words, str(tmp_path / "report.json")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "report.json").read_text()) == printed
    assert printed["cases"][0]["volume_error_ml"] == pytest.approx(-4 * 0.7 * 1.3 * 4 / 1000)
    assert main([*words, str(tmp_path / "report.csv")]) == 0
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["segment"] for row in rows] == ["Cube"]
    assert float(rows[0]["dice"]) == pytest.approx(2 * 60 / 124)
    assert main([*words, str(tmp_path / "report.csv")]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_list_of_predictions(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["prediction,label,group"]
    for index in range(4):
        folder = tmp_path / str(index)
        folder.mkdir()
        prediction, reference = pair(folder, missed_voxels=4 * index)
        rows.append(f"{prediction},{reference},{index}")
    (tmp_path / "cases.csv").write_text("\n".join(rows), encoding="utf-8")
    assert main(["evaluate", "--cases", str(tmp_path / "cases.csv")]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.startswith("Cube")
    assert " to " in row
    assert row.split()[-1] == "4"


def test_files_that_are_missing(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--prediction", str(tmp_path / "a.nii"), "--reference", str(tmp_path / "b.nii")]) == 1
    assert "no file" in capsys.readouterr().err
    assert main(["evaluate", "--cases", str(tmp_path / "cases.csv")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
