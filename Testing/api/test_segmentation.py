"""The verb segment: checks first, then one job, then what the input was."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import ContractError, GeometryError, JobCancelled, ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve

AFFINE = np.array([[0.0, 0.0, 2.0, 5.0], [-1.0, 0.0, 0.0, 6.0], [0.0, 3.0, 0.0, 7.0], [0.0, 0.0, 0.0, 1.0]])


def bright_half(job: Job, context: TaskContext) -> Result:
    """A segmentation that anyone can check: what is brighter than 50."""
    if job.options.get("endless"):
        while True:
            context.progress(0.5, "turning")
    context.progress(1.0, "thresholding")
    context.warn("Brightness is not anatomy.")
    labels = (job.images[0].array > 50).astype(np.uint8)
    return Result(job.id, (Labelmap(labels, job.images[0].affine, (Segment("Bright", 1),)),))


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve, tasks={"segmentation": bright_half}))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    own: dict[str, Any] = {"name": "bright", "task": "segmentation", "prompts": ["point"]}
    own["channels"] = [{"name": "MR", "modality": "MR"}]
    metadata = {"network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return tmp_path


def image(modality: str = "MR") -> Image:
    return Image(np.arange(120, dtype=np.int16).reshape(1, 4, 5, 6), AFFINE, modality)


def test_an_image_gives_a_labelmap_on_its_own_grid(bundle: Path) -> None:
    given = image()
    labelmap = al.segment(given, model=bundle)
    assert labelmap.same_grid(given)
    np.testing.assert_array_equal(labelmap.array, given.array > 50)


def test_progress_arrives_in_the_callers_thread(bundle: Path) -> None:
    seen: list[tuple[Progress, int]] = []
    al.segment(image(), model=bundle, on_progress=lambda p: seen.append((p, threading.get_ident())))
    assert seen[-1][0].fraction == 1.0
    assert {thread for _, thread in seen} == {threading.get_ident()}


def test_a_pending_job_gives_its_output_once_and_its_warnings(bundle: Path) -> None:
    pending = al.segment(image(), model=bundle, wait=False)
    assert pending.wait(30) is pending.wait(30)
    assert pending.state == "done"
    assert "Brightness is not anatomy." in pending.warnings


def test_a_pending_job_can_be_cancelled(bundle: Path) -> None:
    pending = al.segment(image(), model=bundle, wait=False, endless=True)
    pending.cancel()
    with pytest.raises(JobCancelled):
        pending.wait(30)


def test_a_wrong_modality_is_refused_before_anything_is_sent(bundle: Path) -> None:
    with pytest.raises(ContractError, match="made for MR, but the volume is CT"):
        al.segment(image("CT"), model=bundle)


def test_a_click_outside_is_refused(bundle: Path) -> None:
    with pytest.raises(GeometryError, match="outside"):
        al.segment(image(), model=bundle, prompts=[(500.0, 0.0, 0.0)])


def test_an_unknown_model_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(ModelError, match="no model"):
        al.segment(image(), model="absent")


@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_a_node_gives_a_segmentation_node_where_its_voxels_are(bundle: Path, degrees: float) -> None:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries")
    import vtk

    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
    from AutoLabelLib.scene.volumes import image_from_volume, volume_from_image

    scene = headless_scene(fresh=True)
    volume_node = volume_from_image(image(), "Volume", scene)
    if degrees:
        turn = vtk.vtkTransform()
        turn.RotateZ(degrees)
        transform_node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform_node.SetAndObserveMatrixTransformToParent(turn.GetMatrix())
        volume_node.SetAndObserveTransformNodeID(transform_node.GetID())

    segmentation_node = al.segment(volume_node, model=bundle, modality="MR")

    assert isinstance(segmentation_node, slicer.vtkMRMLSegmentationNode)
    seen = image_from_volume(volume_node)
    labelmap = labelmap_from_segmentation(segmentation_node, volume_node)
    assert labelmap.same_grid(seen)
    np.testing.assert_array_equal(labelmap.array[0] > 0, seen.array[0] > 50)
