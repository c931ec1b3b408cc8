"""Labelmaps to segmentation nodes and back: every voxel on its own voxel, whatever the transform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from AutoLabelLib.core.affine import cropped_affine
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.job import Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import Channel, ModelSpec
from Testing.grids import affines
from Testing.slicer_scene import (
    GRIDS,
    SHAPE,
    add_transform,
    add_volume,
    assert_same_segments,
    lopsided_labelmap,
)

pytestmark = pytest.mark.usefixtures("scene")

TRANSFORMS = ["none", "linear", "thin plate", "grid"]


def show(labelmap: Labelmap, *args: Any, **options: Any) -> Any:
    from AutoLabelLib.scene.segmentations import show_labelmap

    return show_labelmap(labelmap, *args, **options)


def read(node: Any, *args: Any, **options: Any) -> Labelmap:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

    return labelmap_from_segmentation(node, *args, **options)


def placed_volume(scene: Any, grid: str, transform: str) -> Any:
    node = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    if parent is not None:
        node.SetAndObserveTransformNodeID(parent.GetID())
    return node


def labelmap_on(volume_node: Any) -> Labelmap:
    from AutoLabelLib.scene.volumes import image_from_volume

    return lopsided_labelmap(image_from_volume(volume_node).affine)


def segment_ids(node: Any) -> list[str]:
    return list(node.GetSegmentation().GetSegmentIDs())


def world_of_voxels(node: Any, matrix: Any, indices: NDArray[Any]) -> NDArray[np.float64]:
    """Return where Slicer itself shows voxels of a node, given their indices (N, 3)."""
    positions = []
    for index in indices.tolist():
        world = [0.0, 0.0, 0.0]
        node.TransformPointToWorld(matrix.MultiplyPoint([*index, 1.0])[:3], world)
        positions.append(world)
    return np.array(positions)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("grid", GRIDS)
def test_comes_back_bit_for_bit(scene: Any, grid: str, transform: str) -> None:
    volume_node = placed_volume(scene, grid, transform)
    labelmap = labelmap_on(volume_node)

    node = show(labelmap, volume_node)

    assert_same_segments(read(node, volume_node), labelmap)
    assert_same_segments(read(node), labelmap)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("grid", GRIDS)
def test_is_seen_where_the_volume_is_seen(scene: Any, grid: str, transform: str) -> None:
    import vtk

    volume_node = placed_volume(scene, grid, transform)
    labelmap = labelmap_on(volume_node)
    node = show(labelmap, volume_node)
    volume_matrix, matrix = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(volume_matrix)

    for segment_id, segment in zip(segment_ids(node), labelmap.segments, strict=True):
        shown = node.GetSegmentation().GetSegment(segment_id)
        image = shown.GetRepresentation("Binary labelmap")
        image.GetImageToWorldMatrix(matrix)
        low_i, high_i, low_j, high_j, low_k, high_k = image.GetExtent()
        box = np.stack(np.mgrid[low_i : high_i + 1, low_j : high_j + 1, low_k : high_k + 1], axis=-1).reshape(-1, 3)
        stored = [index for index in box if image.GetScalarComponentAsDouble(*index, 0) == shown.GetLabelValue()]
        expected = np.argwhere(labelmap.mask(segment))
        np.testing.assert_array_equal(np.array(sorted(map(tuple, stored))).reshape(-1, 3), expected)
        np.testing.assert_allclose(
            world_of_voxels(node, matrix, expected), world_of_voxels(volume_node, volume_matrix, expected), atol=1e-9
        )


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_slicers_own_export_finds_the_same_voxels(slicer: Any, scene: Any, transform: str) -> None:
    from AutoLabelLib.scene.voxels import view_of

    volume_node = placed_volume(scene, "oblique", transform)
    labelmap = labelmap_on(volume_node)
    node = show(labelmap, volume_node)
    exported = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")

    for segment_id, segment in zip(segment_ids(node), labelmap.segments, strict=True):
        slicer.modules.segmentations.logic().ExportSegmentsToLabelmapNode(node, [segment_id], exported, volume_node)
        np.testing.assert_array_equal(view_of(exported.GetImageData())[0] != 0, labelmap.mask(segment))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    affine=affines(),
    bits=st.binary(min_size=60, max_size=60),
    values=st.lists(st.integers(1, 60000), min_size=3, max_size=3, unique=True),
)
def test_any_labels_on_any_grid_come_back(
    scene: Any, affine: NDArray[np.float64], bits: bytes, values: list[int]
) -> None:
    codes = np.frombuffer(bits, np.uint8).reshape(3, 4, 5) % 4
    array = np.array([0, *values], np.uint16)[codes][np.newaxis]
    labelmap = Labelmap(array, affine, tuple(Segment(f"value {value}", value) for value in values))

    node = show(labelmap, add_volume(affine, (3, 4, 5)))

    assert_same_segments(read(node), labelmap)
    scene.Clear(False)


def test_what_a_segment_says_of_itself(slicer: Any) -> None:
    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)), tags={"DICOM.SegmentAlgorithmType": "AUTOMATIC"})
    segment = node.GetSegmentation().GetSegment(segment_ids(node)[0])

    assert (segment.GetName(), segment.GetLabelValue(), segment.GetColor()) == ("L", 3, (0.25, 0.5, 1.0))
    entry = slicer.vtkSlicerTerminologyEntry()
    slicer.modules.terminologies.logic().DeserializeTerminologyEntry(segment.GetTerminology(), entry)
    assert entry.GetCategoryObject().GetCodeMeaning() == "Anatomical Structure"
    assert (entry.GetTypeObject().GetCodingSchemeDesignator(), entry.GetTypeObject().GetCodeValue()) == (
        "SCT",
        "64033007",
    )
    assert entry.GetTypeModifierObject().GetCodeMeaning() == "Left"
    assert tag(segment, "DICOM.SegmentAlgorithmType") == "AUTOMATIC"


def test_a_segment_without_code_gets_slicers_default(slicer: Any) -> None:
    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)))

    assert (
        node.GetSegmentation().GetSegment(segment_ids(node)[1]).GetTerminology() == slicer.vtkSegment().GetTerminology()
    )


def tag(segment: Any, key: str) -> str:
    import vtk

    text = vtk.reference("")
    assert segment.GetTag(key, text), key
    return str(text)


def test_knows_its_volume(slicer: Any, scene: Any) -> None:
    volume_node = placed_volume(scene, "oblique", "linear")
    volume_node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")

    node = show(labelmap_on(volume_node), volume_node)

    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert node.GetNodeReference(role).GetAttribute("DICOM.instanceUIDs") == "1.2.3 1.2.4"
    assert node.GetTransformNodeID() == volume_node.GetTransformNodeID()
    assert node.GetDisplayNode() is not None


def test_sits_beside_its_volume_in_the_subject_hierarchy(slicer: Any, scene: Any) -> None:
    from AutoLabelLib.scene import hierarchy

    volume_node = add_volume(np.eye(4))
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = tree.CreateStudyItem(tree.GetSceneItemID(), "Study")
    tree.SetItemParent(hierarchy.item_of(volume_node), study)

    node = show(lopsided_labelmap(np.eye(4)), volume_node)

    assert tree.GetItemParent(tree.GetItemByDataNode(node)) == study


def test_a_labelmap_without_a_volume_stays_where_it_is() -> None:
    labelmap = lopsided_labelmap(GRIDS["sheared"])

    assert_same_segments(read(show(labelmap)), labelmap)


def test_segments_that_share_a_layer_share_an_image() -> None:
    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)))

    assert node.GetSegmentation().GetNumberOfLayers() == 2
    assert list(node.GetSegmentation().GetSegmentIDsForLayer(0)) == [segment_ids(node)[i] for i in (0, 1, 3)]


def test_values_that_no_segment_has_are_left_out() -> None:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 0] = 5
    array[0, 3] = 2

    found = read(show(Labelmap(array, np.eye(4), (Segment("two", 2),)), add_volume(np.eye(4))))

    assert set(np.unique(found.array)) == {0, 2}


@pytest.mark.parametrize("moved_to", ["linear", "thin plate"])
def test_follows_a_volume_that_was_moved_while_it_was_segmented(scene: Any, moved_to: str) -> None:
    from AutoLabelLib.scene.volumes import grid_of

    volume_node = add_volume(GRIDS["oblique"])
    grid, labelmap = grid_of(volume_node), labelmap_on(volume_node)
    volume_node.SetAndObserveTransformNodeID(add_transform(scene, moved_to).GetID())

    node = show(labelmap, volume_node, grid=grid)

    assert_same_segments(read(node, volume_node), replace(labelmap, affine=grid_of(volume_node).affine))


def test_a_moved_volume_is_refused_if_nobody_says_where_it_was(scene: Any) -> None:
    volume_node = add_volume(GRIDS["oblique"])
    labelmap = labelmap_on(volume_node)
    volume_node.SetAndObserveTransformNodeID(add_transform(scene, "linear").GetID())

    with pytest.raises(GeometryError, match="not on the grid"):
        show(labelmap, volume_node)


def test_a_volume_whose_own_grid_changed_is_refused() -> None:
    from AutoLabelLib.scene.volumes import grid_of

    volume_node = add_volume(GRIDS["oblique"])
    grid, labelmap = grid_of(volume_node), labelmap_on(volume_node)
    volume_node.SetOrigin(0.0, 0.0, 0.0)

    with pytest.raises(GeometryError, match="were changed"):
        show(labelmap, volume_node, grid=grid)


def test_a_labelmap_of_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match="not on the grid"):
        show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4), (9, 7, 6)))


def test_showing_again_replaces_what_has_the_same_name() -> None:
    volume_node = add_volume(np.eye(4))
    labelmap = lopsided_labelmap(np.eye(4))
    node = show(labelmap, volume_node, tags={"AutoLabel.Model": "first"})
    ids = segment_ids(node)
    node.GetSegmentation().GetSegment(ids[0]).SetColor(0.1, 0.2, 0.3)
    flipped = replace(labelmap, array=labelmap.array[:, ::-1])

    assert show(flipped, volume_node, segmentation_node=node, tags={"AutoLabel.Model": "second"}) is node

    found = read(node, volume_node)
    assert segment_ids(node) == ids
    assert found.segments[0].color == pytest.approx((0.1, 0.2, 0.3))
    assert tag(node.GetSegmentation().GetSegment(ids[2]), "AutoLabel.Model") == "second"
    for one, other in zip(found.segments, flipped.segments, strict=True):
        np.testing.assert_array_equal(found.mask(one), flipped.mask(other))


def test_showing_again_can_add_beside() -> None:
    volume_node = add_volume(np.eye(4))
    labelmap = lopsided_labelmap(np.eye(4))
    node = show(labelmap, volume_node)

    show(labelmap, volume_node, segmentation_node=node, same_name="add")
    show(labelmap, volume_node, segmentation_node=node, same_name="add")

    found = read(node, volume_node)
    assert [s.name for s in found.segments][4:6] == ["L 2", "corner 2"]
    assert found.segments[8].name == "L 3"
    for index, segment in enumerate(found.segments):
        np.testing.assert_array_equal(found.mask(segment), labelmap.mask(labelmap.segments[index % 4]))


def test_what_the_user_drew_stays_when_a_result_is_added() -> None:
    volume_node = add_volume(np.eye(4))
    drawn = np.zeros((1, *SHAPE), np.uint8)
    drawn[0, 2:7, 1:5, 1:4] = 1
    node = show(Labelmap(drawn, np.eye(4), (Segment("drawn", 1),)), volume_node)

    show(lopsided_labelmap(np.eye(4)), volume_node, segmentation_node=node)

    found = read(node, volume_node)
    np.testing.assert_array_equal(found.mask(found.segments[0]), drawn[0] == 1)


def test_surfaces_are_made_anew_when_voxels_are_replaced() -> None:
    volume_node = add_volume(np.eye(4))
    labelmap = lopsided_labelmap(np.eye(4))
    node = show(labelmap, volume_node)
    node.CreateClosedSurfaceRepresentation()
    before = node.GetClosedSurfaceInternalRepresentation(segment_ids(node)[1]).GetBounds()

    show(replace(labelmap, array=labelmap.array[:, ::-1]), volume_node, segmentation_node=node)

    after = node.GetClosedSurfaceInternalRepresentation(segment_ids(node)[1]).GetBounds()
    assert before[0] > 7 and after[1] < 1


@pytest.mark.parametrize("segmentation_transform", ["none", "linear"])
@pytest.mark.parametrize("volume_transform", ["none", "linear"])
def test_adding_under_another_linear_transform_moves_the_grid_not_the_voxels(
    scene: Any, volume_transform: str, segmentation_transform: str
) -> None:
    volume_node = placed_volume(scene, "oblique", volume_transform)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    parent = add_transform(scene, segmentation_transform)
    node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    labelmap = labelmap_on(volume_node)

    show(labelmap, volume_node, segmentation_node=node)

    assert_same_segments(read(node, volume_node), labelmap)


def test_adding_across_a_non_linear_transform_is_refused(scene: Any) -> None:
    volume_node = placed_volume(scene, "oblique", "thin plate")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")

    with pytest.raises(GeometryError, match="non-linear"):
        show(labelmap_on(volume_node), volume_node, segmentation_node=node)
    assert segment_ids(node) == []


def test_reading_on_another_grid_takes_the_nearest_segment(scene: Any) -> None:
    labelmap = lopsided_labelmap(np.eye(4))
    node = show(labelmap, add_volume(np.eye(4)))
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    half[:3, 3] = -0.25
    fine = add_volume(half, (18, 14, 10))

    found = read(node, fine)

    for segment in labelmap.segments[:3]:
        expected = labelmap.mask(segment).repeat(2, 0).repeat(2, 1).repeat(2, 2)
        np.testing.assert_array_equal(found.mask(found.segment(segment.name)), expected)


def test_reading_through_a_non_linear_transform_is_slicers_own_resampling(slicer: Any, scene: Any) -> None:
    from AutoLabelLib.scene.voxels import view_of

    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)))
    warped = placed_volume(scene, "axis-aligned", "grid")
    exported = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    slicer.modules.segmentations.logic().ExportSegmentsToLabelmapNode(node, segment_ids(node)[:1], exported, warped)

    found = read(node, warped, segment_ids(node)[:1])

    assert found.array.any()
    np.testing.assert_array_equal(found.array[0] != 0, view_of(exported.GetImageData())[0] != 0)


def test_a_few_segments_can_be_read() -> None:
    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)))
    ids = segment_ids(node)

    found = read(node, segment_ids=[ids[2], ids[1]])

    assert [(segment.name, segment.layer) for segment in found.segments] == [("over it", 1), ("corner", 0)]
    assert set(np.unique(found.array)) == {0, 7, 300}


def test_surfaces_are_read_as_voxels_without_changing_the_node(slicer: Any, scene: Any) -> None:
    import vtk

    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(2.2)
    sphere.SetCenter(4.0, 3.0, 2.0)
    sphere.Update()
    volume_node = add_volume(np.eye(4))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    node.AddSegmentFromClosedSurfaceRepresentation(sphere.GetOutput(), "sphere")

    found = read(node, volume_node)

    assert found.mask(found.segments[0])[4, 3, 2]
    assert not found.mask(found.segments[0])[0, 0, 0]
    assert not node.GetSegmentation().ContainsRepresentation("Binary labelmap")
    with pytest.raises(InputError, match="surfaces"):
        show(lopsided_labelmap(np.eye(4)), volume_node, segmentation_node=node)


def test_a_segmentation_without_segments_cannot_be_read(scene: Any) -> None:
    with pytest.raises(InputError, match="no segments"):
        read(scene.AddNewNodeByClass("vtkMRMLSegmentationNode"))


def test_without_reference_geometry_the_grid_is_the_box_around_the_segments(scene: Any) -> None:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 2:5, 3:6, 1:4] = 1
    node = show(Labelmap(array, GRIDS["oblique"], (Segment("box", 1),)), add_volume(GRIDS["oblique"]))
    node.GetSegmentation().SetConversionParameter("Reference image geometry", "")

    found = read(node)

    assert found.array.shape == (1, 3, 3, 3) and found.array.all()
    np.testing.assert_allclose(found.affine, cropped_affine(GRIDS["oblique"], (2, 3, 1)), atol=1e-9)


def test_nothing_but_empty_segments_has_no_grid(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.GetSegmentation().AddEmptySegment("tumour")

    with pytest.raises(InputError, match="does not know its grid"):
        read(node)
    assert not read(node, add_volume(np.eye(4))).array.any()


def test_unknown_segments_cannot_be_read() -> None:
    node = show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)))

    with pytest.raises(InputError, match='"liver"'):
        read(node, segment_ids=["liver"])


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InputError, match="same_name"):
        show(lopsided_labelmap(np.eye(4)), add_volume(np.eye(4)), same_name="overwrite")


def test_a_result_carries_its_provenance(scene: Any) -> None:
    from AutoLabelLib.scene.segmentations import show_result

    volume_node = add_volume(np.eye(4))
    result = Result("job", (lopsided_labelmap(np.eye(4)),), provenance={"device": "cpu", "sha256": "ab12"})
    spec = ModelSpec("liver_ct", "1.2.0", "segmentation", (Channel("image"),))

    node = show_result(result, spec, volume_node.GetID())

    segment = node.GetSegmentation().GetSegment(segment_ids(node)[0])
    assert tag(segment, "DICOM.SegmentAlgorithmName") == "AutoLabel liver_ct 1.2.0"
    assert tag(segment, "AutoLabel.Device") == "cpu"
    assert tag(segment, "AutoLabel.Sha256") == "ab12"


def test_a_result_for_a_deleted_volume_is_an_error(scene: Any) -> None:
    from AutoLabelLib.scene.segmentations import show_result

    volume_node = add_volume(np.eye(4))
    volume_id = volume_node.GetID()
    result = Result("job", (lopsided_labelmap(np.eye(4)),))
    scene.RemoveNode(volume_node)

    with pytest.raises(InputError, match="no longer in the scene"):
        show_result(result, ModelSpec("m", "1", "segmentation", ()), volume_id)
