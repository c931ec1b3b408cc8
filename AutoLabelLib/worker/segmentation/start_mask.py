"""An existing mask as a prompt: a network corrects it where a user points, and nowhere else.

The network is asked about the object in the mask and about everything that the user pointed at. Where its answer
differs from the mask there are regions of too much and of too little. Of these, the ones that a prompt points at are
changed, as far as they are about as thick as they are there: not the thin seams along the rest of the boundary, on
which two ways of drawing it always differ.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index, spacing_mm
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.classical.marks import marks_of
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks.grid import Region

_THICKNESS = 0.5  # of a region where it was pointed at, down to which it belongs to what was meant
_NEAR_VOXELS = 2  # a prompt this near to a region means it
_LOGITS_PER_MM = 4.0  # how fast the answers of lung_nodule_ct fade across an outline
_SUREST_LOGIT = 5.0  # deep inside; a correction can still turn it


def pointed_at(start: ObjectMask, image: Image) -> Point:
    """Return a click in the middle of a mask: the voxel deepest in it, of several the one nearest to their centre."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(start.mask, 1), sampling=image.spacing_mm)
    deep = np.argwhere(depth >= depth.max()) - 1
    apart_mm = (deep - deep.mean(axis=0)) * np.asarray(image.spacing_mm)
    middle = deep[np.argmin((apart_mm**2).sum(axis=1))] + start.start_ijk
    r, a, s = (float(value) for value in ras_from_index(image.affine, middle))
    return Point((r, a, s))


def with_start(prompts: Prompts, start: ObjectMask, image: Image) -> Prompts:
    """Return prompts that say which object is meant, too: a click in the middle of the mask comes first."""
    return replace(prompts, points=(pointed_at(start, image), *prompts.points))


class GivenAnswer:
    """A mask in the place of a network's answer to the click in the middle of it, so that corrections start from it.

    Args:
        start: The mask.
        prompts: As `with_start` gives them.

    Attributes:
        told: The click that it answers.
        key: Identifies it.
    """

    def __init__(self, start: ObjectMask, prompts: Prompts) -> None:
        self._start = start
        self.told = Prompts(points=prompts.points[:1])
        packed: NDArray[np.uint8] = np.packbits(start.mask)
        self.key = hashlib.sha256(packed.tobytes() + start.start_ijk.tobytes()).hexdigest()

    def probability(self, part: Region) -> torch.Tensor:
        """Return (I, J, K), above one half in the mask, at the voxels of the image that a region covers.

        It fades across the outline as a network's answers do, so that corrections can move it as they move those.
        """
        from scipy.ndimage import distance_transform_edt

        order, shape = part.grid.order, part.grid.source_shape
        low, high = np.zeros(3, int), np.zeros(3, int)
        for new, (own, is_flipped) in enumerate(zip(order.axes, order.flips, strict=True)):
            first, last = part.coverage[new].start, part.coverage[new].stop
            low[own], high[own] = (shape[new] - last, shape[new] - first) if is_flipped else (first, last)
        inside = order.apply(self._start.read(low - 1, high + 1))
        step_mm = spacing_mm(part.covered_affine)
        depth_mm = distance_transform_edt(inside, sampling=step_mm) - distance_transform_edt(~inside, sampling=step_mm)
        depth_mm -= np.copysign(min(step_mm) / 2, depth_mm)  # the outline lies between the voxels
        logits = np.clip(_LOGITS_PER_MM * depth_mm[1:-1, 1:-1, 1:-1], -_SUREST_LOGIT, _SUREST_LOGIT)
        return torch.from_numpy(np.array(1 / (1 + np.exp(-logits)), dtype=np.float32, order="C"))


def corrected(
    start: ObjectMask, answer: NDArray[np.bool_], prompts: Prompts, image: Image, context: TaskContext
) -> NDArray[np.bool_]:
    """Return a mask (I, J, K) on the image's grid, changed where prompts point and a network's answer differs from it.

    Args:
        start: The mask.
        answer: (I, J, K) of the network.
        prompts: Of the user.
        image: What both are of.
        context: Receives a warning if the network does not follow a prompt.
    """
    marks = marks_of(prompts, image)
    seen = ObjectMask.trimmed(answer, np.zeros(3, int))
    places = [start.start_ijk, start.end_ijk, seen.start_ijk, seen.end_ijk]
    places += [end for mark in marks for end in (mark.voxels.min(axis=0), mark.voxels.max(axis=0) + 1)]
    low = np.maximum(np.min(places, axis=0) - 1, 0)
    high = np.minimum(np.max(places, axis=0) + 1, image.spatial_shape)
    mask, other = start.read(low, high), seen.read(low, high)
    for mark in marks:
        voxels = mark.voxels - low
        wrong = mask[tuple(voxels.T)] != mark.positive
        if not wrong.any():
            continue
        differs = other & ~mask if mark.positive else mask & ~other
        mask[_meant(differs, voxels[wrong], image.spacing_mm)] = mark.positive
        if (mask[tuple(voxels.T)] != mark.positive).any():
            context.warn('The model does not agree with a prompt; "any_structure" follows each one.')
    result = np.zeros(image.spatial_shape, bool)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    result[i, j, k] = mask
    return result


def _meant(differs: NDArray[np.bool_], voxels: NDArray[np.int_], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
    """Return the parts (I, J, K) of what differs that some voxels (N, 3) point at."""
    from scipy.ndimage import distance_transform_edt, label

    pointed = np.ones(differs.shape, bool)
    pointed[tuple(voxels.T)] = False
    away = distance_transform_edt(pointed)
    near = differs & (away <= _NEAR_VOXELS)
    if not near.any():
        return near
    depth = distance_transform_edt(np.pad(differs, 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]
    thick = _THICKNESS * float(depth[near].max())
    core = depth >= thick
    parts, _ = label(core, np.ones((3, 3, 3)))
    own = np.unique(parts[near & core])
    beside = distance_transform_edt(~np.isin(parts, own[own > 0]), sampling=spacing_mm)
    # Around the core, as far as its balls reach, so that a thick region comes whole and a seam does not.
    return differs & (beside <= thick + min(spacing_mm))
