"""Volumes of segments and a voxel to go to, on every kind of grid and under transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.labelmap import Labelmap, Segment
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume, lopsided_labelmap


def ids_by_name(node: Any) -> dict[str, str]:
    segmentation = node.GetSegmentation()
    return {segmentation.GetSegment(i).GetName(): i for i in segmentation.GetSegmentIDs()}


def shown(scene: Any, grid: str, transform: str = "none") -> tuple[Any, Any, Labelmap]:
    """Return a segmentation, its volume and what it shows; the labelmap is on the volume's local grid."""
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import image_from_volume

    volume = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    volume.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    labelmap = lopsided_labelmap(image_from_volume(volume).affine)
    return show_labelmap(labelmap, volume), volume, labelmap


@pytest.mark.parametrize("grid", GRIDS)
def test_volumes_are_those_of_the_voxels(scene: Any, grid: str) -> None:
    from AutoLabelLib.scene.segment_measures import volumes_ml

    node, _, labelmap = shown(scene, grid)
    found = volumes_ml(node)
    for name, segment_id in ids_by_name(node).items():
        assert found[segment_id] == pytest.approx(labelmap.volume_ml(labelmap.segment(name)))


def test_a_transform_that_scales_makes_segments_larger(scene: Any) -> None:
    from AutoLabelLib.scene.segment_measures import volumes_ml
    from AutoLabelLib.scene.transforms import vtk_matrix

    node, _, labelmap = shown(scene, "oblique")
    scaling = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    scaling.SetMatrixTransformToParent(vtk_matrix(np.diag([2.0, 1.0, 1.0, 1.0])))
    node.SetAndObserveTransformNodeID(scaling.GetID())
    segment_id = ids_by_name(node)["L"]
    assert volumes_ml(node)[segment_id] == pytest.approx(2 * labelmap.volume_ml(labelmap.segment("L")))


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", GRIDS)
def test_the_middle_of_a_segment_is_a_voxel_of_it_where_views_show_it(scene: Any, grid: str, transform: str) -> None:
    from AutoLabelLib.scene.segment_measures import center_ras_mm
    from AutoLabelLib.scene.transforms import local_from_world

    node, volume, labelmap = shown(scene, grid, transform)
    for name, segment_id in ids_by_name(node).items():
        center = center_ras_mm(node, segment_id)
        if name == "nothing":
            assert center is None
            continue
        index = np.round(index_from_ras(GRIDS[grid], local_from_world(volume, center))).astype(int)
        assert labelmap.mask(labelmap.segment(name))[tuple(index)], name


def test_the_middle_of_a_ring_is_on_the_ring(scene: Any) -> None:
    from AutoLabelLib.scene.segment_measures import center_ras_mm
    from AutoLabelLib.scene.segmentations import show_labelmap

    ring = np.zeros((1, *SHAPE), np.uint8)
    ring[0, 1:8, 1:6, 2] = 1
    ring[0, 2:7, 2:5, 2] = 0
    node = show_labelmap(Labelmap(ring, np.eye(4), (Segment("ring", 1),)))
    center = center_ras_mm(node, ids_by_name(node)["ring"])
    assert center is not None
    assert ring[0][tuple(int(value) for value in center)] == 1


def test_an_unknown_segment_has_no_middle(scene: Any) -> None:
    from AutoLabelLib.scene.segment_measures import center_ras_mm

    assert center_ras_mm(shown(scene, "oblique")[0], "absent") is None


def test_every_view_goes_to_a_segment(scene: Any) -> None:
    from AutoLabelLib.scene.segment_measures import center_ras_mm
    from AutoLabelLib.scene.views import jump_to_segment, slice_logic

    node, volume, _ = shown(scene, "oblique")
    slice_node = slice_logic(volume, "Red").GetSliceNode()
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    before = np.subtract(camera.GetPosition(), camera.GetFocalPoint())
    ids = ids_by_name(node)
    assert jump_to_segment(node, ids["corner"])
    center = center_ras_mm(node, ids["corner"])
    assert [slice_node.GetSliceToRAS().GetElement(row, 3) for row in range(3)] == pytest.approx(center)
    assert camera.GetFocalPoint() == pytest.approx(center)
    np.testing.assert_allclose(np.subtract(camera.GetPosition(), camera.GetFocalPoint()), before)
    assert not jump_to_segment(node, ids["nothing"])


def test_the_volume_in_view_is_the_active_one_else_the_first_that_is_no_labelmap(scene: Any) -> None:
    from AutoLabelLib.scene.views import volume_in_view

    assert volume_in_view() is None
    scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    assert volume_in_view() is None
    first, second = add_volume(GRIDS["oblique"], name="first"), add_volume(GRIDS["oblique"], name="second")
    assert volume_in_view() is first
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode") or scene.AddNewNodeByClass("vtkMRMLSelectionNode")
    selection.SetActiveVolumeID(second.GetID())
    assert volume_in_view() is second
