"""Whatever a user may pass as a segmentation, and as the segments of it, becomes a `Labelmap` of those segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from AutoLabelLib.api.sources import is_node
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.labelmap import Labelmap

SegmentNames = str | Sequence[str] | None
"""A segment's name (for a node its id, too), several of them, or None for all."""


@dataclass(frozen=True, eq=False)
class ChosenSegments:
    """Segments that a verb is about.

    Attributes:
        labelmap: With these segments alone, in order.
        segment_ids: For each its id in the segmentation node; () where there is none.
        node: The segmentation node; None where there is none.
    """

    labelmap: Labelmap
    segment_ids: tuple[str, ...] = ()
    node: Any = None


def choose_segments(segmentation: Any, segment: SegmentNames = None, volume_node: Any = None) -> ChosenSegments:
    """Return the chosen segments of a segmentation.

    Args:
        segmentation: Segmentation or labelmap volume node, `Labelmap`, or path of a segmentation file.
        segment: Which; see `SegmentNames`.
        volume_node: Volume on whose grid a segmentation node is taken; None for its own.

    Raises:
        InputError: If it cannot be read, or has no such segment.
    """
    if is_node(segmentation) and segmentation.IsA("vtkMRMLSegmentationNode"):
        from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

        segment_ids = _ids(segmentation, segment)
        labelmap = labelmap_from_segmentation(segmentation, volume_node, segment_ids)
        return ChosenSegments(labelmap, tuple(segment_ids), segmentation)
    labelmap = open_labelmap(segmentation)
    names = _names(segment)
    if names is None:
        return ChosenSegments(labelmap)
    return ChosenSegments(replace(labelmap, segments=tuple(labelmap.segment(name) for name in names)))


def open_labelmap(source: Any, grid_node: Any = None) -> Labelmap:
    """Return the labelmap that something stands for.

    Args:
        source: As in `choose_segments`.
        grid_node: Volume node on whose grid a segmentation node is taken; None for its own.

    Raises:
        InputError: If it cannot be read, or is not one of these.
    """
    if isinstance(source, Labelmap):
        return source
    if isinstance(source, (str, Path)):
        from AutoLabelLib.files.labelmaps import read_labelmap

        return read_labelmap(Path(source))
    if is_node(source) and source.IsA("vtkMRMLLabelMapVolumeNode"):
        from AutoLabelLib.scene.labelmap_volumes import labelmap_from_volume

        return labelmap_from_volume(source)
    if is_node(source):
        from AutoLabelLib.scene.segmentations import labelmap_from_segmentation

        return labelmap_from_segmentation(source, grid_node)
    raise InputError(f"Expected a segmentation node, a Labelmap or a path, got {type(source).__name__}.")


def _names(segment: SegmentNames) -> list[str] | None:
    return None if segment is None else [segment] if isinstance(segment, str) else list(segment)


def _ids(segmentation_node: Any, segment: SegmentNames) -> list[str]:
    segmentation = segmentation_node.GetSegmentation()
    names = {segment_id: segmentation.GetSegment(segment_id).GetName() for segment_id in segmentation.GetSegmentIDs()}
    wanted = _names(segment)
    if wanted is None:
        return list(names)
    found = []
    for name in wanted:
        ids = [segment_id for segment_id in names if name in (segment_id, names[segment_id])]
        if not ids:
            there = ", ".join(names.values()) or "none"
            raise InputError(f'There is no segment "{name}"; the segments are: {there}.')
        found += ids
    return list(dict.fromkeys(found))
