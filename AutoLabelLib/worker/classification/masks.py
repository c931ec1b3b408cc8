"""The masks that are judged: segments of a labelmap on the image's grid, or what a segmenter finds at a click."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.context import TaskContext

_ON_THE_SAME_VOXEL = 1e-3


@dataclass(frozen=True, eq=False)
class NamedMask:
    """One segment on the image's grid.

    Attributes:
        name: Of the segment.
        mask: (I, J, K) bool; may be empty.
        outside_fraction: Share of the segment that lies outside of the image.
    """

    name: str
    mask: NDArray[np.bool_]
    outside_fraction: float = 0.0


def chosen_segments(labelmap: Labelmap, names: Iterable[str] | None) -> tuple[Segment, ...]:
    """Return the segments of the given names, or label values; all of them without names.

    Raises:
        InputError: If one is not there, or there are none at all.
    """
    if names is None:
        if not labelmap.segments:
            raise InputError("The segmentation has no segments.", "Add one, or classify without a segmentation.")
        return labelmap.segments
    by_value = {str(segment.label_value): segment for segment in labelmap.segments}
    known = {segment.name for segment in labelmap.segments}
    return tuple(labelmap.segment(n) if n in known or n not in by_value else by_value[n] for n in names)


def on_image(labelmap: Labelmap, segment: Segment, image: Image) -> NamedMask:
    """Return a segment on the image's grid; from another grid, each voxel takes what is there at its centre."""
    mask = labelmap.mask(segment)
    if labelmap.same_grid(image):
        return NamedMask(segment.name, mask)
    index = np.argwhere(mask)
    moved = np.zeros(image.spatial_shape, dtype=bool)
    if not len(index):
        return NamedMask(segment.name, moved)
    ends = geometry.index_from_ras(image.affine, geometry.ras_from_index(labelmap.affine, _corners(index)))
    low = np.clip(np.floor(ends.min(axis=0)), 0, image.spatial_shape).astype(int)
    high = np.clip(np.ceil(ends.max(axis=0)) + 1, 0, image.spatial_shape).astype(int)
    if (high > low).all():
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        here = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
        there = geometry.index_from_ras(labelmap.affine, geometry.ras_from_index(image.affine, here))
        moved[box] = _looked_up(mask, there)
    centres = geometry.index_from_ras(image.affine, geometry.ras_from_index(labelmap.affine, index))
    outside = ((centres < -0.5) | (centres > np.asarray(image.spatial_shape) - 0.5)).any(axis=1)
    return NamedMask(segment.name, moved, float(outside.mean()))


def _corners(index: NDArray[np.intp]) -> NDArray[np.float64]:
    low, high = index.min(axis=0) - 0.5, index.max(axis=0) + 0.5
    return np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1).reshape(-1, 3)


def _looked_up(mask: NDArray[np.bool_], index: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the mask at continuous indices (..., 3): that of the nearest voxel, nothing outside."""
    nearest = np.floor(index + 0.5 - _ON_THE_SAME_VOXEL).astype(int)
    inside = ((nearest >= 0) & (nearest < mask.shape)).all(axis=-1)
    clipped = np.clip(nearest, 0, np.asarray(mask.shape) - 1)
    return np.asarray(mask[tuple(np.moveaxis(clipped, -1, 0))] & inside)


def segmented(
    spec: ModelSpec, image: Image, prompts: Prompts, device: str, context: TaskContext
) -> tuple[Labelmap, Result]:
    """Return what the classifier's segmenter finds where somebody pointed, and how it was found.

    Raises:
        ContractError: If the classifier has no segmenter, or it cannot take these prompts.
        InputError: If nothing is there.
    """
    from AutoLabelLib.worker.tasks import segmentation

    if not spec.segmenter:
        raise ContractError(
            f'"{spec.name}" judges a segment, and names no model that could make one from a click.',
            "Segment the object first, and give the segmentation.",
        )
    segmenter = catalogue.find(spec.segmenter)
    given = understood(prompts, segmenter)
    segmenter.check(image, given)
    job = Job("segmentation", str(segmenter.folder), (image,), prompts=given, options={"device": device})
    result = segmentation.run(job, context)
    labelmap = result.labelmaps[0]
    if not labelmap.array.any():
        raise InputError(
            f'"{segmenter.name}" found nothing where you pointed, so that there is nothing to classify.',
            "Click into the object itself.",
        )
    return labelmap, result


def understood(prompts: Prompts, segmenter: ModelSpec) -> Prompts:
    """Return prompts with the middle of a box as a point, for a segmenter that takes points but no boxes."""
    if "box" in segmenter.prompts or not prompts.boxes or "point" not in segmenter.prompts:
        return prompts
    middles = [(np.asarray(box.low_ras_mm) + box.high_ras_mm) / 2 for box in prompts.boxes if box.positive]
    points = tuple(Point((float(r), float(a), float(s))) for r, a, s in middles)
    return replace(prompts, boxes=(), points=(*prompts.points, *points))


def all_in(masks: Sequence[NamedMask]) -> list[NamedMask]:
    """Return the masks that hold a voxel.

    Raises:
        InputError: If none does.
    """
    held = [one for one in masks if one.mask.any()]
    if held:
        return held
    names = ", ".join(f'"{one.name}"' for one in masks)
    if any(one.outside_fraction > 0 for one in masks):
        raise InputError(f"The segment {names} lies outside of the volume.", "Choose the volume that it was drawn on.")
    which = f"The segment {names} is empty" if len(masks) == 1 else "All segments are empty"
    raise InputError(f"{which}: there is nothing to classify.", "Draw or choose another one.")
