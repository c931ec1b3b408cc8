"""`autolabel interact`: prompts from options and files, masks to start from, one segment out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import read_image
from AutoLabelLib.files.labelmaps import read_labelmap, write_labelmap

from .conftest import AFFINE, SHAPE, Twin


def text(*indices: tuple[int, int, int]) -> str:
    """Return voxels as the command line takes positions."""
    return "/".join(",".join(f"{value:.4f}" for value in ras_from_index(AFFINE, index)) for index in indices)


def command(image_path: Path, bundle: Path, output: Path, *more: str) -> list[str]:
    return ["interact", str(image_path), "--model", str(bundle), "--output", str(output), "--modality", "MR", *more]


def test_the_segment_is_written_on_the_images_grid_under_its_name(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.seg.nrrd"
    assert main(command(image_path, bundle, output, "--point", text((1, 2, 3)), "--name", "Left thalamus")) == 0
    labelmap, image = read_labelmap(output), read_image(image_path)
    assert labelmap.same_grid(image)
    assert [segment.name for segment in labelmap.segments] == ["Left thalamus"]
    np.testing.assert_array_equal(labelmap.mask(labelmap.segments[0]), image.array[0] > 50)
    captured = capsys.readouterr()
    assert "Left thalamus" in captured.out
    assert captured.err == "warning: Brightness is not anatomy.\n"


def test_prompts_of_every_kind_and_sign_reach_the_model(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path
) -> None:
    path = bundle / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["autolabel"]["prompts"] = ["point", "box", "scribble", "lasso"]
    path.write_text(json.dumps(metadata), encoding="utf-8")
    stroke, loop = text((0, 0, 0), (1, 1, 1)), text((0, 0, 0), (2, 0, 0), (2, 2, 0))
    words = [("--point", text((1, 2, 3))), ("--negative-point", text((0, 0, 0))), ("--scribble", stroke)]
    words += [("--negative-scribble", stroke), ("--lasso", loop), ("--negative-lasso", loop)]
    words += [("--negative-box", text((0, 0, 0)) + "," + text((1, 1, 1)))]
    file = tmp_path / "prompts.json"
    point = {"position": ras_from_index(AFFINE, (3, 3, 3)).tolist(), "positive": False}
    file.write_text(json.dumps({"points": [point]}), encoding="utf-8")
    more = [word for pair in words for word in pair]
    assert main(command(image_path, bundle, tmp_path / "out.nii", "--prompts", str(file), *more)) == 0
    given = twin.jobs[0].prompts
    assert [point.positive for point in given.points] == [False, True, False]
    assert [scribble.positive for scribble in given.scribbles] == [True, False]
    assert [lasso.positive for lasso in given.lassos] == [True, False]
    assert [box.positive for box in given.boxes] == [False]
    np.testing.assert_allclose(given.scribbles[0].path_ras_mm[1], ras_from_index(AFFINE, (1, 1, 1)), atol=1e-3)


def test_a_segment_of_a_file_is_corrected(twin: Twin, image_path: Path, bundle: Path, tmp_path: Path) -> None:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 1:3, 2, 2], array[0, 0, 0, 0] = 5, 2
    write_labelmap(tmp_path / "two.seg.nrrd", Labelmap(array, AFFINE, (Segment("A", 5), Segment("B", 2))))
    start = ("--start", str(tmp_path / "two.seg.nrrd"), "--point", text((1, 2, 3)))
    assert main(command(image_path, bundle, tmp_path / "a.nii", *start, "--start-segment", "A")) == 0
    sent = twin.jobs[0].labelmaps[0]
    assert sent.spatial_shape == (2, 1, 1)
    assert np.allclose(sent.affine[:3, 3], ras_from_index(AFFINE, (1, 2, 2)))
    assert main(command(image_path, bundle, tmp_path / "b.nii", *start)) == 1


@pytest.mark.parametrize("content", ["no json", "[1]", '{"points": [{"where": 3}]}', '{"points": [{"position": [1]}]}'])
def test_a_file_without_prompts_is_one_sentence(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "prompts.json"
    file.write_text(content, encoding="utf-8")
    assert main(command(image_path, bundle, tmp_path / "out.nii", "--prompts", str(file))) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not twin.jobs


def test_a_missing_file_is_named(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(image_path, bundle, tmp_path / "out.nii", "--prompts", str(tmp_path / "absent.json"))) == 1
    assert "absent.json" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--scribble", "1,2"], ["--lasso", "1,2,3/4,5"], ["--negative-box", "1,2,3"]])
def test_wrong_positions_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interact", "a.nii", "--output", "o.nii", *words]) == 2
    assert "error" in capsys.readouterr().err
