from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import read_labelmap, write_labelmap
from AutoLabelLib.worker.serve import serve
from Testing.grids import make_affine
from Testing.tiny_bundles import TinyBundle, write_bundle
from Testing.tiny_classifiers import TinyClassifier, side_weights, write_classifier

AFFINE = make_affine("LPS", (1.0, 1.0, 2.0), origin_mm=(40.0, -20.0, 100.0))


@pytest.fixture(autouse=True)
def worker() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as twin:
        set_default_worker(twin)
        yield
    set_default_worker(Worker())


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The verb, an image with something bright to the right of its middle, and a model that tells sides apart."""
    voxels = np.zeros((1, 30, 30, 17), np.float32)
    voxels[0, 8:14, 12:17, 7:10] = 1
    write_image(tmp_path / "ct.nii.gz", Image(voxels, AFFINE))
    array = np.zeros((1, 30, 30, 17), np.uint8)
    array[0, 13:18, 12:17, 7:10] = 1
    write_labelmap(tmp_path / "it.seg.nrrd", Labelmap(array, AFFINE, (Segment("Nodule", 1), Segment("Nothing", 2))))
    segmenter = write_bundle(tmp_path / "one", TinyBundle(classes=2, prompts=("point",), modality="CT"))
    tiny = TinyClassifier(attributes=("margin",), more={"segmenter": str(segmenter)})
    folder = write_classifier(tmp_path / "sides", TinyClassifier(**{**vars(tiny), "state": side_weights(tiny, 6.0)}))
    return ["classify", str(tmp_path / "ct.nii.gz"), "--model", str(folder), "--modality", "CT", "--device", "cpu"]


def at(*index: float) -> str:
    return ",".join(f"{value:g}" for value in ras_from_index(AFFINE, index))


def test_a_segment_is_classified(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mask = ["--segmentation", str(tmp_path / "it.seg.nrrd")]
    assert main([*words, *mask]) == 0
    told = capsys.readouterr()
    header, row, ratings = told.out.splitlines()
    assert header.split() == ["what", "class", "P(left)", "P(right)"]
    assert row.split()[:2] == ["Nodule", "right"]
    assert ratings.startswith("Nodule: margin ")
    assert '"Nothing" is empty' in told.err


def test_findings_are_written(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--segmentation", str(tmp_path / "it.seg.nrrd"), "--segment", "Nodule"]
    assert main([*words, *more, "--json", "--output", str(tmp_path / "out.csv")]) == 0
    (told,) = json.loads(capsys.readouterr().out)["findings"]
    assert (told["label"], told["segment"], told["uncertain"]) == ("right", "Nodule", "")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as stream:
        (row,) = csv.DictReader(stream)
    assert row["label"] == "right"
    assert main([*words, *more, "--output", str(tmp_path / "out.csv")]) == 1
    assert main([*words, *more, "--output", str(tmp_path / "out.txt")]) == 2


def test_a_click_is_segmented_and_classified(words: list[str], tmp_path: Path) -> None:
    mask = tmp_path / "mask.nii.gz"
    assert main([*words, "--point", at(10, 14, 8), "--save-mask", str(mask), "--output", str(tmp_path / "o.json")]) == 0
    assert int(read_labelmap(mask).array.sum()) == 6 * 5 * 3
    findings = json.loads((tmp_path / "o.json").read_text())["findings"]
    assert len(findings) == 1


def test_a_click_on_air_says_so(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--point", at(25, 25, 3)]) == 1
    assert "found nothing where you pointed" in capsys.readouterr().err


def test_a_region_is_classified(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = [*words]
    plain[3] = str(write_classifier(tmp_path / "plain", TinyClassifier(state=side_weights(TinyClassifier(), 6.0))))
    for option in ("--roi", "--box"):
        assert main([*plain, option, f"{at(11, 10, 6)},{at(19, 18, 10)}"]) == 0
        assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["image", "right"]


@pytest.mark.parametrize(
    "more", [["--segment", "Nodule"], ["--segmentation", "x.nrrd", "--point", "1,2,3"], ["--save-mask", "m.nii.gz"]]
)
def test_options_that_do_not_go_together_are_refused(words: list[str], more: list[str]) -> None:
    assert main([*words, *more]) == 2


def test_a_model_for_something_else_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words[:3], "lung_nodule_ct", *words[4:]]) == 1
    assert "not for classification" in capsys.readouterr().err


def test_training_without_a_recipe_needs_a_task(tmp_path: Path, capsys: pytest.CaptureFixture[Any]) -> None:
    assert main(["train", "--cases", "x.csv", "--output", str(tmp_path / "out")]) == 2
    assert "--recipe" in capsys.readouterr().err
