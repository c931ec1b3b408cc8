"""The answer to some prompts: a small mask, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import cropped_affine, voxel_volume_ml
from AutoLabelLib.core.crop import IndexBox, pasted_labelmap
from AutoLabelLib.core.job import Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.provenance import segment_tags


@dataclass(frozen=True, eq=False)
class MaskUpdate:
    """What was found for some prompts.

    Attributes:
        mask: (I, J, K) bool, a box of the image's grid; outside of it there is nothing.
        start_ijk: Index on that grid of its first voxel.
        grid: The image's grid; for a node its `VolumeGrid` when the image was taken.
        result: The worker's result, with warnings and provenance.
        spec: The model.
    """

    mask: NDArray[np.bool_]
    start_ijk: tuple[int, int, int]
    grid: Any
    result: Result
    spec: ModelSpec

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the segment: what made it."""
        return segment_tags(self.result, self.spec)

    @property
    def volume_ml(self) -> float:
        """Volume of what was found."""
        return float(np.count_nonzero(self.mask)) * voxel_volume_ml(self.grid.affine)

    def labelmap(self, segment: Segment) -> Labelmap:
        """Return the mask on the whole grid, as a segment with the label value 1."""
        affine, shape = cropped_affine(self.grid.affine, self.start_ijk), self.mask.shape
        own = replace(segment, label_value=1, layer=0)
        small = Labelmap(self.mask.astype(np.uint8)[np.newaxis], affine, (own,))
        return pasted_labelmap(small, IndexBox(self.start_ijk, (shape[0], shape[1], shape[2])), self.grid)


def mask_update(result: Result, segment: Segment, grid: Any, spec: ModelSpec) -> MaskUpdate:
    """Return what a segmentation job with the option crop says of one of its segments."""
    labelmap = result.labelmaps[0]
    low_i, low_j, low_k = result.values["start_ijk"]
    return MaskUpdate(labelmap.mask(labelmap.segment(segment.name)), (low_i, low_j, low_k), grid, result, spec)
