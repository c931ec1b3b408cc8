"""A segment that is made prompt by prompt: each answer replaces the one before, and what it held at first stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.scene.nodes import Node, resolve
from AutoLabelLib.scene.segment_update import update_segment
from AutoLabelLib.scene.segmentations import labelmap_from_segmentation, show_labelmap
from AutoLabelLib.scene.volumes import VolumeGrid, grid_of
from AutoLabelLib.scene.voxels import Corner, bounding_box, overlap


@dataclass(frozen=True, eq=False)
class _Part:
    """Voxels (I, J, K) of a segment in a box of the volume's grid; outside of it there are none."""

    mask: NDArray[np.bool_]
    start_ijk: Corner


_NOTHING = _Part(np.zeros((0, 0, 0), bool), (0, 0, 0))


class InteractiveSegment:
    """The place in the scene where the answers to prompts appear; made anew with the first one, if there is none.

    Nodes are held by id and looked up for each answer, because a user may delete them meanwhile.

    Args:
        volume_node: Volume that is segmented.
        segment: Name, colour and code of a new segment.
        segmentation_node: Segmentation to write to; None makes a new one.
        segment_id: Segment of it to write to; None makes a new one.
        replaces: Whether answers take the place of what the segment holds, because they started from it; else they
            are added to it.

    Raises:
        InputError: If there is no such segment.
    """

    def __init__(
        self,
        volume_node: Node,
        segment: Segment,
        segmentation_node: Node | None = None,
        segment_id: str | None = None,
        *,
        replaces: bool = False,
    ) -> None:
        self._volume_id = volume_node.GetID()
        self._segment = segment
        self._segmentation_id = segmentation_node.GetID() if segmentation_node is not None else None
        self.segment_id = segment_id
        self._replaces = replaces
        self._kept = self._shown = _NOTHING
        self.keep()

    @property
    def segmentation_node(self) -> Node | None:
        """The segmentation; None before the first answer, where none was given.

        Raises:
            InputError: If it is gone.
        """
        return resolve(self._segmentation_id, "vtkMRMLSegmentationNode") if self._segmentation_id else None

    def keep(self) -> None:
        """Take what the segment holds now as what stays, whatever is answered next."""
        held = self.labelmap()
        mask = held.array[0] != 0 if held is not None else np.zeros((0, 0, 0), bool)
        box = bounding_box(mask)
        if box is None:
            self._kept = _NOTHING
        else:
            self._kept = _Part(np.array(mask[box]), (box[0].start, box[1].start, box[2].start))
        self._shown = self._kept if self._replaces else _NOTHING

    def labelmap(self) -> Labelmap | None:
        """Return what the segment holds now, on the volume's grid; None before there is a segment."""
        if self._segmentation_id is None or self.segment_id is None:
            return None
        volume_node = resolve(self._volume_id, "vtkMRMLVolumeNode")
        return labelmap_from_segmentation(self.segmentation_node, volume_node, [self.segment_id])

    def show(self, mask: NDArray[np.bool_], start_ijk: Corner, grid: VolumeGrid, tags: Mapping[str, str]) -> None:
        """Show an answer in place of the one before; only the box of both is written.

        Args:
            mask: (I, J, K), a box of the volume's grid; outside of it there is nothing.
            start_ijk: Index of its first voxel.
            grid: Where the volume was when its image was taken.
            tags: Tags of the segment.

        Raises:
            InputError: If a node is gone, or the volume was changed meanwhile.
        """
        volume_node = resolve(self._volume_id, "vtkMRMLVolumeNode")
        _check_unchanged(volume_node, grid)
        self._make(volume_node, grid)
        below = _NOTHING if self._replaces else self._kept
        self._write(volume_node, below, _Part(mask, start_ijk), tags)

    def clear(self) -> None:
        """Take the answer away, so that the segment holds what it held at first."""
        if self._shown.mask.size:
            below, part = (_NOTHING, self._kept) if self._replaces else (self._kept, _NOTHING)
            self._write(resolve(self._volume_id, "vtkMRMLVolumeNode"), below, part, {})

    def _make(self, volume_node: Node, grid: HasGrid) -> None:
        """Make the segmentation and the segment where there are none yet."""
        if self.segment_id is not None:
            return
        nothing = np.broadcast_to(np.uint8(0), (1, *grid.spatial_shape))  # takes no memory
        empty = Labelmap(nothing, grid.affine, (self._segment,))
        node = show_labelmap(empty, volume_node, segmentation_node=self.segmentation_node, same_name="add")
        self._segmentation_id = node.GetID()
        self.segment_id = str(node.GetSegmentation().GetSegmentIDs()[-1])

    def _write(self, volume_node: Node, below: _Part, part: _Part, tags: Mapping[str, str]) -> None:
        boxes = [box for box in (part, self._shown) if box.mask.size]
        low = np.min([box.start_ijk for box in boxes], axis=0)
        high = np.max([np.add(box.start_ijk, box.mask.shape) for box in boxes], axis=0)
        mask = np.zeros(tuple(high - low), bool, order="F")
        for source in (below, part):
            _paste(source, mask, low)
        assert self.segment_id is not None
        start = (int(low[0]), int(low[1]), int(low[2]))
        update_segment(
            self.segmentation_node, self.segment_id, mask, volume_node, start_ijk=start, outside="keep", tags=tags
        )
        self._shown = part


def _paste(part: _Part, mask: NDArray[np.bool_], start_ijk: ArrayLike) -> None:
    """Add a part's voxels to a mask whose first voxel is start_ijk; what lies outside of it is left out."""
    both = overlap(start_ijk, mask.shape, part.start_ijk, part.mask.shape)
    if both is not None:
        mask[both[0]] |= part.mask[both[1]]


def _check_unchanged(volume_node: Node, grid: VolumeGrid) -> None:
    now = grid_of(volume_node)
    if now.spatial_shape != grid.spatial_shape or not np.allclose(now.local_affine, grid.local_affine):
        raise GeometryError(
            f'The voxels of "{volume_node.GetName()}" were changed while it was being segmented.',
            "Give the prompt again.",
        )
