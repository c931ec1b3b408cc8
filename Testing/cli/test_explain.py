"""`autolabel explain`: heat as a file, a picture, and the deletion curve as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.files.images import read_image
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve

DELETION = {
    "fractions": [0.0, 0.01, 1.0],
    "probability": [0.95, 0.2, 0.05],
    "random_probability": [0.95, 0.94, 0.05],
    "area": 0.12,
    "random_area": 0.5,
    "random_areas": [0.5],
    "marked_fraction": 0.004,
    "drop": 0.7,
    "random_drop": 0.01,
    "random_drops": [0.01],
}


def hot_corner(job: Job, context: TaskContext) -> Result:
    """An explanation that is hot in one corner."""
    context.warn("No reason.")
    array = np.zeros((1, *job.images[0].spatial_shape), np.float32)
    array[0, :2, :2, :2] = 1
    values = {"target": "Bright", "probability": 0.95, "method": job.options["method"], "layer": "conv"}
    values |= {"deletion": DELETION if job.options.get("deletion", True) else None, "contributions": []}
    return Result(job.id, images=(Image(array, job.images[0].affine),), values=values, warnings=tuple(context.warnings))


@pytest.fixture(autouse=True)
def explainer() -> Iterator[None]:
    with Worker(InProcess(partial(serve, tasks={"explanation": hot_corner}))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def test_heat_is_written_and_the_curve_printed(
    image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "heat.nrrd"
    words = ["explain", str(image_path), "--model", str(bundle), "--modality", "MR", "--output", str(output)]
    words += ["--method", "gradcam"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "warning: No reason." in told.err
    assert 'What speaks for "Bright" (probability 0.950), by gradcam, layer conv' in told.out
    assert "1.0%" in told.out
    assert "area under the curve" in told.out
    assert "0.120" in told.out
    assert f"Wrote {output}" in told.out
    heat, image = read_image(output), read_image(image_path)
    assert heat.same_grid(image)
    assert heat.array[0, 0, 0, 0] == 1
    assert main(words) == 1  # it is there already
    assert main([*words, "--overwrite", "--json", "--no-deletion", "--method", "smoothgrad"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["deletion"] is None
    assert values["method"] == "smoothgrad"
    assert values["written"] == [str(output)]


def test_a_picture_is_drawn(scene: object, image_path: Path, bundle: Path, tmp_path: Path) -> None:
    from AutoLabelLib.scene.offscreen import working_window

    if working_window() is None:
        pytest.skip("needs OpenGL: a display, EGL or OSMesa")
    words = ["explain", str(image_path), "--model", str(bundle), "--modality", "MR"]
    outputs = ["--output", str(tmp_path / "heat.nii.gz"), "--picture", str(tmp_path / "heat.png")]
    assert main([*words, *outputs]) == 0
    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "heat.nii.gz").is_file()


def test_what_cannot_be_written_is_said_first(
    image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["explain", str(image_path), "--model", str(bundle), "--output"]
    assert main(words[:-1]) == 2
    assert main([*words, str(tmp_path / "heat.txt")]) == 1
    assert main([*words, str(tmp_path / "heat.nrrd"), "--picture", str(tmp_path / "heat.jpg")]) == 2
    assert main([*words, str(tmp_path / "heat.nrrd"), "--method", "guessing"]) == 2
    assert "gradcam" in capsys.readouterr().err
