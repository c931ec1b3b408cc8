"""Labelmap volumes to labelmaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.core.labelmap import Labelmap
from Testing.slicer_scene import GRIDS, add_transform, add_volume

pytestmark = pytest.mark.usefixtures("scene")


def read(node: Any) -> Labelmap:
    from AutoLabelLib.scene.labelmap_volumes import labelmap_from_volume

    return labelmap_from_volume(node)


def labelmap_volume(scene: Any, array: ArrayLike) -> Any:
    import vtk

    from AutoLabelLib.scene.transforms import vtk_matrix
    from AutoLabelLib.scene.voxels import fill_vtk_image

    image_data = vtk.vtkImageData()
    fill_vtk_image(image_data, np.asarray(array)[np.newaxis])
    node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "truth")
    node.SetAndObserveImageData(image_data)
    node.SetIJKToRASMatrix(vtk_matrix(GRIDS["oblique"]))
    return node


def test_values_become_segments_in_their_places(scene: Any) -> None:
    from AutoLabelLib.scene.volumes import image_from_volume

    array = np.zeros((9, 7, 5), np.int16)
    array[1:3, 2, 3], array[4, 5, 1] = 3, 700
    node, image_node = labelmap_volume(scene, array), add_volume(GRIDS["oblique"])
    transform = add_transform(scene, "linear")
    for each in (node, image_node):
        each.SetAndObserveTransformNodeID(transform.GetID())

    found = read(node)

    assert [(segment.name, segment.label_value) for segment in found.segments] == [("3", 3), ("700", 700)]
    np.testing.assert_array_equal(found.array[0], array)
    assert found.same_grid(image_from_volume(image_node))


def test_the_colour_table_names_them(scene: Any) -> None:
    node = labelmap_volume(scene, np.full((2, 2, 2), 2, np.uint8))
    table = scene.AddNewNodeByClass("vtkMRMLColorTableNode")
    table.SetTypeToUser()
    table.SetNumberOfColors(3)
    table.SetColor(2, "liver", 0.5, 0.25, 0.75, 1.0)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())

    segment = read(node).segments[0]

    assert segment.name == "liver"
    assert segment.color == pytest.approx((0.5, 0.25, 0.75), abs=0.01)


def test_no_labels_at_all_are_no_segments(scene: Any) -> None:
    found = read(labelmap_volume(scene, np.zeros((2, 2, 2), np.uint8)))

    assert found.segments == () and not found.array.any()


@pytest.mark.parametrize("value", [-1, 0.5])
def test_what_is_no_label_is_refused(scene: Any, value: float) -> None:
    with pytest.raises(UnsupportedVolumeError, match="does not hold labels"):
        read(labelmap_volume(scene, np.full((2, 2, 2), value, np.float32)))


def test_an_image_is_refused() -> None:
    with pytest.raises(InputError, match="LabelMapVolume"):
        read(add_volume(np.eye(4)))
