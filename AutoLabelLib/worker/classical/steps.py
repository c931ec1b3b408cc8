"""The steps of the method "geodesic": what is looked at for a prompt, and what becomes of the object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box, Lasso, Prompts
from AutoLabelLib.worker.classical import correction, outline
from AutoLabelLib.worker.classical.correction import Known
from AutoLabelLib.worker.classical.likelihood import contrast_of, noise_of
from AutoLabelLib.worker.classical.marks import Mark
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.classical.view import View, look
from AutoLabelLib.worker.context import TaskContext

_FIRST_MM = (24.0, 48.0, 96.0, 192.0)  # half the width of what a first prompt looks at, until a boundary is seen
_FIRST_VOXELS = 10  # and at least so many to each side
_LEAST_CONTRAST = 0.35  # of a boundary; less is found in mere noise, too
_OPEN_PENALTY = 1.0  # an object that goes on beyond what was looked at has no boundary there
_SKIN_PENALTY = 0.3  # of a boundary that only the widest look finds: it is often the skin, which is seldom meant
_MARGIN_VOXELS = 8  # around what a correction can reach
_OUTLINE_VOXELS = 72**3  # a box is worked on as a whole, not only near a boundary
_MOST_SEEDS = 64  # of a stroke, for the depth at which it lies


class Steps:
    """Answers one prompt after the other on one image.

    Args:
        image: Its first channel is looked at.
        prompts: Of these, boxes and lassos say where the object can be.
        start: Mask to correct; empty for none. What is left of it belongs to the object without being pointed at.
        context: Receives warnings.

    Attributes:
        outlines: Boxes and lassos around the object.
        contrast: Range of the image's intensities.
    """

    def __init__(self, image: Image, prompts: Prompts, start: ObjectMask, context: TaskContext) -> None:
        outlines: tuple[Box | Lasso, ...] = (*prompts.boxes, *prompts.lassos)
        self.outlines = [each for each in outlines if each.positive]
        self.contrast = contrast_of(image.array[0])
        self._image = image
        self._start = start
        self._context = context
        self._forbidden = [box for box in prompts.boxes if not box.positive]
        self._spacing_mm = np.asarray(image.spacing_mm)

    def outlined(self, before: ObjectMask) -> ObjectMask:
        """Return the object in boxes and lassos; a mask that was there before is cut to them."""
        low, high = outline.extent_of(self.outlines, self._image)
        view = look(self._image, low - _MARGIN_VOXELS, high + _MARGIN_VOXELS, _OUTLINE_VOXELS)
        said = self._outline(view)
        known = self._known(view, [], said.possible)
        old = view.shrunk(before.read(view.low_ijk, view.high_ijk))
        mask = old & said.possible
        after = mask.astype(np.float32) if mask.any() else correction.fitted(view, said.likely, known)
        return _largest_part(view.changed(ObjectMask.empty(), np.zeros_like(old), after))

    def answered(self, before: ObjectMask, earlier: Sequence[Mark], mark: Mark) -> ObjectMask:
        """Return the object after one more prompt."""
        wrong = mark.voxels[before.holds(mark.voxels) != mark.positive]
        if not len(wrong):  # it only says what is so already, and is remembered for those that follow
            return before
        if not before.is_empty:
            after = self._corrected(before, earlier, mark, wrong)
        elif mark.positive:
            after = self._first(earlier, mark)
        else:
            return before
        positive = [other.voxels for other in (*earlier, mark) if other.positive]
        return _parts_at(after, np.concatenate(positive), self._start) if positive else after

    def _first(self, earlier: Sequence[Mark], mark: Mark) -> ObjectMask:
        best: tuple[float, View, Known, NDArray[np.bool_]] | None = None
        for half_mm in _FIRST_MM:
            reach = np.maximum(np.ceil(half_mm / self._spacing_mm).astype(int), _FIRST_VOXELS)
            view = look(self._image, mark.voxels.min(axis=0) - reach, mark.voxels.max(axis=0) + reach + 1)
            known = self._known(view, [*earlier, mark])
            for steep in (False, True):
                mask, contrast = correction.first_answer(view, view.index_of(mark.voxels), known, steep)
                contrast -= _OPEN_PENALTY * _is_open(mask, view)
                if half_mm == _FIRST_MM[-1] and contrast >= _LEAST_CONTRAST:
                    contrast -= _SKIN_PENALTY
                if best is None or contrast > best[0]:
                    best = (contrast, view, known, mask)
                if contrast >= _LEAST_CONTRAST:
                    break
            if not view.is_cut.any() or (best is not None and best[0] >= _LEAST_CONTRAST):
                break
            self._context.check_cancelled()
        assert best is not None
        contrast, view, known, mask = best
        if contrast < _LEAST_CONTRAST:
            self._context.warn(
                "What was pointed at hardly differs from what lies around it: mark what does not belong to it, "
                "or draw a box."
            )
        after = correction.settled(view, mask, known)
        return view.changed(ObjectMask.empty(), np.zeros_like(mask), after)

    def _corrected(
        self, before: ObjectMask, earlier: Sequence[Mark], mark: Mark, wrong: NDArray[np.int_]
    ) -> ObjectMask:
        depth_mm = self._depth_mm(before, wrong, mark.positive)
        reach = np.ceil(correction.REACH * depth_mm / self._spacing_mm).astype(int) + _MARGIN_VOXELS
        view = look(self._image, wrong.min(axis=0) - reach, wrong.max(axis=0) + reach + 1)
        known = self._known(view, [*earlier, mark])
        mask = view.shrunk(before.read(view.low_ijk, view.high_ijk))
        size = float(np.count_nonzero(before.mask)) / float(np.prod(view.step))
        changed = correction.corrected(view, mask, view.index_of(wrong), mark.positive, known, depth_mm, size)
        return view.changed(before, mask, correction.settled(view, changed, known, mask, depth_mm))

    def _known(self, view: View, marks: Sequence[Mark], possible: NDArray[np.bool_] | None = None) -> Known:
        positive, negative = (_together(view, marks, sign) for sign in (True, False))
        if possible is None and self.outlines:
            possible = self._outline(view).possible
            if not possible[tuple(positive.T)].all():
                self._context.warn("A prompt lies outside of the box or lasso, so the object is not kept inside of it.")
                possible = None
        if self._forbidden:
            no = outline.outlined(self._forbidden, self._image, view.low_ijk, view.high_ijk, view.step).possible
            possible = ~no if possible is None else possible & ~no
        noise = noise_of(view.values, self.contrast)
        return Known(positive, negative[_not_among(negative, positive)], possible, noise)

    def _outline(self, view: View) -> outline.Outline:
        return outline.outlined(self.outlines, self._image, view.low_ijk, view.high_ijk, view.step)

    def _depth_mm(self, before: ObjectMask, wrong: NDArray[np.int_], positive: bool) -> float:
        """Return how far in mm the deepest of some voxels is from where the object is right."""
        from scipy.ndimage import binary_erosion

        voxels = wrong[:: -(-len(wrong) // _MOST_SEEDS)]
        mask = np.pad(before.mask, 1)
        edge = mask & ~binary_erosion(mask) if positive else ~mask
        if not positive:  # only what touches the object can be nearest
            from scipy.ndimage import binary_dilation

            edge &= binary_dilation(mask)
        places = np.argwhere(edge) + before.start_ijk - 1
        nearest = [np.sqrt((((places - voxel) * self._spacing_mm) ** 2).sum(axis=1).min()) for voxel in voxels]
        return float(max(nearest))


def _together(view: View, marks: Sequence[Mark], positive: bool) -> NDArray[np.int_]:
    voxels = [mark.voxels for mark in marks if mark.positive == positive]
    return view.index_of(np.concatenate(voxels)) if voxels else np.zeros((0, 3), int)


def _not_among(voxels: NDArray[np.int_], others: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Return which voxels (N, 3) are not among others: in a coarse view, two prompts can share one."""
    taken = set(map(tuple, others.tolist()))
    return np.array([tuple(voxel) not in taken for voxel in voxels.tolist()], bool)


def _is_open(mask: NDArray[np.bool_], view: View) -> bool:
    """Return whether an object leaves the view where the image goes on."""
    return any(bool(view.is_cut[axis, side] and mask.take(-side, axis).any()) for axis in range(3) for side in (0, 1))


def _parts_at(after: ObjectMask, voxels: NDArray[np.int_], start: ObjectMask) -> ObjectMask:
    """Return the connected parts of an object that hold one of some voxels (N, 3), or something of a mask."""
    from scipy.ndimage import label

    parts, count = label(after.mask)
    own = voxels[after.holds(voxels)] - after.start_ijk
    kept = np.union1d(parts[tuple(own.T)], parts[start.read(after.start_ijk, after.end_ijk)])
    if count < 2 or not kept.any():
        return after
    return ObjectMask.trimmed(np.isin(parts, kept[kept > 0]), after.start_ijk)


def _largest_part(after: ObjectMask) -> ObjectMask:
    from scipy.ndimage import label

    parts, count = label(after.mask)
    if count < 2:
        return after
    return ObjectMask.trimmed(parts == 1 + int(np.bincount(parts.ravel())[1:].argmax()), after.start_ijk)
