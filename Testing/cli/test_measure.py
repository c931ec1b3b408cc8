from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.serve import serve

from .conftest import AFFINE, SHAPE


@pytest.fixture(autouse=True)
def worker() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as twin:
        set_default_worker(twin)
        yield
    set_default_worker(Worker())


@pytest.fixture
def segmentation(tmp_path: Path) -> Path:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 1:3, 1:4, 2:5] = 1
    array[0, 3, 4, 5] = 2
    path = tmp_path / "segments.seg.nrrd"
    write_labelmap(path, Labelmap(array, AFFINE, (Segment("Block", 1), Segment("Dot", 2))))
    return path


def test_a_table(image_path: Path, segmentation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", str(image_path), "--segmentation", str(segmentation)]) == 0
    header, block, dot = capsys.readouterr().out.splitlines()
    assert header.split("  ")[0] == "segment"
    assert "volume (ml)" in header
    assert block.split()[0] == "Block"
    assert f"{18 * 0.7 * 1.3 * 4 / 1000:.3f}" in block
    assert dot.split()[0] == "Dot"


def test_files_and_json(
    image_path: Path, segmentation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["measure", str(image_path), "--segmentation", str(segmentation), "--segment", "Block", "--modality", "CT"]
    assert main([*words, "--json", "--output", str(tmp_path / "out.csv")]) == 0
    (told,) = json.loads(capsys.readouterr().out)["findings"]
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as stream:
        (row,) = csv.DictReader(stream)
    assert row["finding"] == told["sentence"]
    assert "HU" in told["sentence"]
    assert float(row["long_axis_mm"]) == pytest.approx(told["measurements"]["long_axis_mm"], rel=1e-4)
    assert main([*words, "--output", str(tmp_path / "out.csv")]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main([*words, "--output", str(tmp_path / "out.txt")]) == 2
    assert main(["measure", str(image_path), "--segmentation", str(segmentation), "--segment", "Liver"]) == 1
    assert 'no segment "Liver"' in capsys.readouterr().err
