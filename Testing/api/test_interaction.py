"""The verb interact: sessions of prompts on images and nodes, and single answers for others to write."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import AutoLabelLib as al
from AutoLabelLib.api.interaction import Interaction
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.affine import cropped_affine, index_from_ras, ras_from_index
from AutoLabelLib.core.crop import found_box
from AutoLabelLib.core.errors import ContractError, GeometryError, InputError, JobCancelled
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS, add_transform, scene, slicer

__all__ = ["scene", "slicer"]

SHAPE = (9, 8, 7)


class Clicked:
    """A model whose answer anyone can check: the voxels that were clicked, and those of the starting mask."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def __call__(self, job: Job, context: TaskContext) -> Result:
        self.jobs.append(job)
        while job.options.get("overlap") == 0.5:  # endless
            context.progress(0.5, "turning")
            time.sleep(0.01)
        image = job.images[0]
        labels = np.zeros((1, *image.spatial_shape), np.uint8)
        for start in job.labelmaps:
            low = np.rint(index_from_ras(image.affine, start.affine[:3, 3])).astype(int)
            box = tuple(slice(a, a + n) for a, n in zip(low, start.spatial_shape, strict=True))
            labels[0][box] = start.array[0] > 0
        for point in job.prompts.points:
            i, j, k = np.rint(index_from_ras(image.affine, point.position_ras_mm)).astype(int)
            labels[0, i, j, k] = point.positive
        box = found_box(labels)
        labelmap = Labelmap(labels[(slice(None), *box.slices)], cropped_affine(image.affine, box.start_ijk), SEGMENTS)
        return Result(job.id, (labelmap,), values={"start_ijk": list(box.start_ijk)})


SEGMENTS = (Segment("Clicked", 1),)


@pytest.fixture(autouse=True)
def clicked() -> Iterator[Clicked]:
    model = Clicked()
    with Worker(InProcess(partial(serve, tasks={"segmentation": model}))) as worker:
        set_default_worker(worker)
        yield model
    set_default_worker(Worker())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    own: dict[str, Any] = {"name": "clicked", "task": "segmentation", "prompts": ["point"], "needs_prompt": True}
    own |= {"channels": [{"name": "image"}], "segments": [segment.to_json() for segment in SEGMENTS]}
    metadata = {"network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return tmp_path


def image(affine: NDArray[np.float64] | None = None) -> Image:
    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE)
    return Image(voxels, GRIDS["oblique"] if affine is None else affine)


def at(index: tuple[int, int, int], affine: NDArray[np.float64] | None = None) -> tuple[float, float, float]:
    r, a, s = ras_from_index(GRIDS["oblique"] if affine is None else affine, index)
    return (float(r), float(a), float(s))


def voxels(labelmap: Labelmap) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in index) for index in np.argwhere(labelmap.array[0])]


def test_an_image_gives_a_labelmap_on_its_own_grid(bundle: Path) -> None:
    session = al.interact(image(), model=bundle)
    session.add_point(at((1, 2, 3))).add_point(at((8, 0, 6)))
    labelmap = session.accept()
    assert labelmap.same_grid(image())
    assert voxels(labelmap) == [(1, 2, 3), (8, 0, 6)]
    assert [segment.name for segment in labelmap.segments] == ["Clicked"]


def test_prompts_are_undone_redone_removed_and_reset(bundle: Path) -> None:
    session = al.interact(image(), model=bundle).add_point(at((1, 2, 3))).add_point(at((4, 4, 4)))
    assert session.undo().can_redo
    assert session.prompts.points == (Point(at((1, 2, 3))),)
    session.redo().remove(Point(at((1, 2, 3))))
    assert voxels(session.accept()) == [(4, 4, 4)]
    assert not session.prompts
    with pytest.raises(InputError, match="nothing to accept"):
        session.accept()
    session.add_point(at((2, 2, 2))).reset()
    assert not session.prompts
    assert session.can_undo


def test_undo_and_redo_compute_nothing_again(bundle: Path, clicked: Clicked) -> None:
    session = al.interact(image(), model=bundle).add_point(at((1, 2, 3))).add_point(at((4, 4, 4)))
    session.undo().redo()
    assert len(clicked.jobs) == 2


