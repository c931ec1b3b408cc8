"""The verb measure, from nodes, labelmaps and files."""

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
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS, add_transform

SHAPE = (16, 14, 12)


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def image(affine: Any = GRIDS["oblique"]) -> Image:
    return Image(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE), affine, "CT", unit="HU")


def labelmap(affine: Any = GRIDS["oblique"]) -> Labelmap:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 3:10, 4:6, 5:7] = 1
    array[0, 12:14, 9, 9] = 2
    return Labelmap(array, affine, (Segment("Large", 1), Segment("Small", 2), Segment("Empty", 3)))


def middle_of_large(affine: Any) -> Any:
    return ras_from_index(affine, (6, 4.5, 5.5))


def test_images_and_files_give_findings(tmp_path: Path) -> None:
    large, small = al.measure(image(), labelmap())
    assert (large.segment, small.segment) == ("Large", "Small")
    np.testing.assert_allclose(large.center_ras_mm, middle_of_large(GRIDS["oblique"]), atol=1e-6)
    write_image(tmp_path / "ct.nrrd", image())
    write_labelmap(tmp_path / "segments.seg.nrrd", labelmap())
    (found,) = al.measure(tmp_path / "ct.nrrd", tmp_path / "segments.seg.nrrd", "Large", modality="CT")
    assert found.measurements == pytest.approx(large.measurements)


def test_a_segment_that_is_not_there() -> None:
    with pytest.raises(InputError, match='no segment "Liver"'):
        al.measure(image(), labelmap(), ["Large", "Liver"])
    with pytest.raises(InputError, match='"Empty" is empty'):
        al.measure(image(), labelmap(), "Empty")


@pytest.mark.parametrize("kind", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", ["oblique", "left-handed", "sheared"])
def test_nodes_give_findings_where_the_views_show_them(scene: Any, kind: str, grid: str) -> None:
    from AutoLabelLib.scene.findings import find_table, read_findings
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.transforms import world_from_local
    from AutoLabelLib.scene.volumes import image_from_volume, volume_from_image

    volume_node = volume_from_image(image(GRIDS[grid]), "CT", scene)
    if kind != "none":
        volume_node.SetAndObserveTransformNodeID(add_transform(scene, kind).GetID())
    segmentation_node = show_labelmap(labelmap(image_from_volume(volume_node).affine), volume_node)

    found = al.measure(volume_node, segmentation_node, "Large", show_axes=True)

    assert read_findings(find_table(scene)) == found
    shown = world_from_local(volume_node, middle_of_large(GRIDS[grid]))
    np.testing.assert_allclose(found[0].center_ras_mm, shown, atol=0.9 if kind == "linear" else 1e-3)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2
    again = al.measure(volume_node, segmentation_node, show_axes=True)
    assert [finding.segment for finding in read_findings(find_table(scene))] == ["Large", "Small"]
    assert again[0].id == found[0].id
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 4


def test_a_labelmap_for_a_node_stays_out_of_the_table(scene: Any) -> None:
    from AutoLabelLib.scene.findings import find_table
    from AutoLabelLib.scene.volumes import volume_from_image

    volume_node = volume_from_image(image(), "CT", scene)
    assert len(al.measure(volume_node, labelmap())) == 2
    assert find_table(scene) is None


def test_a_volume_that_is_deleted_meanwhile(scene: Any) -> None:
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import volume_from_image

    volume_node = volume_from_image(image(), "CT", scene)
    pending = al.measure(volume_node, show_labelmap(labelmap(), volume_node), wait=False)
    scene.RemoveNode(volume_node)
    with pytest.raises(InputError, match='"CT" is no longer'):
        pending.wait()
