"""Names, label values and what a vtkSegment says of itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.scene import segments
from Testing.slicer_scene import LEFT_KIDNEY


def vtk_segment(slicer: Any, stored_value: int, chosen_value: int | None = None) -> Any:
    segment = slicer.vtkSegment()
    if chosen_value is not None:
        segments.describe(segment, Segment("s", chosen_value, code=LEFT_KIDNEY), {"a": "b"})
    segment.SetLabelValue(stored_value)
    return segment


def test_what_was_described_is_read(slicer: Any) -> None:
    found = segments.segment_of(vtk_segment(slicer, 1, 7), 7, 2)

    assert (found.label_value, found.layer, found.code) == (7, 2, LEFT_KIDNEY)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([(1, 3), (2, 7)], [3, 7]),
        ([(1, None), (2, 7)], [1, 7]),
        ([(1, 7), (2, 7)], [1, 2]),
        ([(7, None), (2, 7)], [7, 2]),
    ],
)
def test_chosen_values_come_back_unless_two_would_be_the_same(
    slicer: Any, values: list[tuple[int, int | None]], expected: list[int]
) -> None:
    assert segments.chosen_values([vtk_segment(slicer, *pair) for pair in values]) == expected


@pytest.mark.parametrize("text", ["", "0", "-3", "three"])
def test_a_tag_that_is_no_value_is_ignored(slicer: Any, text: str) -> None:
    segment = vtk_segment(slicer, 5)
    segment.SetTag(segments.LABEL_VALUE_TAG, text)

    assert segments.chosen_values([segment]) == [5]


def test_names_get_numbers_from_two(scene: Any) -> None:
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode").GetSegmentation()
    for name in ("liver", "liver 2"):
        segmentation.AddEmptySegment("", name)

    assert segments.unique_name(segmentation, "liver") == "liver 3"
    assert segments.unique_name(segmentation, "spleen") == "spleen"


def test_labels_get_new_values_at_once() -> None:
    labels = np.array([[[0, 1, 2, 3]]], np.int16)

    np.testing.assert_array_equal(segments.relabelled(labels, {1: 2, 2: 1}), [[[0, 2, 1, 0]]])
    np.testing.assert_array_equal(segments.relabelled(labels, {1: 1, 3: 3}), [[[0, 1, 0, 3]]])
    assert segments.relabelled(labels, {1: 300}).dtype == np.uint16


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32])
@pytest.mark.parametrize(
    "new_values", [{1: 1, 2: 2, 3: 3}, {1: 1, 2: 2, 3: 3, 9: 9}, {1: 1, 3: 3}, {3: 1, 1: 300}, {7: 7}, {}]
)
def test_labels_get_new_values_and_those_that_mean_nothing_go(dtype: Any, new_values: dict[int, int]) -> None:
    array = np.array([[[0, 1], [2, 3]], [[3, 3], [1, 0]]], dtype).transpose(2, 1, 0)
    expected = np.vectorize(lambda value: new_values.get(value, 0), otypes=[int])(array)
    found = segments.relabelled(array, new_values)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.min_scalar_type(max(new_values.values(), default=0))


@pytest.mark.parametrize("odd", [-5, 70000])
def test_labels_that_are_no_small_numbers_are_changed_too(odd: int) -> None:
    array = np.array([[[0, odd, 1]]], np.int32)
    np.testing.assert_array_equal(segments.relabelled(array, {odd: 4, 1: 2}), [[[0, 4, 2]]])
