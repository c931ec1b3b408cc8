"""The task "features": rows of segments and of cases, and what cannot be described."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import features
from Testing.grids import make_affine

AFFINE = make_affine("LPS", (1, 1, 2), (5, -10, 3), origin_mm=(20, -30, 40))
SHAPE = (14, 13, 12)
LARGE, SMALL, EMPTY = Segment("Large", 1), Segment("Small", 2), Segment("Empty", 3)


def image(channels: int = 1, **more: Any) -> Image:
    values = np.random.default_rng(4).normal(0, 60, (channels, *SHAPE)).astype(np.float32)
    return Image(values, AFFINE, **more)


def labelmap(*segments: Segment, affine: np.ndarray = AFFINE) -> Labelmap:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 2:8, 3:8, 2:7] = 1
    array[0, 10, 10, 10] = 2
    return Labelmap(array, affine, segments or (LARGE, SMALL, EMPTY))


def described(given: Image, segmentation: Labelmap, **options: Any) -> Result:
    return features.run(Job("features", images=(given,), labelmaps=(segmentation,), options=options), TaskContext())


def test_a_row_per_segment_that_is_not_empty() -> None:
    result = described(image(modality="CT", unit="HU"), labelmap())
    large, small = result.values["rows"]
    assert (large["segment"], small["segment"]) == ("Large", "Small")
    assert set(large) == {"segment", *result.values["meanings"]}
    assert large["morph_volume_voxel_counting_ml"] == pytest.approx(6 * 5 * 5 * 2 / 1000)
    assert small["glcm_contrast"] is None
    assert json.loads(json.dumps(result.values, allow_nan=False)) == result.values
    assert any("not defined for" in warning and "Small" in warning for warning in result.warnings)
    assert any("Empty" in warning for warning in result.warnings)
    assert result.provenance["settings"]["bin_width"] == 25


def test_a_row_per_channel() -> None:
    rows = described(image(2, modality="MR", channel_names=("T1", "T2")), labelmap(LARGE)).values["rows"]
    assert [(row["segment"], row["channel"]) for row in rows] == [("Large", "T1"), ("Large", "T2")]
    assert rows[0]["stat_mean"] != rows[1]["stat_mean"]
    assert rows[0]["morph_sphericity"] == rows[1]["morph_sphericity"]


def test_an_image_that_does_not_say_what_it_is_gets_a_number_of_levels() -> None:
    result = described(image(), labelmap(LARGE), families="ih")
    assert result.provenance["settings"]["bin_count"] == 32
    assert "32 grey levels" in result.warnings[0]
    assert result.values["rows"][0]["ih_maximum"] == 32
    chosen = described(image(), labelmap(LARGE), families=["ih"], bin_count=8)
    assert chosen.values["rows"][0]["ih_maximum"] == 8
    assert not chosen.warnings


def test_a_segmentation_on_another_grid() -> None:
    finer = make_affine("LPS", (1, 1, 1), (5, -10, 3), origin_mm=(20, -30, 40))
    array = np.zeros((1, 14, 13, 24), np.uint8)
    array[0, 2:8, 3:8, 4:14] = 1
    result = described(image(), Labelmap(array, finer, (LARGE,)), families="morph")
    assert result.values["rows"][0]["morph_volume_voxel_counting_ml"] == pytest.approx(6 * 5 * 10 / 1000, rel=0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"segments": ["Liver"]}, 'no segment "Liver"'),
        ({"segments": ["Empty"]}, '"Empty" is empty'),
        ({"familys": "stat"}, 'no option "familys"'),
        ({"families": "colour"}, 'no family of features "colour"'),
        ({"cases": "missing.csv"}, "missing.csv"),
    ],
)
def test_what_cannot_be_described(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        described(image(), labelmap(), **options)


def test_nothing_at_all() -> None:
    with pytest.raises(InputError, match="one image and one segmentation"):
        features.run(Job("features"), TaskContext())


@pytest.fixture
def case_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write three cases of two patients, and their list."""
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path / "home"))
    rows = []
    for number, patient in enumerate("AAB"):
        write_image(tmp_path / f"image{number}.nii.gz", image())
        write_labelmap(tmp_path / f"mask{number}.nii.gz", labelmap(LARGE))
        split = "test" if patient == "B" else "train"
        rows.append((f"image{number}.nii.gz", f"mask{number}.nii.gz", "1", "round", patient, split, number + 1))
    with (tmp_path / "cases.csv").open("w", newline="") as stream:
        header = ("image", "mask", "segment", "label", "group", "split", "attribute:texture")
        csv.writer(stream).writerows([header, *rows])
    return tmp_path / "cases.csv"


def of_cases(path: Path, **options: Any) -> Result:
    return features.run(Job("features", options={"cases": str(path), **options}), TaskContext())


def test_a_row_per_case(case_list: Path) -> None:
    result = of_cases(case_list, families="stat,morph")
    rows = result.values["rows"]
    assert [(row["case"], row["group"], row["label"]) for row in rows] == [
        ("image0 1", "A", "round"),
        ("image1 1", "A", "round"),
        ("image2 1", "B", "round"),
    ]
    assert rows[2]["attribute:texture"] == 3
    assert set(result.values["meanings"]) < set(rows[0])
    assert [row["case"] for row in of_cases(case_list, families="stat", split="test").values["rows"]] == ["image2 1"]


def test_cases_that_cannot_be_used(case_list: Path) -> None:
    (case_list.parent / "mask1.nii.gz").write_bytes(b"broken")
    result = of_cases(case_list, families="stat")
    assert [failure["case"] for failure in result.values["failed"]] == ["image1 1"]
    assert "1 of 3 cases" in result.warnings[-1]
    with pytest.raises(InputError, match='in the split "validation"'):
        of_cases(case_list, split="validation")
    with pytest.raises(InputError, match='no split "tset"'):
        of_cases(case_list, split="tset")
    for number in range(3):
        (case_list.parent / f"image{number}.nii.gz").unlink()
    with pytest.raises(FileError):
        of_cases(case_list)
