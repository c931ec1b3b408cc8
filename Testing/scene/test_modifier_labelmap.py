"""A mask of a volume on the Segment Editor's grid: judged by where its voxels are in the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.grids import make_affine
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume

KINDS = ("none", "linear", "thin plate", "grid")


def segmentation_on(scene: Any, volume_node: Any, transform: Any = None) -> Any:
    """Return an empty segmentation that is drawn on a volume's grid."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    if transform is not None:
        node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def reference_of(volume_node: Any) -> Any:
    """Return an image without voxels on a volume's grid."""
    import slicer

    from AutoLabelLib.scene.transforms import vtk_matrix
    from AutoLabelLib.scene.volumes import grid_of
    from AutoLabelLib.scene.voxels import extent

    grid, image = grid_of(volume_node), slicer.vtkOrientedImageData()
    image.SetGeometryFromImageToWorldMatrix(vtk_matrix(grid.local_affine))
    image.SetExtent(extent((0, 0, 0), grid.spatial_shape))
    return image


def brought(mask: NDArray[Any], start: Any, volume_node: Any, segmentation_node: Any, reference: Any) -> Any:
    from AutoLabelLib.scene.modifier_labelmap import modifier_labelmap
    from AutoLabelLib.scene.volumes import grid_of

    affine = grid_of(volume_node).local_affine
    return modifier_labelmap(mask, start, affine, volume_node, segmentation_node, reference)


def whole(image: Any, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.bool_]:
    """Return what an image has on all of its grid."""
    from AutoLabelLib.scene.voxels import affine_of, read_box

    return read_box(image, affine_of(image), (0, 0, 0), shape) != 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grid", GRIDS)
def test_on_the_volumes_own_grid_voxels_are_copied(scene: Any, grid: str, kind: str) -> None:
    volume_node, transform = add_volume(GRIDS[grid]), add_transform(scene, kind)
    volume_node.SetAndObserveTransformNodeID(transform.GetID() if transform else None)
    node = segmentation_on(scene, volume_node, transform)
    mask = np.zeros(SHAPE, bool)
    mask[2:6, 1:4, 3] = mask[2, 5, 4] = True

    image = brought(mask[1:, :, 2:], (1, 0, 2), volume_node, node, reference_of(volume_node))

    np.testing.assert_array_equal(whole(image), mask)


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("grid", GRIDS)
def test_under_different_transforms_the_mask_stays_where_it_is_seen(scene: Any, grid: str, kind: str) -> None:
    from AutoLabelLib.core.affine import index_from_ras, ras_from_index
    from AutoLabelLib.scene.transforms import local_from_world, world_from_local

    shape, affine = (40, 36, 30), GRIDS[grid]
    volume_node, transform = add_volume(affine, shape), add_transform(scene, kind)
    volume_node.SetAndObserveTransformNodeID(transform.GetID())
    mask = np.zeros(shape, bool)
    mask[8:30, 8:28, 6:24] = mask[30:38, 8:14, 6:24] = True
    # The editor's grid: 1.5 mm, tilted, around where the mask is seen, under no transform.
    middle = world_from_local(volume_node, ras_from_index(affine, np.argwhere(mask).mean(axis=0)))
    canvas = make_affine("LPS", (1.5, 1.5, 1.5), (10.0, 20.0, -5.0))
    canvas[:3, 3] = middle - canvas[:3, :3] @ np.full(3, 35.0)
    canvas_node = add_volume(canvas, (70, 70, 70), "what the segmentation is drawn on")
    node = segmentation_on(scene, canvas_node)

    image = brought(mask[4:], (4, 0, 0), volume_node, node, reference_of(canvas_node))

    centres = ras_from_index(canvas, np.indices((70, 70, 70)).reshape(3, -1).T)
    index = np.rint(index_from_ras(affine, local_from_world(volume_node, centres))).astype(int)
    inside = ((index >= 0) & (index < shape)).all(axis=1)
    expected = inside & mask[tuple(np.clip(index, 0, np.array(shape) - 1).T)]
    found = whole(image, (70, 70, 70)).ravel()
    dice = 2 * (found & expected).sum() / (found.sum() + expected.sum())
    assert dice > 0.96


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_finer_or_coarser_editor_grid_keeps_the_volume_and_the_place(scene: Any, factor: float) -> None:
    from AutoLabelLib.core.affine import ras_from_index, voxel_volume_ml

    shape = (24, 24, 24)
    volume_node = add_volume(GRIDS["oblique"], shape)
    other = GRIDS["oblique"] @ np.diag([factor, factor, factor, 1.0])
    other_shape = tuple(int(24 / factor) for _ in range(3))
    canvas_node = add_volume(other, other_shape, "canvas")
    mask = np.zeros(shape, bool)
    mask[6:18, 4:16, 8:20] = True

    image = brought(mask, (0, 0, 0), volume_node, segmentation_on(scene, canvas_node), reference_of(canvas_node))

    found = whole(image, other_shape)
    before, after = (mask.sum() * voxel_volume_ml(GRIDS["oblique"]), found.sum() * voxel_volume_ml(other))
    assert after == pytest.approx(before, rel=0.15)
    middles = [ras_from_index(a, np.argwhere(m).mean(axis=0)) for a, m in ((GRIDS["oblique"], mask), (other, found))]
    np.testing.assert_allclose(*middles, atol=1.5)


def test_only_what_lies_on_the_editors_grid_is_left(scene: Any) -> None:
    volume_node = add_volume(GRIDS["anisotropic"])
    canvas_node = add_volume(GRIDS["anisotropic"], (4, 7, 5), "smaller")
    node, reference = segmentation_on(scene, canvas_node), reference_of(canvas_node)

    image = brought(np.ones((4, 2, 2)), (2, 3, 1), volume_node, node, reference)

    assert whole(image, (4, 7, 5)).sum() == 2 * 2 * 2
    assert brought(np.ones((2, 2, 2)), (6, 3, 1), volume_node, node, reference) is None


def test_an_empty_mask_is_no_image(scene: Any) -> None:
    volume_node = add_volume(GRIDS["sheared"])
    node, reference = segmentation_on(scene, volume_node), reference_of(volume_node)

    assert brought(np.zeros((3, 3, 3)), (0, 0, 0), volume_node, node, reference) is None
