"""The method "geodesic": an object from a click, a stroke, a box or a lasso, corrected prompt by prompt.

Each prompt is answered where the object stood before it, and changes it no farther away than it reaches itself. So a
correction never spoils what was right elsewhere. The answer depends on the image, the prompts, their order, and the
mask to start from, and on nothing else. Answers to the first few of some prompts are remembered: one more costs one
step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.classical.marks import Mark, marks_of
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.classical.steps import Steps
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks.model_cache import LruCache

_ANSWERS: LruCache[ObjectMask] = LruCache(256 * 2**20, lambda answer: answer.nbytes)
_DARKEST = 0.01  # of the image's contrast above its lowest value: usually air


def segment(
    image: Image, prompts: Prompts, start: Labelmap | None, context: TaskContext
) -> tuple[ObjectMask, dict[str, Any]]:
    """Return the object that prompts point at, and how it was made.

    Args:
        image: Its first channel is looked at.
        prompts: At least one; inside the image.
        start: Mask to correct, on a box of the image's grid; what is not 0 belongs to it.
        context: Receives progress per prompt, and warnings.

    Raises:
        InputError: If prompts contradict each other, or there is nothing to take anything away from.
    """
    marks = marks_of(prompts, image)
    answer = ObjectMask.of_labelmap(start, image)
    steps = Steps(image, prompts, answer, context)
    _check(marks, has_object=start is not None or bool(steps.outlines))
    _warn_of_air(marks, image, steps.contrast, context)
    asked: tuple[Any, ...] = (image.fingerprint, _digest(answer), prompts.boxes, tuple(steps.outlines))
    if steps.outlines:
        answer = _ANSWERS.get(asked, partial(steps.outlined, answer))
    for number, mark in enumerate(marks):
        context.progress((number + 1) / (len(marks) + 1), f"Prompt {number + 1} of {len(marks)}")
        asked = (*asked, mark.prompt)
        answer = _ANSWERS.get(asked, partial(steps.answered, answer, marks[:number], mark))
    context.progress(1.0, "Done")
    return answer, {"method": "geodesic", "device": "cpu", "rounds": len(marks) + bool(steps.outlines)}


def _check(marks: Sequence[Mark], has_object: bool) -> None:
    """Raise InputError for prompts that cannot be answered."""
    if not has_object and not any(mark.positive for mark in marks):
        raise InputError("There is nothing to take away from yet.", "Point at the object itself first.")
    voxels: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    for mark in marks:
        voxels[mark.positive].update(map(tuple, mark.voxels.tolist()))
    if voxels[True] & voxels[False]:
        raise InputError("A voxel was marked as part of it and as not part of it.", "Remove one of the two prompts.")


def _warn_of_air(marks: Sequence[Mark], image: Image, contrast: float, context: TaskContext) -> None:
    darkest = image.value_ranges[0][0] + _DARKEST * contrast
    for mark in marks:
        if mark.positive and (image.array[(0, *mark.voxels.T)] <= darkest).all():
            context.warn("A prompt lies on the darkest part of the image, which is usually air.")


def _digest(mask: ObjectMask) -> str:
    packed: NDArray[np.uint8] = np.packbits(mask.mask)
    return hashlib.sha256(packed.tobytes() + mask.start_ijk.tobytes() + repr(mask.mask.shape).encode()).hexdigest()
