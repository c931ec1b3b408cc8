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
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import (
    ContractError,
    GeometryError,
    InputError,
    JobCancelled,
    ModelError,
    UnsupportedVolumeError,
)
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS, add_transform, add_volume

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


def test_only_a_box_of_an_image_is_segmented(bundle: Path) -> None:
    given = image()
    low, high = (ras_from_index(AFFINE, index) for index in ((1, 2, 0), (3, 4, 5)))
    pending = al.segment(given, model=bundle, roi=Box(tuple(low), tuple(high)), wait=False)
    labelmap = pending.wait(30)
    expected = np.zeros_like(given.array, dtype=bool)
    expected[:, 1:4, 2:5, 0:6] = given.array[:, 1:4, 2:5, 0:6] > 50
    assert labelmap.same_grid(given)
    np.testing.assert_array_equal(labelmap.array > 0, expected)
    assert pending.handle.job.images[0].spatial_shape == (3, 3, 6)


def test_a_region_of_a_path_must_be_a_box(bundle: Path) -> None:
    with pytest.raises(InputError, match="Expected a Box"):
        al.segment(image(), model=bundle, roi=((0, 0, 0), (1, 1, 1)))


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", GRIDS)
def test_a_roi_node_limits_a_segmentation_to_its_voxels(scene: Any, bundle: Path, grid: str, transform: str) -> None:
    from AutoLabelLib.scene.regions import box_of_roi
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
    from AutoLabelLib.scene.volumes import image_from_volume

    volume_node = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    volume_node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    roi_node = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "ROI")
    bounds = [0.0] * 6
    volume_node.GetRASBounds(bounds)
    roi_node.SetCenter(*((np.array(bounds[0::2]) + bounds[1::2]) / 2))
    roi_node.SetSize(4.0, 3.0, 4.5)

    segmentation_node = al.segment(volume_node, model=bundle, roi=roi_node, modality="MR")

    seen = image_from_volume(volume_node)
    inside = np.zeros(seen.spatial_shape, dtype=bool)
    box = box_of_roi(roi_node, volume_node)
    inside[box.slices] = True
    labelmap = labelmap_from_segmentation(segmentation_node, volume_node)
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(labelmap.array[0] > 0, (seen.array[0] > 50) & inside)
    segment = segmentation_node.GetSegmentation().GetNthSegment(0)
    assert json.loads(_tag(segment, "AutoLabel.Region")) == {
        "start_ijk": list(box.start_ijk),
        "shape_ijk": list(box.shape_ijk),
    }


def _tag(segment: Any, key: str) -> str:
    import vtk

    text = vtk.reference("")
    segment.GetTag(key, text)
    return str(text)


def test_a_volume_for_which_there_is_no_memory_is_refused_but_a_part_is_not(
    scene: Any, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from AutoLabelLib.client import memory
    from AutoLabelLib.scene.regions import add_roi

    volume_node = add_volume(GRIDS["axis-aligned"])
    roi_node = add_roi(volume_node)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(UnsupportedVolumeError, match="too large"):
        al.segment(volume_node, model=bundle, roi=roi_node, modality="MR")
    roi_node.SetSize(3.0, 3.0, 3.0)
    al.segment(volume_node, model=bundle, roi=roi_node, modality="MR")


def test_a_time_point_of_a_file(bundle: Path, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    voxels = np.zeros((4, 5, 6, 3), np.int16)
    voxels[..., 2] = image().array[0]
    nibabel.save(nibabel.Nifti1Image(voxels, AFFINE), tmp_path / "series.nii.gz")
    labelmap = al.segment(tmp_path / "series.nii.gz", model=bundle, modality="MR", time_point=2)
    np.testing.assert_array_equal(labelmap.array[0] > 0, voxels[..., 2] > 50)
