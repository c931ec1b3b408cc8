"""What an edit made of a segmentation, so that exactly this can be taken back later.

The Segment Editor adds a result to one segment, and takes voxels from others where the user's overwrite mode says so.
When the next prompt replaces that result, its neighbours must get back what they lost, and what the segment held
before must stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine
from AutoLabelLib.scene.layers import LABELMAP
from AutoLabelLib.scene.nodes import Node, load_slicer
from AutoLabelLib.scene.voxels import (
    Corner,
    affine_of,
    is_empty,
    oriented_image,
    overlap,
    read_box,
    start_of,
)


@dataclass(frozen=True, eq=False)
class Change:
    """What an edit did in a box of the editor's grid.

    Attributes:
        affine: (4, 4) of the grid, index to the segmentation's local RAS mm.
        start_ijk: Index on the grid of the box's first voxel.
        added: (I, J, K) bool, what the segment got.
        taken: For each other segment that lost voxels, by its id, which ones (I, J, K) bool.
        removed: (I, J, K) bool, what the segment itself lost.
    """

    affine: Affine
    start_ijk: Corner
    added: NDArray[np.bool_]
    taken: Mapping[str, NDArray[np.bool_]]
    removed: NDArray[np.bool_]

    @property
    def is_nothing(self) -> bool:
        """Whether it left everything as it was."""
        return not (self.added.any() or self.removed.any() or self.taken)


@contextmanager
def watched(segmentation_node: Node, segment_id: str, image: Any) -> Iterator[list[Change]]:
    """Note what a block that edits a segment makes of a segmentation.

    Args:
        segmentation_node: Segmentation.
        segment_id: Segment that the block edits.
        image: vtkOrientedImageData that it edits with: nothing outside of its extent changes.

    Yields:
        A list that has the change in it when the block has ended.
    """
    affine, start, shape = affine_of(image), start_of(image), image.GetDimensions()
    changes: list[Change] = []
    before = _masks(segmentation_node, affine, start, shape)
    yield changes
    after = _masks(segmentation_node, affine, start, shape)
    nothing = np.zeros(shape, bool)
    own = [masks.get(segment_id, nothing) for masks in (before, after)]
    added, removed = own[1] & ~own[0], own[0] & ~own[1]
    lost = {other: mask & ~after.get(other, nothing) for other, mask in before.items() if other != segment_id}
    changes.append(Change(affine, start, added, {other: mask for other, mask in lost.items() if mask.any()}, removed))


def take_back(segmentation_node: Node, segment_id: str, change: Change) -> None:
    """Take from a segment what a change added to it, and give back what it took from it and from its neighbours.

    What was edited otherwise since then stays, and a neighbour that is gone is left out.
    """
    logic = load_slicer().vtkSlicerSegmentationsModuleLogic
    segmentation = segmentation_node.GetSegmentation()
    now = _masks(segmentation_node, change.affine, change.start_ijk, change.added.shape)
    added = change.added & now.get(segment_id, False)
    if np.any(added):
        keep = (~added).astype(np.uint8)
        image = oriented_image(keep, change.affine, change.start_ijk)
        logic.SetBinaryLabelmapToSegment(image, segmentation_node, segment_id, logic.MODE_MERGE_MIN)
    lost = {**change.taken, **({segment_id: change.removed} if change.removed.any() else {})}
    for other, mask in lost.items():
        if segmentation.GetSegment(other) is not None:
            image = oriented_image(mask.astype(np.uint8), change.affine, change.start_ijk)
            logic.SetBinaryLabelmapToSegment(image, segmentation_node, other, logic.MODE_MERGE_MASK)


@dataclass(frozen=True, eq=False)
class Before:
    """What a segment held, in the box of all changes to it, before any of them.

    Attributes:
        affine: (4, 4) of the grid, index to the segmentation's local RAS mm.
        start_ijk: Index on the grid of the box's first voxel.
        mask: (I, J, K) bool.
    """

    affine: Affine
    start_ijk: Corner
    mask: NDArray[np.bool_]

    def with_change(self, change: Change) -> NDArray[np.bool_]:
        """Return the mask (I, J, K) as a change of it left it."""
        mask = self.mask.copy()
        parts = overlap(self.start_ijk, mask.shape, change.start_ijk, change.added.shape)
        if parts is not None:
            mask[parts[0]] = mask[parts[0]] & ~change.removed[parts[1]] | change.added[parts[1]]
        return mask

    def without_change(self, change: Change) -> NDArray[np.bool_]:
        """Return what the mask (I, J, K) was, if it is what a change of it left."""
        mask = self.mask.copy()
        parts = overlap(self.start_ijk, mask.shape, change.start_ijk, change.added.shape)
        if parts is not None:
            mask[parts[0]] = mask[parts[0]] & ~change.added[parts[1]] | change.removed[parts[1]]
        return mask


def before_of(segmentation_node: Node, segment_id: str, changes: Sequence[Change], latest: Change | None) -> Before:
    """Return what a segment held before changes that were made one in place of the other.

    Args:
        segmentation_node: Segmentation.
        segment_id: Segment.
        changes: All of them, on one grid; at least one.
        latest: Which of them the segment shows; None for none.
    """
    low = np.min([change.start_ijk for change in changes], axis=0)
    high = np.max([np.add(change.start_ijk, change.added.shape) for change in changes], axis=0)
    start, affine = (int(low[0]), int(low[1]), int(low[2])), changes[0].affine
    mask = _mask(segmentation_node, segment_id, affine, start, tuple(high - low))
    before = Before(affine, start, mask)
    if latest is not None:
        before = Before(affine, start, before.without_change(latest))
    return before


def shown_change(segmentation_node: Node, segment_id: str, before: Before, changes: Sequence[Change]) -> int | None:
    """Return which of several changes a segment shows: its index, or -1 for none; None if it holds something else."""
    now = _mask(segmentation_node, segment_id, before.affine, before.start_ijk, before.mask.shape)
    for index in reversed(range(len(changes))):
        if np.array_equal(now, before.with_change(changes[index])):
            return index
    return -1 if np.array_equal(now, before.mask) else None


def _mask(
    segmentation_node: Node, segment_id: str, affine: Affine, start: Corner, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Return the voxels of one segment in a box."""
    segment = segmentation_node.GetSegmentation().GetSegment(segment_id)
    labels = read_box(segment.GetRepresentation(LABELMAP), affine, start, shape)
    return np.asarray(labels == segment.GetLabelValue())


def _masks(
    segmentation_node: Node, affine: Affine, start: Corner, shape: tuple[int, ...]
) -> dict[str, NDArray[np.bool_]]:
    """Return the voxels of each segment in a box, by its id; segments that have none there are left out."""
    segmentation = segmentation_node.GetSegmentation()
    masks = {}
    for layer in range(segmentation.GetNumberOfLayers(LABELMAP)):
        image = segmentation.GetLayerDataObject(layer, LABELMAP)
        if is_empty(image):
            continue
        labels = read_box(image, affine, start, shape)
        present = set(np.unique(labels).tolist())
        for segment_id in segmentation.GetSegmentIDsForLayer(layer, LABELMAP):
            value = segmentation.GetSegment(segment_id).GetLabelValue()
            if value in present:
                masks[segment_id] = labels == value
    return masks
