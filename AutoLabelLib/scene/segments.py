"""One segment: what a vtkSegment says of it, and its label values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.terminology import segment_code
from AutoLabelLib.scene.terminology import terminology_entry

LABEL_VALUE_TAG = "AutoLabel.LabelValue"
"""Where a segment keeps the label value that it was given: Slicer renumbers segments when it saves several layers."""

_LARGEST_TABLE = 2**16


def describe(vtk_segment: Any, segment: Segment, tags: Mapping[str, str]) -> None:
    """Give a vtkSegment the code and label value of a segment, and tags; not name and colour, which are the user's."""
    vtk_segment.SetTerminology(terminology_entry(segment.code))
    for key, value in {**tags, LABEL_VALUE_TAG: str(segment.label_value)}.items():
        vtk_segment.SetTag(key, value)


def exchange_tags(vtk_segment: Any, tags: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set tags of a vtkSegment, or remove those that are None; return what they were, so that it can be undone."""
    old: dict[str, str | None] = {}
    for key, value in tags.items():
        old[key] = tag_of(vtk_segment, key) if vtk_segment.HasTag(key) else None
        if value is None:
            vtk_segment.RemoveTag(key)
        elif old[key] != value:
            vtk_segment.SetTag(key, value)
    return old


def unique_name(segmentation: Any, name: str) -> str:
    """Return a name that no segment of a vtkSegmentation has: the name itself, or with a number from 2."""
    taken = {segmentation.GetSegment(i).GetName() for i in segmentation.GetSegmentIDs()}
    number = 2
    candidate = name
    while candidate in taken:
        candidate = f"{name} {number}"
        number += 1
    return candidate


def segment_of(vtk_segment: Any, label_value: int, layer: int) -> Segment:
    """Return what a vtkSegment shows, as a segment of a labelmap with that value and layer."""
    red, green, blue = vtk_segment.GetColor()
    code = segment_code(vtk_segment.GetTerminology())
    return Segment(vtk_segment.GetName(), label_value, layer, code, (red, green, blue))


def chosen_values(vtk_segments: Sequence[Any]) -> list[int]:
    """Return the label values that the segments of one layer were given at first, if these still differ."""
    stored = [segment.GetLabelValue() for segment in vtk_segments]
    chosen = [tag_of(segment, LABEL_VALUE_TAG) for segment in vtk_segments]
    values = [int(text) if text.isdigit() and int(text) else value for text, value in zip(chosen, stored, strict=True)]
    return values if len(set(values)) == len(values) else stored


def tag_of(vtk_segment: Any, key: str) -> str:
    """Return a tag of a vtkSegment; "" if it has none by this name."""
    import vtk

    text = vtk.reference("")
    return str(text) if vtk_segment.GetTag(key, text) else ""


def relabelled(array: NDArray[Any], new_values: Mapping[int, int]) -> NDArray[Any]:
    """Return labels with new values, as the smallest unsigned type; 0 for a label that has none.

    Where nothing changes, that may be the same array.
    """
    dtype = np.min_scalar_type(max(new_values.values(), default=0))
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    if low == 0 and high <= len(new_values) and all(new_values.get(value) == value for value in range(1, high + 1)):
        return array.astype(dtype, copy=False)  # nothing to leave out: the most frequent case, and at once
    if low == 0 and high <= _LARGEST_TABLE:
        table = np.zeros(high + 1, dtype)
        for old, new in new_values.items():
            if old <= high:
                table[old] = new
        return table[array]
    result = np.zeros_like(array, dtype=dtype)
    for old, new in new_values.items():
        result[array == old] = new
    return result
