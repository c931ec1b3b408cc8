"""The verb classify: checks first, then one job, then what the input was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS, add_transform
from Testing.tiny_bundles import TinyBundle, write_bundle
from Testing.tiny_classifiers import TinyClassifier, side_weights, write_classifier

SHAPE = (26, 24, 22)
SIDES = ("left", "right", "posterior", "anterior", "inferior", "superior")


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plain = TinyClassifier(classes=SIDES, spacing_mm=(0.9, 0.9, 0.9))
    segmenter = write_bundle(tmp_path / "one", TinyBundle(classes=2, prompts=("point",), modality="CT"))
    tiny = TinyClassifier(
        classes=SIDES,
        spacing_mm=(0.9, 0.9, 0.9),
        state=side_weights(plain, 8.0),
        more={"segmenter": str(segmenter), "spacing_mm": [0.9, 0.9, 0.9]},
    )
    return write_classifier(tmp_path / "sides", tiny)


def phantom(affine: Any, side: str = "anterior") -> tuple[Image, Labelmap]:
    """Return a CT with something bright on one side of a ball of 3 mm, and that ball as a segment."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    positions = ras_from_index(affine, index)
    center = ras_from_index(affine, (np.array(SHAPE) - 1) / 2)
    offset = np.zeros(3)
    offset[SIDES.index(side) // 2] = 3.6 * (1 if SIDES.index(side) % 2 else -1)
    bright = np.linalg.norm(positions - center - offset, axis=-1) < 3.0
    ball = np.linalg.norm(positions - center, axis=-1) < 3.0
    image = Image(bright.astype(np.float32)[None], affine, "CT", unit="HU")
    return image, Labelmap(ball.astype(np.uint8)[None], affine, (Segment("Ball", 1), Segment("Nothing", 2)))


@pytest.mark.parametrize("grid", list(GRIDS))
@pytest.mark.parametrize("side", ["left", "superior"])
def test_an_image_gives_findings(folder: Path, grid: str, side: str) -> None:
    affine = GRIDS[grid]
    affine = affine if grid == "axis-aligned" else affine @ np.diag([0.8, 0.8, 0.4, 1.0])
    image, labelmap = phantom(affine, side)
    classified = al.classify(image, folder, segmentation=labelmap)
    (found,) = classified.findings
    assert (found.label, found.segment) == (side, "Ball")
    assert classified.probabilities[side] == found.score
    assert any("Nothing" in warning for warning in classified.warnings)
    assert found.center_ras_mm == pytest.approx(tuple(ras_from_index(affine, (np.array(SHAPE) - 1) / 2)), abs=0.6)


def test_files_do_as_well(folder: Path, tmp_path: Path) -> None:
    image, labelmap = phantom(GRIDS["axis-aligned"])
    write_image(tmp_path / "ct.nrrd", image)
    write_labelmap(tmp_path / "ball.seg.nrrd", labelmap)
    segmentation = tmp_path / "ball.seg.nrrd"
    classified = al.classify(tmp_path / "ct.nrrd", folder, segmentation=segmentation, segment="Ball", modality="CT")
    assert [found.label for found in classified.findings] == ["anterior"]
    with pytest.raises(InputError, match='"Nothing" is empty'):
        al.classify(image, folder, segmentation=labelmap, segment="Nothing")


def test_a_click_gives_the_labelmap_that_was_judged(folder: Path) -> None:
    image, _ = phantom(GRIDS["axis-aligned"])
    where = ras_from_index(image.affine, np.argwhere(image.array[0] > 0).mean(axis=0))
    pending = al.classify(image, folder, prompts=[tuple(where)], wait=False)
    classified = pending.wait(60)
    assert np.array_equal(classified.labelmap.array[0], image.array[0])
    assert classified.findings[0].segment == classified.labelmap.segments[0].name


def test_a_region_says_where_to_look(folder: Path) -> None:
    image, _ = phantom(GRIDS["axis-aligned"])
    middle = ras_from_index(image.affine, np.argwhere(image.array[0] > 0).mean(axis=0))
    box = Box(tuple(middle - 3), tuple(middle + 3))
    assert al.classify(image, folder, roi=box).findings[0].center_ras_mm == pytest.approx(tuple(middle), abs=0.6)
    with pytest.raises(InputError, match="Expected a Box"):
        al.classify(image, folder, roi=(1, 2, 3))


def test_what_does_not_go_together_is_refused(folder: Path, tmp_path: Path) -> None:
    image, labelmap = phantom(GRIDS["axis-aligned"])
    with pytest.raises(ContractError, match="not for classification"):
        al.classify(image, tmp_path / "one", segmentation=labelmap)
    with pytest.raises(InputError, match="either a segmentation or prompts"):
        al.classify(image, folder, segmentation=labelmap, prompts=[(0.0, 0.0, 0.0)])
    plain = write_classifier(tmp_path / "plain")
    with pytest.raises(ContractError, match="names no model that could segment"):
        al.classify(image, plain, prompts=[(0.0, 0.0, 0.0)])


@pytest.mark.parametrize("kind", ["none", "linear", "thin plate"])
def test_a_node_gets_findings_and_tags(folder: Path, scene: Any, kind: str) -> None:
    from AutoLabelLib.scene.class_tags import CLASS, MODEL
    from AutoLabelLib.scene.findings import read_findings
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.segments import tag_of
    from AutoLabelLib.scene.transforms import world_from_local
    from AutoLabelLib.scene.volumes import volume_from_image

    image, labelmap = phantom(GRIDS["axis-aligned"])
    volume = volume_from_image(image, "CT")
    transform = add_transform(scene, kind)
    segmentation = show_labelmap(labelmap, volume)
    if transform is not None:
        for node in (volume, segmentation):
            node.SetAndObserveTransformNodeID(transform.GetID())
    classified = al.classify(volume, folder, segmentation=segmentation, segment="Ball", modality="CT")
    (found,) = classified.findings
    if kind != "linear":  # that one turns the object in the patient
        assert found.label == "anterior"
    middle = ras_from_index(image.affine, (np.array(SHAPE) - 1) / 2)
    assert found.center_ras_mm == pytest.approx(tuple(world_from_local(volume, middle)), abs=1.0)
    assert read_findings(classified.table_node) == (found,)
    vtk_segment = segmentation.GetSegmentation().GetSegment(segmentation.GetSegmentation().GetSegmentIDs()[0])
    assert (tag_of(vtk_segment, CLASS), tag_of(vtk_segment, MODEL)) == (found.label, "tiny 1.2.3")
    again = al.classify(volume, folder, segmentation=segmentation, segment="Ball", modality="CT")
    assert [one.id for one in read_findings(again.table_node)] == [found.id]  # the same row, not a second one


def test_a_click_in_the_scene_makes_a_segment_and_judges_it(folder: Path, scene: Any) -> None:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
    from AutoLabelLib.scene.volumes import volume_from_image

    image, _ = phantom(GRIDS["axis-aligned"])
    volume = volume_from_image(image, "CT")
    where = tuple(ras_from_index(image.affine, np.argwhere(image.array[0] > 0).mean(axis=0)))
    first = al.classify(volume, folder, prompts=[where], modality="CT")
    second = al.classify(volume, folder, prompts=[where], segmentation=first.segmentation_node, modality="CT")
    assert second.segmentation_node is first.segmentation_node
    labelmap = labelmap_from_segmentation(second.segmentation_node, volume)
    assert [segment.name for segment in labelmap.segments] == ["class 1", "class 1 2"]
    assert [one.findings[0].segment for one in (first, second)] == ["class 1", "class 1 2"]
    assert np.array_equal(labelmap.mask(labelmap.segments[0]), image.array[0] > 0)


def test_a_roi_node_says_where_to_look(folder: Path, scene: Any) -> None:
    from AutoLabelLib.scene.regions import add_roi
    from AutoLabelLib.scene.volumes import volume_from_image

    image, _ = phantom(GRIDS["axis-aligned"])
    volume = volume_from_image(image, "CT")
    middle = ras_from_index(image.affine, np.argwhere(image.array[0] > 0).mean(axis=0))
    roi = add_roi(volume)
    roi.SetXYZ(middle)
    roi.SetRadiusXYZ(3.0, 3.0, 3.0)
    classified = al.classify(volume, folder, roi=roi, modality="CT")
    assert classified.findings[0].center_ras_mm == pytest.approx(tuple(middle), abs=0.6)
