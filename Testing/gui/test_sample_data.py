"""The chest phantom in Slicer's module Sample Data: registered once, made without blocking, shown when it is there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve

NODULE = {"name": "N1", "kind": "solid", "center_ras_mm": [1.0, 2.0, 3.0], "diameter_mm": 8.0, "volume_ml": 0.27}


def small_chest(job: Job, context: TaskContext) -> Result:
    """Stand for the task "phantom", in an instant."""
    image = Image(np.zeros((1, 6, 5, 4), np.int16), np.eye(4), modality="CT", unit="HU")
    return Result(job.id, images=(image,), values={"nodules": [NODULE]})


def no_chest(job: Job, context: TaskContext) -> Result:
    """Stand for a task that cannot."""
    raise InputError("No nodule found a place.", "Try another seed.")


@pytest.fixture
def sample_data(host: Any) -> Iterator[Any]:
    from AutoLabelLib.gui import sample_data

    host.slicer.modules.sampleDataSources = {}
    sample_data.register()
    yield sample_data
    if sample_data._runner is not None:
        sample_data._runner.stop()
        sample_data._runner = None
    del host.slicer.modules.sampleDataSources


def choose(host: Any, sample_data: Any, task: Any) -> None:
    """Click the sample's button, with a worker that has a task, and wait for the end."""
    with Worker(InProcess(partial(serve, tasks={"phantom": task}))) as worker:
        set_default_worker(worker)
        (source,) = host.slicer.modules.sampleDataSources[sample_data.CATEGORY]
        source.customDownloader(source)
        assert sample_data._runner.busy
        source.customDownloader(source)  # an impatient second click
        host.wait_until(lambda: not sample_data._runner.busy)
    set_default_worker(Worker())


def test_it_is_registered_once_with_a_thumbnail(host: Any, sample_data: Any) -> None:
    sample_data.register()
    (source,) = host.slicer.modules.sampleDataSources["AutoLabel"]
    assert source.sampleName == "AutoLabel chest phantom"
    assert Path(source.thumbnailFileName).is_file()


def test_choosing_it_shows_the_chest_and_its_nodules(host: Any, sample_data: Any, scene: Any) -> None:
    choose(host, sample_data, small_chest)
    volume_node = scene.GetFirstNodeByName("Chest phantom")
    assert volume_node.GetImageData().GetDimensions() == (6, 5, 4)
    assert scene.GetFirstNodeByName("Chest phantom: nodules").GetNumberOfControlPoints() == 1
    for composite in host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        assert composite.GetBackgroundVolumeID() == volume_node.GetID()
    assert not host.messages


def test_a_failure_is_one_sentence_and_leaves_no_node(host: Any, sample_data: Any, scene: Any) -> None:
    before = scene.GetNumberOfNodes()
    choose(host, sample_data, no_chest)
    assert host.messages[-1].text == "No nodule found a place. Try another seed."
    assert scene.GetNumberOfNodes() == before


def test_slicer_starts_even_if_an_announcement_fails(
    host: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from AutoLabelLib.gui import sample_data, startup

    def register() -> None:
        raise RuntimeError("no such module")

    monkeypatch.setattr(sample_data, "register", register)
    with caplog.at_level(logging.WARNING):
        startup.announce()
    assert "AutoLabel: register did not work" in caplog.text