def test_a_prompt_that_fails_changes_nothing(bundle: Path) -> None:
    session = al.interact(image(), model=bundle).add_point(at((1, 2, 3)))
    with pytest.raises(GeometryError, match="outside"):
        session.add_point((500.0, 0.0, 0.0))
    with pytest.raises(ContractError, match="does not understand a box"):
        session.add_box(at((1, 1, 1)), at((2, 2, 2)))
    assert session.prompts == Prompts((Point(at((1, 2, 3))),))
    assert voxels(session.accept()) == [(1, 2, 3)]


def test_a_session_says_what_it_found(bundle: Path) -> None:
    session = al.interact(image(), model=bundle)
    assert "nothing yet" in repr(session)
    assert "1 prompt(s), 0.00158 ml" in repr(session.add_point(at((1, 2, 3))))


def test_a_mask_is_corrected(bundle: Path, clicked: Clicked) -> None:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 2:4, 5, 6] = 1
    start = Labelmap(array, image().affine, SEGMENTS)
    session = al.interact(image(), model=bundle, start=start)
    session.add_point(at((2, 5, 6)), positive=False).add_point(at((0, 0, 0)))
    assert voxels(session.accept()) == [(0, 0, 0), (3, 5, 6)]
    assert clicked.jobs[0].labelmaps[0].spatial_shape == (2, 1, 1)  # what is empty is not sent


def test_a_mask_on_another_grid_is_refused(bundle: Path) -> None:
    start = Labelmap(np.ones((1, 2, 2, 2), np.uint8), np.eye(4), SEGMENTS)
    with pytest.raises(InputError, match="not on the image's grid"):
        al.interact(image(), model=bundle, start=start)


def test_a_model_without_prompts_or_with_several_structures_is_refused(bundle: Path) -> None:
    path = bundle / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    metadata["autolabel"]["segments"].append(Segment("Other", 2).to_json())
    path.write_text(json.dumps(metadata), encoding="utf-8")
    with pytest.raises(ContractError, match=r"several structures.*Clicked, Other"):
        al.interact(image(), model=bundle)
    al.interact(image(), model=bundle, structure="Clicked")
    metadata["autolabel"]["prompts"] = []
    path.write_text(json.dumps(metadata), encoding="utf-8")
    with pytest.raises(ContractError, match="understands no prompts"):
        al.interact(image(), model=bundle)


def test_a_newer_question_cancels_the_older_one(bundle: Path) -> None:
    endless = al.interact(image(), model=bundle, overlap=0.5)
    older = endless.submit(Prompts((Point(at((1, 2, 3))),)))
    newer = endless.submit(Prompts((Point(at((1, 2, 3))),)))
    with pytest.raises(JobCancelled):
        older.wait(30)
    newer.cancel()
    with pytest.raises(JobCancelled):
        newer.wait(30)


@pytest.mark.parametrize("kind", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", GRIDS)
def test_the_segment_of_a_node_is_where_the_views_were_clicked(
    grid: str, kind: str, bundle: Path, scene: Any, clicked: Clicked
) -> None:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
    from AutoLabelLib.scene.transforms import world_from_local
    from AutoLabelLib.scene.volumes import volume_from_image

    volume_node = volume_from_image(image(GRIDS[grid]), "Volume", scene)
    transform_node = add_transform(scene, kind)
    if transform_node:
        volume_node.SetAndObserveTransformNodeID(transform_node.GetID())
    session = al.interact(volume_node, model=bundle)
    for index in ((1, 2, 3), (8, 0, 6)):
        session.add_point(tuple(world_from_local(volume_node, at(index, GRIDS[grid]))))
    found = labelmap_from_segmentation(session.accept(), volume_node)
    assert voxels(found) == [(1, 2, 3), (8, 0, 6)]
    assert len({job.images[0].fingerprint for job in clicked.jobs}) == 1


def nodes(scene: Any) -> tuple[Any, Any, str]:
    """Return a volume, a segmentation with an L-shaped segment and another one, and the id of the first."""
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import volume_from_image

    volume_node = volume_from_image(image(), "Volume", scene)
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 1:6, 1, 1], array[0, 1, 1:4, 1], array[0, 7, 7, 5] = 1, 1, 2
    labelmap = Labelmap(array, image().affine, (Segment("L", 1), Segment("Neighbour", 2)))
    node = show_labelmap(labelmap, volume_node)
    return volume_node, node, node.GetSegmentation().GetSegmentIdBySegmentName("L")


