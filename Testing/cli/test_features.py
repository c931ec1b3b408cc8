from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap

from .conftest import AFFINE, Twin

SHAPE = (12, 11, 9)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    values = np.random.default_rng(0).normal(0, 70, (1, *SHAPE)).astype(np.float32)
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 2:8, 2:8, 2:6] = 1
    array[0, 9:11, 9, 7] = 2
    paths = tmp_path / "ct.nii.gz", tmp_path / "nodules.seg.nrrd"
    write_image(paths[0], Image(values, AFFINE))
    write_labelmap(paths[1], Labelmap(array, AFFINE, (Segment("Left", 1), Segment("Right", 2))))
    return paths


def words(files: tuple[Path, Path], *more: str) -> list[str]:
    return ["features", str(files[0]), "--modality", "CT", "--segmentation", str(files[1]), *more]


def test_a_table_for_people(twin: Twin, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(files, "--families", "morph,stat")) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert header.split() == ["feature", "Left", "Right", "meaning"]
    assert first.split()[0] == "morph_volume_mesh_ml"
    assert first.endswith("how large it is")


def test_files_for_machines(
    twin: Twin, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "features.csv"
    assert main(words(files, "--output", str(out), "--families", "all", "--intensity-range", "-150,150")) == 0
    with out.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["segment"] for row in rows] == ["Left", "Right"]
    assert float(rows[0]["stat_maximum"]) <= 150
    assert main(words(files, "--output", str(out))) == 1
    assert "exists already" in capsys.readouterr().err
    told = words(files, "--segment", "Left", "--json", "--resample", "1", "--output", str(tmp_path / "features.json"))
    assert main(told) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["rows"]) == 1
    assert printed["provenance"]["settings"]["resample_mm"] == 1
    assert json.loads((tmp_path / "features.json").read_text(encoding="utf-8"))["rows"] == printed["rows"]


def test_a_list_of_cases(
    twin: Twin,
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path / "home"))
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "image,mask,segment,label\nct.nii.gz,nodules.seg.nrrd,Left,benign\nct.nii.gz,nodules.seg.nrrd,Right,malignant\n",
        encoding="utf-8",
    )
    out = tmp_path / "features.csv"
    assert main(["features", "--cases", str(cases), "--families", "stat", "--output", str(out)]) == 0
    with out.open(newline="", encoding="utf-8") as stream:
        assert [row["label"] for row in csv.DictReader(stream)] == ["benign", "malignant"]
    assert "of 2 cases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "give an image"),
        (["ct.nii.gz"], "--segmentation"),
        (["ct.nii.gz", "--cases", "cases.csv"], "give an image"),
        (["--cases", "cases.csv"], "--output"),
        (["ct.nii.gz", "--segmentation", "a.nrrd", "--output", "a.txt"], ".csv or .json"),
    ],
)
def test_options_that_do_not_go_together(more: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", *more]) == 2
    assert message in capsys.readouterr().err


def test_what_is_not_there(twin: Twin, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(files, "--segment", "Liver")) == 1
    assert main(words(files, "--families", "colour")) == 1
    assert main(words(files, "--intensity-range", "a,b")) == 1
    assert capsys.readouterr().err.count("\n") == 3
