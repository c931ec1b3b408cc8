"""ROI nodes on volumes: turned, oblique, left-handed, sheared, and under transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.affine import as_affine, index_from_ras, ras_from_index
from AutoLabelLib.core.crop import IndexBox
from AutoLabelLib.core.errors import GeometryError, InputError
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume

UNSHEARED = [grid for grid in GRIDS if grid != "sheared"]
BOX = IndexBox((2, 1, 1), (4, 3, 2))


def roi_around(scene: Any, affine: np.ndarray, box: IndexBox, shrink: float = 0.05) -> Any:
    """Return a ROI whose sides run along the voxels of a grid, and which covers just a box of them."""
    from AutoLabelLib.scene.transforms import vtk_matrix

    spacing_mm = np.linalg.norm(affine[:3, :3], axis=0)
    middle = np.array(box.start_ijk) + (np.array(box.shape_ijk) - 1) / 2
    to_node = np.eye(4)
    to_node[:3, :3] = affine[:3, :3] / spacing_mm
    if np.linalg.det(to_node) < 0:
        to_node[:3, 0] *= -1.0  # a ROI's own axes are right-handed
    to_node[:3, 3] = ras_from_index(affine, middle)
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "ROI")
    node.SetSize(*((np.array(box.shape_ijk) - shrink) * spacing_mm))
    node.SetAndObserveObjectToNodeMatrix(vtk_matrix(to_node))
    return node


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate", "grid"])
@pytest.mark.parametrize("grid", UNSHEARED)
def test_a_roi_that_moves_with_the_volume_covers_the_same_voxels(scene: Any, grid: str, transform: str) -> None:
    from AutoLabelLib.scene.regions import box_of_roi

    volume = add_volume(GRIDS[grid])
    roi = roi_around(scene, GRIDS[grid], BOX, shrink=0.2)
    parent = add_transform(scene, transform)
    for node in (volume, roi):
        node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    assert box_of_roi(roi, volume) == BOX


@pytest.mark.parametrize("grid", UNSHEARED)
def test_a_roi_in_the_world_on_a_moved_volume(scene: Any, grid: str) -> None:
    from AutoLabelLib.scene.regions import box_of_roi
    from AutoLabelLib.scene.volumes import grid_of

    volume = add_volume(GRIDS[grid])
    volume.SetAndObserveTransformNodeID(add_transform(scene, "linear").GetID())
    assert box_of_roi(roi_around(scene, grid_of(volume).affine, BOX), volume) == BOX


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", GRIDS)
def test_no_voxel_that_a_turned_roi_covers_is_missing(scene: Any, grid: str, transform: str) -> None:
    """Every voxel whose centre lies in the ROI, as the views show the two, is in the box."""
    from AutoLabelLib.scene.regions import box_of_roi
    from AutoLabelLib.scene.transforms import world_from_local

    volume = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    volume.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    index = np.stack(np.meshgrid(*map(range, SHAPE), indexing="ij"), axis=-1).reshape(-1, 3)
    world = world_from_local(volume, ras_from_index(GRIDS[grid], index))
    turned = as_affine(GRIDS["oblique"] @ np.diag([3.0, 2.0, 0.5, 1.0]))
    turned_at_middle = np.array(turned)
    turned_at_middle[:3, 3] = world.mean(axis=0)
    roi = roi_around(scene, turned_at_middle, IndexBox((-1, -1, -1), (2, 2, 3)))

    box = box_of_roi(roi, volume)

    in_roi = index_from_ras(turned_at_middle, world)
    inside = index[((in_roi > (-1.475, -1.475, -1.475)) & (in_roi < (0.475, 0.475, 1.475))).all(axis=1)]
    assert len(inside) > 3
    low, high = np.array(box.start_ijk), np.array(box.start_ijk) + box.shape_ijk
    assert ((inside >= low) & (inside < high)).all()
    assert (inside.min(axis=0) - low <= 2).all()
    assert (high - 1 - inside.max(axis=0) <= 2).all()


def test_a_roi_that_was_not_placed_says_so(scene: Any) -> None:
    from AutoLabelLib.scene.regions import box_of_roi

    roi = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "empty")
    with pytest.raises(InputError, match='"empty" has no size'):
        box_of_roi(roi, add_volume(GRIDS["oblique"]))


def test_a_roi_beside_the_volume_says_so(scene: Any) -> None:
    from AutoLabelLib.scene.regions import box_of_roi

    roi = roi_around(scene, GRIDS["oblique"], IndexBox((40, 0, 0), (3, 3, 3)))
    with pytest.raises(GeometryError, match="outside of the volume"):
        box_of_roi(roi, add_volume(GRIDS["oblique"]))


def test_what_is_no_roi_is_refused(scene: Any) -> None:
    from AutoLabelLib.scene.regions import box_of_roi

    volume = add_volume(GRIDS["oblique"])
    with pytest.raises(InputError, match="Expected a vtkMRMLMarkupsROINode"):
        box_of_roi(volume, volume)


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate"])
def test_a_new_roi_covers_the_volume_where_it_is_shown(scene: Any, transform: str) -> None:
    from AutoLabelLib.scene.regions import add_roi, box_of_roi

    volume = add_volume(GRIDS["oblique"])
    parent = add_transform(scene, transform)
    volume.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    assert box_of_roi(add_roi(volume), volume) == IndexBox((0, 0, 0), SHAPE)