def held(node: Any, volume_node: Any, name: str = "L") -> list[tuple[int, ...]]:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

    labelmap = labelmap_from_segmentation(node, volume_node)
    return [tuple(int(n) for n in index) for index in np.argwhere(labelmap.mask(labelmap.segment(name)))]


def test_what_the_segment_held_before_stays_and_comes_back(bundle: Path, scene: Any) -> None:
    volume_node, node, segment_id = nodes(scene)
    before = held(node, volume_node)
    session = al.interact(volume_node, model=bundle, segmentation=node, segment_id=segment_id)
    session.add_point(at((1, 1, 1))).add_point(at((6, 6, 6)))
    assert held(node, volume_node) == sorted([*before, (6, 6, 6)])
    session.undo()
    assert held(node, volume_node) == before
    session.redo().reset()
    assert held(node, volume_node) == before
    session.undo().accept()
    session.add_point(at((0, 0, 0))).undo()
    assert held(node, volume_node) == sorted([*before, (6, 6, 6)])
    assert held(node, volume_node, "Neighbour") == [(7, 7, 5)]


def test_what_the_segment_holds_can_be_corrected(bundle: Path, scene: Any) -> None:
    volume_node, node, segment_id = nodes(scene)
    before = held(node, volume_node)
    session = al.interact(volume_node, model=bundle, segmentation=node, segment_id=segment_id, start=True)
    session.add_point(at((5, 1, 1)), positive=False)
    assert held(node, volume_node) == [index for index in before if index != (5, 1, 1)]
    session.undo()
    assert held(node, volume_node) == before
    session.redo().accept()
    assert held(node, volume_node) == [index for index in before if index != (5, 1, 1)]


def test_a_new_segment_is_made_with_the_first_prompt_only(bundle: Path, scene: Any) -> None:
    volume_node, node, _ = nodes(scene)
    session = al.interact(volume_node, model=bundle, segmentation=node)
    assert node.GetSegmentation().GetNumberOfSegments() == 2
    assert session.segment_id is None
    session.add_point(at((0, 1, 0)))
    assert node.GetSegmentation().GetSegment(session.segment_id).GetName() == "Clicked"
    assert held(node, volume_node, "Clicked") == [(0, 1, 0)]


def test_the_image_is_taken_again_only_when_it_changed(bundle: Path, scene: Any, clicked: Clicked, slicer: Any) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    volume_node = volume_from_image(image(), "Volume", scene)
    session = al.interact(volume_node, model=bundle).add_point(at((1, 2, 3))).add_point(at((2, 2, 2)))
    assert clicked.jobs[0].images[0] is clicked.jobs[1].images[0]
    slicer.util.arrayFromVolume(volume_node)[:] += 1
    slicer.util.arrayFromVolumeModified(volume_node)
    session.add_point(at((3, 3, 3)))
    np.testing.assert_array_equal(clicked.jobs[-1].images[0].array, image().array + 1)
    session.undo()
    assert len(clicked.jobs) == 4  # an answer for other voxels does not count


def test_a_submitted_question_writes_nothing(bundle: Path, scene: Any) -> None:
    volume_node, node, segment_id = nodes(scene)
    before, count = held(node, volume_node), scene.GetNumberOfNodes()
    session = al.interact(volume_node, model=bundle, segmentation=node, segment_id=segment_id)
    update = session.submit(Prompts((Point(at((6, 6, 6))),))).wait()
    assert (update.start_ijk, update.mask.shape, bool(update.mask.all())) == ((6, 6, 6), (1, 1, 1), True)
    assert update.grid.spatial_shape == SHAPE
    assert update.tags["AutoLabel.Model"] == "clicked"
    assert held(node, volume_node) == before
    assert scene.GetNumberOfNodes() == count


def test_nodes_that_are_gone_are_one_sentence(bundle: Path, scene: Any) -> None:
    volume_node, node, segment_id = nodes(scene)
    session = al.interact(volume_node, model=bundle, segmentation=node, segment_id=segment_id)
    session.add_point(at((0, 0, 0)))
    scene.RemoveNode(node)
    with pytest.raises(InputError, match="no longer in the scene"):
        session.add_point(at((1, 0, 0)))
    scene.RemoveNode(volume_node)
    with pytest.raises(InputError, match="no longer in the scene"):
        session.add_point(at((1, 0, 0)))
    assert isinstance(session, Interaction)
    assert len(session.prompts.points) == 1
