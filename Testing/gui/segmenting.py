"""The module in the test host, a model that anyone can check, and a worker whose pace a test sets."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import InputError, MissingDependency, OutOfMemory
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (9, 7, 5)

go_on = threading.Event()
"""While it is not set, a segmentation goes on for ever; cancelling ends it."""

FAILURES = {
    "disk": OSError(28, "No space left on device", "/data/Miller.nii"),
    "torch": MissingDependency('The Python package "torch" is needed for this, but it is not installed.', "Set up."),
    "memory": OutOfMemory("There is not enough memory for this volume.", "Close other programs."),
    "bug": KeyError("Miller"),
    "input": InputError("The input is wrong.", "Take another."),
}
failing: list[str] = []
"""Which failure the next segmentation meets."""


def bright(job: Job, context: TaskContext) -> Result:
    """Segment what is brighter than 100, and what is brighter than any voxel can be."""
    while not go_on.is_set():
        context.progress(0.4, "tile 2 of 5")
        time.sleep(0.01)
    if failing:
        raise FAILURES[failing.pop()]
    context.warn("Brightness is not anatomy.")
    image = job.images[0]
    labels = (image.array > 100).astype(np.uint8)
    provenance = {"device": "cpu", "engine": "fp32", "options": dict(job.options), "prompts": job.prompts.to_json()}
    segments = (Segment("Bright", 1, color=(0.9, 0.6, 0.1)), Segment("Blinding", 2, color=(0.2, 0.4, 0.9)))
    return Result(
        job.id,
        (Labelmap(labels, image.affine, segments),),
        warnings=tuple(context.warnings),
        phase_seconds={"load": 0.5, "network": 1.5},
        provenance=provenance,
    )


def write_bundle(name: str, modality: str, **more: Any) -> None:
    """Put a model into the user's folder."""
    folder = Path(os.environ["AUTOLABEL_HOME"]) / "models" / name / "configs"
    folder.mkdir(parents=True)
    own = {
        "name": name,
        "task": "segmentation",
        "anatomy": "Everything",
        "description": f"What is brighter than 100 on {modality}.",
        "channels": [{"name": "image", "modality": modality}],
        **more,
    }
    metadata = {"version": "2.0", "network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker on a thread, which segments at once unless a test says otherwise."""
    go_on.set()
    failing.clear()
    with Worker(InProcess(partial(serve, tasks={"segmentation": bright}))) as worker:
        set_default_worker(worker)
        yield worker
        go_on.set()
    set_default_worker(Worker())


@pytest.fixture
def module(host: Any, worker: Worker) -> Any:
    """The module AutoLabel, which the user has opened on an empty scene; `bright_mr` and `bright_ct` are installed."""
    write_bundle("bright_mr", "MR")
    write_bundle("bright_ct", "CT")
    return host.open_module(host.load_module(ROOT / "AutoLabel" / "AutoLabel.py"))


def add_image(scene: Any, name: str = "Head", modality: str = "MR", affine: Any = None) -> Any:
    """Return a volume node in which each voxel has a value of its own."""
    from AutoLabelLib.scene.volumes import volume_from_image

    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE)
    return volume_from_image(Image(voxels, np.eye(4) if affine is None else affine, modality), name, scene)


class Segmenting:
    """The panel Segment as a user sees and uses it.

    Args:
        host: The test host.
        module: AutoLabelWidget.
    """

    def __init__(self, host: Any, module: Any) -> None:
        self.host, self.module = host, module
        self.panel = module.panel
        self.ui = self.panel.panels["segment"].ui

    @property
    def status(self) -> str:
        """What the status row says."""
        return str(self.panel.ui.statusLabel.text)

    @property
    def reason(self) -> str:
        """What the line under the button says."""
        return str(self.ui.reasonLabel.text)

    @property
    def models(self) -> list[str]:
        """The listed models, by their text."""
        return [self.ui.modelList.item(row).text() for row in range(self.ui.modelList.count)]

    def choose(self, volume: Any, model: str = "bright_mr") -> None:
        """Choose a volume and click a model in the list."""
        self.ui.volumeBox.setCurrentNode(volume)
        names = [text.split(" ")[0] for text in self.models]
        self.ui.modelList.setCurrentRow(names.index(model))

    def run(self) -> None:
        """Click the button, and wait for the end of the job."""
        self.start()
        self.wait()

    def start(self) -> None:
        """Click the button."""
        assert self.ui.runButton.enabled, self.reason
        self.ui.runButton.click()

    def wait(self) -> None:
        """Wait for the end of the job."""
        self.host.wait_until(lambda: not self.panel.runner.busy)

    def start_long_job(self) -> None:
        """Click the button, and wait until the job is in the middle of its work, where it stays."""
        go_on.clear()
        self.start()
        self.host.wait_until(lambda: "40 %" in self.status)


def segmentations(scene: Any) -> list[Any]:
    """Return the segmentation nodes of a scene."""
    kind = "vtkMRMLSegmentationNode"
    return [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]


def segment_names(segmentation_node: Any) -> list[str]:
    """Return the names of a segmentation's segments."""
    segmentation = segmentation_node.GetSegmentation()
    return [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]


def bright_voxels(segmentation_node: Any, volume_node: Any, name: str = "Bright") -> Any:
    """Return the voxels of a segment on the grid of a volume."""
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

    labelmap = labelmap_from_segmentation(segmentation_node, volume_node)
    return labelmap.mask(labelmap.segment(name))
