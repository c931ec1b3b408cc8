"""The panel Classify in the test host, with a worker that answers at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve
from Testing.gui.segmenting import ROOT
from Testing.scene.test_plots import comparison as compared

SHAPE = (12, 10, 8)
DOUBT = "The segment touches the edge of the volume."
asked: list[Job] = []
"""The jobs that the worker got."""


def classification(job: Job, context: TaskContext) -> Result:
    """Say "round" of every segment; of a click, make a segment first."""
    asked.append(job)
    labelmaps = ()
    if job.prompts:
        (x, y, z) = job.prompts.points[0].position_ras_mm
        mask = np.zeros((1, *SHAPE), np.uint8)
        mask[0, round(x), round(y), round(z)] = 1
        labelmaps = (Labelmap(mask, job.images[0].affine, (Segment("Clicked", 1),)),)
    segments = (job.labelmaps or labelmaps)[0].segments if (job.labelmaps or labelmaps) else ()
    findings = [
        Finding(
            (5, 5, 5),
            (2, 2, 2),
            0.9 - 0.3 * number,
            "round",
            class_probabilities={"round": 0.9 - 0.3 * number, "square": 0.1 + 0.3 * number},
            segment=name,
            uncertain=DOUBT if number else "",
            model="shape_any 1.0",
        ).to_json()
        for number, name in enumerate([segment.name for segment in segments] or [""])
    ]
    return Result(
        job.id, labelmaps, values={"findings": findings, "segments": list(range(len(segments)))}, provenance={}
    )


def explanation(job: Job, context: TaskContext) -> Result:
    """Say that everything on the right speaks for it."""
    asked.append(job)
    heat = np.zeros((1, *SHAPE), np.float32)
    heat[0, SHAPE[0] // 2 :] = 0.8
    values = {
        "target": "round",
        "probability": 0.9,
        "method": job.options["method"],
        "deletion": {"area": 0.2, "random_area": 0.6},
        "contributions": [
            {"feature": "volume", "effect": 1.2, "value": 9.0, "typical": 3.0, "words": "it is large (+1.2)"}
        ],
    }
    return Result(job.id, images=(Image(heat, job.images[0].affine),), values=values, provenance={})


def comparison(job: Job, context: TaskContext) -> Result:
    """Compare two at once."""
    asked.append(job)
    page = Path(str(job.options["output"])) / "comparison.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text("<p>", encoding="utf-8")
    return Result(job.id, values={**compared(), "files": {"page": str(page)}}, provenance={})


def write_classifier(name: str, **own: Any) -> None:
    """Put a classifier without weights into the user's folder."""
    folder = Path(os.environ["AUTOLABEL_HOME"]) / "models" / name / "configs"
    folder.mkdir(parents=True)
    section = {
        "name": name,
        "task": "classification",
        "description": "Tells shapes apart.",
        "classes": ["round", "square"],
        "channels": [{"name": "image", "modality": ""}],
        **own,
    }
    metadata = {
        "version": "1.0",
        "network_data_format": {"inputs": {"image": {"num_channels": 1}}},
        "autolabel": section,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


class Classifying:
    """The panel Classify as a user sees and uses it."""

    def __init__(self, host: Any, module: Any, scene: Any) -> None:
        from AutoLabelLib.scene.volumes import volume_from_image

        self.host, self.module, self.scene = host, module, scene
        self.panel = module.panel.panels["classify"]
        self.ui = self.panel.ui
        voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE)
        self.volume = volume_from_image(Image(voxels, np.eye(4), "CT"), "Chest", scene)
        module.panel.open_panel("classify")
        self.ui.volumeBox.setCurrentNode(self.volume)
        host.process_events()

    def add_segments(self, *names: str) -> Any:
        """Return a new segmentation with a voxel per name."""
        from AutoLabelLib.scene.segmentations import show_labelmap

        labels = np.zeros((1, *SHAPE), np.uint8)
        for number, _ in enumerate(names, start=1):
            labels[0, 2 * number, 5, 5] = number
        segments = tuple(Segment(name, number) for number, name in enumerate(names, start=1))
        return show_labelmap(Labelmap(labels, np.eye(4), segments), self.volume, "Shapes")

    def choose(self, box: str, text: str) -> None:
        """Choose an entry of a combo box by what it starts with."""
        widget = getattr(self.ui, box)
        texts = self.texts(box)
        widget.currentIndex = next(n for n, entry in enumerate(texts) if entry.startswith(text))

    def texts(self, box: str) -> list[str]:
        """Return what a combo box offers."""
        widget = getattr(self.ui, box)
        return [widget.itemText(n) for n in range(widget.count)]

    def press_esc(self) -> None:
        """Press Esc, wherever the focus is."""
        import qt
        import slicer

        window = slicer.util.mainWindow()
        keys = [key for key in window.findChildren(qt.QShortcut) if key.key.toString() == "Esc"]
        assert len(keys) == 1
        keys[0].activated.emit()

    def wait(self) -> None:
        """Wait for the end of the job."""
        self.host.wait_until(lambda: not self.module.panel.runner.busy)

    @property
    def status(self) -> str:
        """What the status row says."""
        return str(self.module.panel.ui.statusLabel.text)


@pytest.fixture
def classifying(host: Any, scene: Any) -> Iterator[Classifying]:
    """The module with a volume and two classifiers, of segments and of whole volumes."""
    asked.clear()
    write_classifier("shape_any", looks_at="segment", segmenter="lung_nodule_ct")
    write_classifier("a_mr", looks_at="volume", channels=[{"name": "image", "modality": "MR"}])
    write_classifier("view_any", looks_at="volume", description="Tells views apart.")
    tasks = {"classification": classification, "explanation": explanation, "comparison": comparison}
    with Worker(InProcess(partial(serve, tasks=tasks))) as worker:
        set_default_worker(worker)
        module = host.open_module(host.load_module(ROOT / "AutoLabel" / "AutoLabel.py"))
        yield Classifying(host, module, scene)
    set_default_worker(Worker())
