"""New voxels for one segment: the others keep theirs, unless they are taken on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.labelmap import Labelmap, Segment
from Testing.grids import make_affine
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume, lopsided_labelmap

pytestmark = pytest.mark.usefixtures("scene")

L, CORNER, OVER, NOTHING = range(4)


def update(node: Any, index: int, *args: Any, **options: Any) -> None:
    from AutoLabelLib.scene.segment_update import update_segment

    update_segment(node, list(node.GetSegmentation().GetSegmentIDs())[index], *args, **options)


def masks_of(node: Any, volume_node: Any) -> list[NDArray[np.bool_]]:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

    labelmap = labelmap_from_segmentation(node, volume_node)
    return [labelmap.mask(segment) for segment in labelmap.segments]


def label_values(node: Any) -> list[int]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(i).GetLabelValue() for i in segmentation.GetSegmentIDs()]


def shown(transform: Any = None, grid: str = "axis-aligned") -> tuple[Any, Any, list[NDArray[np.bool_]]]:
    """Return volume, segmentation and the masks of the lopsided labelmap in a scene."""
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import grid_of

    volume_node = add_volume(GRIDS[grid])
    if transform is not None:
        volume_node.SetAndObserveTransformNodeID(transform.GetID())
    labelmap = lopsided_labelmap(grid_of(volume_node).affine)
    return volume_node, show_labelmap(labelmap, volume_node), [labelmap.mask(s) for s in labelmap.segments]


def ball() -> NDArray[np.bool_]:
    """Return a mask that overlaps the L and what is over it."""
    i, j, k = np.indices(SHAPE)
    return (i - 3) ** 2 + (j - 2) ** 2 + 4 * (k - 1) ** 2 <= 6


@pytest.mark.parametrize("transform", ["none", "linear", "thin plate"])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("index", [L, CORNER, OVER, NOTHING])
def test_only_the_one_segment_changes(scene: Any, index: int, grid: str, transform: str) -> None:
    volume_node, node, expected = shown(add_transform(scene, transform), grid)
    expected[index] = ball()

    update(node, index, ball(), volume_node)

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)
    assert label_values(node) == [3, 7, 300, 9]


@pytest.mark.parametrize("index", [L, CORNER, OVER, NOTHING])
def test_taking_leaves_the_rest_of_the_others(index: int) -> None:
    volume_node, node, expected = shown()
    expected = [ball() if i == index else mask & ~ball() for i, mask in enumerate(expected)]

    update(node, index, ball(), volume_node, overlap="take")

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)
    assert label_values(node) == [3, 7, 300, 9]


@pytest.mark.parametrize("index", [L, CORNER, OVER, NOTHING])
def test_yielding_leaves_the_others_whole(index: int) -> None:
    volume_node, node, expected = shown()
    others = np.any([mask for i, mask in enumerate(expected) if i != index], axis=0)
    expected[index] = ball() & ~others

    update(node, index, ball(), volume_node, overlap="yield")

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bits=st.lists(st.binary(min_size=60, max_size=60), min_size=5, max_size=5),
    order=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["allow", "take", "yield"])), min_size=5, max_size=5),
)
def test_any_series_of_updates_is_what_sets_would_give(
    scene: Any, bits: list[bytes], order: list[tuple[int, str]]
) -> None:
    from AutoLabelLib.scene.segmentations import show_labelmap

    segments = tuple(Segment(name, value) for name, value in (("a", 3), ("b", 7), ("c", 300)))
    volume_node = add_volume(np.eye(4), (3, 4, 5))
    node = show_labelmap(Labelmap(np.zeros((1, 3, 4, 5), np.uint16), np.eye(4), segments), volume_node)
    expected = [np.zeros((3, 4, 5), bool) for _ in segments]

    for (index, overlap), noise in zip(order, bits, strict=True):
        mask = np.frombuffer(noise, np.uint8).reshape(3, 4, 5) > 170
        update(node, index, mask, volume_node, overlap=overlap)
        others = [other for other in range(3) if other != index]
        expected[index] = mask.copy()
        for other in others:
            if overlap == "take":
                expected[other] &= ~mask
            elif overlap == "yield":
                expected[index] &= ~expected[other]

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)
    scene.Clear(False)


def test_a_box_clears_or_keeps_what_is_outside_of_it() -> None:
    patch, start = np.ones((2, 2, 1), bool), (6, 4, 3)
    in_place = np.zeros(SHAPE, bool)
    in_place[6:8, 4:6, 3] = True

    volume_node, node, before = shown()
    update(node, L, patch, volume_node, start_ijk=start)
    np.testing.assert_array_equal(masks_of(node, volume_node)[L], in_place)

    volume_node, node, before = shown()
    update(node, L, patch, volume_node, start_ijk=start, outside="keep")
    np.testing.assert_array_equal(masks_of(node, volume_node)[L], in_place | before[L])


def test_a_box_that_is_kept_outside_is_cleared_inside() -> None:
    volume_node, node, expected = shown()
    expected[L][0:4] = False

    update(node, L, np.zeros((4, 7, 5)), volume_node, outside="keep")

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)


def test_an_empty_mask_empties_the_segment_only() -> None:
    volume_node, node, expected = shown()
    expected[L][...] = False

    update(node, L, np.zeros(SHAPE), volume_node)

    for found, mask in zip(masks_of(node, volume_node), expected, strict=True):
        np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("overlap", ["allow", "take", "yield"])
@pytest.mark.parametrize("outside", ["clear", "keep"])
def test_neighbours_on_another_grid_are_not_resampled(outside: str, overlap: str) -> None:
    """Slicer resamples a whole shared layer to the grid of what is written into it."""
    volume_node, node, expected = shown()
    turned_node = add_volume(make_affine("RAS", (1.4, 1.4, 1.4), (20.0, 10.0, 0.0), origin_mm=(-5.0, -5.0, -5.0)))

    update(node, CORNER, np.ones((1, 1, 1)), turned_node, outside=outside, overlap=overlap)

    found = masks_of(node, volume_node)
    for index in (L, OVER, NOTHING):
        np.testing.assert_array_equal(found[index], expected[index])
    assert masks_of(node, turned_node)[CORNER][0, 0, 0]


def test_what_is_kept_is_brought_to_the_new_grid() -> None:
    _, node, expected = shown()
    third = np.diag([1 / 3, 1 / 3, 1 / 3, 1.0])
    third[:3, 3] = -1 / 3
    fine_node = add_volume(third, (27, 21, 15))
    fine = expected[CORNER].repeat(3, 0).repeat(3, 1).repeat(3, 2)
    fine[0, 20, 14] = True

    update(node, CORNER, np.ones((1, 1, 1)), fine_node, start_ijk=(0, 20, 14), outside="keep")

    np.testing.assert_array_equal(masks_of(node, fine_node)[CORNER], fine)


def test_surfaces_follow() -> None:
    volume_node, node, _ = shown()
    node.CreateClosedSurfaceRepresentation()
    ids = list(node.GetSegmentation().GetSegmentIDs())
    moved = np.zeros(SHAPE, bool)
    moved[0:2, 5:7, 3:5] = True

    update(node, CORNER, moved, volume_node)

    bounds = node.GetClosedSurfaceInternalRepresentation(ids[CORNER]).GetBounds()
    assert bounds[1] < 3 and bounds[2] > 3
    assert node.GetClosedSurfaceInternalRepresentation(ids[L]).GetNumberOfPoints() > 0


def test_tags_are_set_and_the_rest_stays() -> None:
    import vtk

    volume_node, node, _ = shown()

    update(node, L, ball(), volume_node, tags={"AutoLabel.Prompts": "2"})

    segment = node.GetSegmentation().GetNthSegment(L)
    text = vtk.reference("")
    assert segment.GetTag("AutoLabel.Prompts", text) and str(text) == "2"
    assert (segment.GetName(), segment.GetColor()) == ("L", (0.25, 0.5, 1.0))


@pytest.mark.parametrize("start", [(-1, 0, 0), (0, 0, 5), (8, 0, 0)])
def test_a_box_that_leaves_the_volume_is_refused(start: tuple[int, int, int]) -> None:
    volume_node, node, _ = shown()

    with pytest.raises(GeometryError, match="not inside"):
        update(node, L, np.ones((2, 2, 1)), volume_node, start_ijk=start)


def test_what_is_not_there_is_refused() -> None:
    from AutoLabelLib.scene.segment_update import update_segment

    volume_node, node, _ = shown()
    with pytest.raises(InputError, match='"liver"'):
        update_segment(node, "liver", ball(), volume_node)
    with pytest.raises(InputError, match="overlap must be"):
        update(node, L, ball(), volume_node, overlap="max")
    with pytest.raises(InputError, match="vtkMRMLSegmentationNode"):
        update_segment(volume_node, "liver", ball(), volume_node)


def test_across_a_non_linear_transform_is_refused(scene: Any) -> None:
    volume_node, node, _ = shown()
    volume_node.SetAndObserveTransformNodeID(add_transform(scene, "grid").GetID())

    with pytest.raises(GeometryError, match="non-linear"):
        update(node, L, ball(), volume_node)
