"""Volume nodes to images: axes, affines, copies, meaning, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import GeometryError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from Testing.grids import affines, lopsided, make_affine, shapes
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume

pytestmark = pytest.mark.usefixtures("scene")


def image_of(node: Any, **options: Any) -> Image:
    from AutoLabelLib.scene.volumes import image_from_volume

    return image_from_volume(node, **options)


def world_of(node: Any, index_ijk: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return where Slicer itself shows a voxel, by its own matrices and transforms."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    world = [0.0, 0.0, 0.0]
    node.TransformPointToWorld(matrix.MultiplyPoint([*index_ijk, 1.0])[:3], world)
    return np.array(world)


@pytest.mark.parametrize("transform", ["none", "linear"])
@pytest.mark.parametrize("grid", GRIDS)
def test_voxels_lie_where_the_views_show_them(scene: Any, grid: str, transform: str) -> None:
    node = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)

    image = image_of(node)

    for index in [(0, 0, 0), (8, 0, 0), (0, 6, 0), (0, 0, 4), (3, 2, 1)]:
        np.testing.assert_allclose(ras_from_index(image.affine, index), world_of(node, index), atol=1e-9)
        assert image.array[(0, *index)] == node.GetImageData().GetScalarComponentAsDouble(*index, 0)


def test_nested_linear_transforms_add_up(scene: Any) -> None:
    node, inner, outer = add_volume(GRIDS["oblique"]), add_transform(scene, "linear"), add_transform(scene, "linear")
    inner.SetAndObserveTransformNodeID(outer.GetID())
    node.SetAndObserveTransformNodeID(inner.GetID())

    np.testing.assert_allclose(ras_from_index(image_of(node).affine, (3, 2, 1)), world_of(node, (3, 2, 1)), atol=1e-9)


@pytest.mark.parametrize("kind", ["thin plate", "grid"])
def test_a_non_linear_transform_is_left_out_and_said(scene: Any, kind: str) -> None:
    from AutoLabelLib.scene.volumes import remarks

    node = add_volume(GRIDS["oblique"])
    assert remarks(node) == ()
    node.SetAndObserveTransformNodeID(add_transform(scene, kind).GetID())

    np.testing.assert_allclose(image_of(node).affine, GRIDS["oblique"], atol=1e-12)
    assert "non-linear" in remarks(node)[0]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(affine=affines(), shape=shapes())
def test_any_grid_comes_back(scene: Any, affine: NDArray[np.float64], shape: tuple[int, int, int]) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    image = Image(lopsided(shape)[np.newaxis], affine)

    back = image_of(volume_from_image(image, "any", scene))

    np.testing.assert_array_equal(back.array, image.array)
    np.testing.assert_allclose(back.affine, image.affine, atol=1e-9)
    scene.Clear(False)


def test_the_image_is_a_copy_because_slicers_arrays_are_live() -> None:
    from AutoLabelLib.scene.voxels import view_of

    node = add_volume(GRIDS["axis-aligned"])
    image = image_of(node)
    view_of(node.GetImageData())[...] = -1

    assert image.array.max() == np.prod(SHAPE) - 1
    assert not image.array.flags.writeable


def test_agrees_with_slicers_own_array_function(slicer: Any) -> None:
    node = add_volume(GRIDS["oblique"])

    np.testing.assert_array_equal(image_of(node).array[0], slicer.util.arrayFromVolume(node).T)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_types_of_voxels_stay(dtype: Any) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    image = Image(lopsided((3, 2, 2))[np.newaxis].astype(dtype), np.eye(4))

    assert image_of(volume_from_image(image, "typed")).array.dtype == dtype


@pytest.mark.parametrize("dtype", [np.int64, np.float16])
def test_types_that_slicer_cannot_store_become_others(dtype: Any) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    image = Image(lopsided((3, 2, 2))[np.newaxis].astype(dtype), np.eye(4))

    np.testing.assert_array_equal(image_of(volume_from_image(image, "typed")).array, image.array)


def test_components_that_are_no_colours_become_channels() -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    array = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)

    np.testing.assert_array_equal(image_of(volume_from_image(Image(array, np.eye(4)), "T1 and T2")).array, array)


def test_a_volume_says_what_it_is() -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    ct = volume_from_image(Image(np.zeros((1, 2, 2, 2), np.int16), np.eye(4), "CT", unit="HU"), "CT")
    ct.RemoveAttribute("DICOM.Modality")
    plain = add_volume(np.eye(4))

    assert (image_of(ct).modality, image_of(ct).unit) == ("CT", "HU")
    assert (image_of(plain).modality, image_of(plain).unit) == ("", None)
    assert image_of(plain, modality="MR").modality == "MR"
    assert image_of(ct, modality="MR").modality == "CT"


def test_the_subject_hierarchy_knows_the_modality_of_a_series(slicer: Any, scene: Any) -> None:
    from AutoLabelLib.scene import hierarchy

    node = add_volume(np.eye(4))
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    tree.SetItemAttribute(hierarchy.item_of(node), "DICOM.Modality", "MR")

    assert image_of(node).modality == "MR"


def test_what_the_dicom_module_says_of_mr_voxels(slicer: Any) -> None:
    node, quantity = add_volume(np.eye(4)), slicer.vtkCodedEntry()
    quantity.SetValueSchemeMeaning("110852", "DCM", "MR signal intensity")
    node.SetVoxelValueQuantity(quantity)

    assert image_of(node).modality == "MR"


@pytest.mark.parametrize("components", [3, 4])
def test_colours_are_refused(components: int) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    photograph = volume_from_image(Image(np.zeros((components, 4, 4, 1), np.uint8), np.eye(4)), "photograph")

    with pytest.raises(UnsupportedVolumeError, match="colour"):
        image_of(photograph)


def test_volumes_that_say_that_they_are_colours_are_refused() -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    node = volume_from_image(Image(np.zeros((3, 4, 4, 2), np.float32), np.eye(4)), "vectors")
    image_of(node)
    node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)

    with pytest.raises(UnsupportedVolumeError, match="colour"):
        image_of(node)


@pytest.mark.parametrize(
    ("class_name", "words"),
    [
        ("vtkMRMLScalarVolumeNode", "no voxels"),
        ("vtkMRMLLabelMapVolumeNode", "labelmap"),
        ("vtkMRMLSequenceNode", "time point"),
        ("vtkMRMLDiffusionTensorVolumeNode", "tensor"),
        ("vtkMRMLModelNode", "Expected a volume node"),
    ],
)
def test_what_is_no_image_is_refused(scene: Any, class_name: str, words: str) -> None:
    with pytest.raises(UnsupportedVolumeError, match=words):
        image_of(scene.AddNewNodeByClass(class_name))


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(UnsupportedVolumeError, match="str"):
        image_of("MRHead")


def test_an_empty_volume_is_refused() -> None:
    import vtk

    node = add_volume(np.eye(4))
    node.SetAndObserveImageData(vtk.vtkImageData())

    with pytest.raises(UnsupportedVolumeError, match="no voxels"):
        image_of(node)


def test_a_singular_transform_is_refused(scene: Any) -> None:
    import vtk

    node, flat = add_volume(np.eye(4)), vtk.vtkTransform()
    flat.SetMatrix(np.diag([1.0, 1.0, 0.0, 1.0]).ravel().tolist())
    parent = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    parent.SetAndObserveTransformToParent(flat)
    node.SetAndObserveTransformNodeID(parent.GetID())

    with pytest.raises(GeometryError, match="singular"):
        image_of(node)


def test_one_slice_is_an_image() -> None:
    assert image_of(add_volume(make_affine("LPS", (0.5, 0.5, 5.0)), (6, 4, 1))).spatial_shape == (6, 4, 1)
