"""The command line with the worker's twin in this process, whose segmentation anyone can check."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve
from Testing.grids import lopsided, make_affine
from Testing.slicer_scene import scene, slicer

__all__ = ["scene", "slicer"]

SHAPE = (4, 5, 6)
AFFINE = make_affine("LAS", (0.7, 1.3, 4.0), (12, -9, 17), origin_mm=(-31, 12.5, 80))


class Twin:
    """What the twin was asked for, and whether its tasks shall go on for ever.

    Attributes:
        jobs: Those that it ran.
        endless: Whether a segmentation only ends when it is cancelled.
        stopped: Tasks that were cancelled.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.endless = False
        self.stopped = 0

    def segment(self, job: Job, context: TaskContext) -> Result:
        """Segment what is brighter than 50."""
        self.jobs.append(job)
        try:
            while self.endless:
                context.progress(0.5, "turning")
                time.sleep(0.01)
        finally:
            self.stopped += self.endless
        context.progress(1.0, "thresholding")
        context.warn("Brightness is not anatomy.")
        image = job.images[0]
        labels = (image.array[:1] > 50).astype(np.uint8) * 3
        provenance = {"prompts": job.prompts.to_json(), "device": job.options["device"]}
        labelmap = Labelmap(labels, image.affine, (Segment("Bright", 3, color=(0.25, 0.5, 1.0)), Segment("None", 7)))
        values = {"start_ijk": [0, 0, 0]} if job.options.get("crop") else {}
        return Result(job.id, (labelmap,), (), values, tuple(context.warnings), provenance=provenance)

    def train(self, job: Job, context: TaskContext) -> Result:
        """Pretend to train."""
        self.jobs.append(job)
        return Result(job.id, values={"bundle": str(job.options["output"]) + "/bundle"})


@pytest.fixture
def twin() -> Iterator[Twin]:
    """Runs the jobs, instead of another process."""
    twin = Twin()
    with Worker(InProcess(partial(serve, tasks={"segmentation": twin.segment, "training": twin.train}))) as worker:
        set_default_worker(worker)
        yield twin
    set_default_worker(Worker())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A model for MR that takes points and boxes."""
    own: dict[str, Any] = {"name": "bright", "task": "segmentation", "prompts": ["point", "box"]}
    own |= {"channels": [{"name": "MR", "modality": "MR"}], "anatomy": "any", "licence": "CC0-1.0"}
    own["segments"] = [{"name": "Bright", "label_value": 3}]
    metadata = {"version": "1.2.0", "intended_use": "Tests.", "autolabel": own}
    metadata["network_data_format"] = {"inputs": {"image": {"num_channels": 1}}}
    folder = tmp_path / "bright"
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    (folder / "docs").mkdir()
    (folder / "docs" / "README.md").write_text("Dice 0.900 on 52 cases.\n", encoding="utf-8")
    return folder


@pytest.fixture
def image_path(tmp_path: Path) -> Path:
    """A lopsided image on an oblique, left-handed grid."""
    path = tmp_path / "brain.nrrd"
    write_image(path, Image(lopsided(SHAPE).astype(np.int16)[None], AFFINE))
    return path


@pytest.fixture
def install(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make the model one of the user's."""

    def do_install() -> None:
        monkeypatch.setenv("AUTOLABEL_HOME", str(bundle.parent / "home"))
        (bundle.parent / "home" / "models").mkdir(parents=True)
        bundle.rename(bundle.parent / "home" / "models" / "bright")

    return do_install
