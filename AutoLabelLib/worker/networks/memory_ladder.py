"""What to give up, step by step, when memory runs out: first what costs only time, at last a little of the quality.

smaller batch -> sums on the CPU -> half precision -> smaller windows -> the CPU. Steps that make no difference (the CPU
on the CPU) are left out.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from AutoLabelLib.core.errors import OutOfMemory
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.plain_words import is_out_of_memory

Answer = TypeVar("Answer")
Patch = tuple[int, int, int]

_LARGEST_DIVISOR = 32  # networks halve a window up to five times


@dataclass(frozen=True)
class Plan:
    """How windows are run and their results added up.

    Attributes:
        device: "cpu", "cuda", "cuda:1", "mps".
        engine: Name of the engine, or "auto".
        patch_voxels: (3,) of a window.
        batch: Windows per pass of the network.
        sums_on_cpu: Whether the overlapping results are added up on the CPU.
        half: Whether they are added up in float16, and the network runs in half precision on a GPU.
        full_patch_voxels: Window before it was made smaller; None: it is whole.
    """

    device: str
    engine: str
    patch_voxels: Patch
    batch: int = 1
    sums_on_cpu: bool = False
    half: bool = False
    full_patch_voxels: Patch | None = None

    @property
    def on_cpu(self) -> bool:
        """Whether the network runs on the CPU."""
        return self.device == "cpu"


def fault(plan: Plan) -> None:
    """Do nothing; called before each window, so that a test can put in its place something that runs out of memory."""


def next_rung(plan: Plan, may_shrink_patch: bool = True) -> tuple[Plan, str] | None:
    """Return a plan that needs less memory and a sentence about it, or None if there is none.

    Args:
        plan: What did not fit.
        may_shrink_patch: False for a network that sees one region of fixed size.
    """
    if plan.batch > 1:
        return replace(plan, batch=1), "the windows are run one by one"
    if not plan.on_cpu and not plan.sums_on_cpu:
        return replace(plan, sums_on_cpu=True), "the results are added up on the CPU"
    if not plan.half:
        return replace(plan, half=True), "half precision is used"
    smaller = _half_patch(plan.patch_voxels)
    if may_shrink_patch and plan.full_patch_voxels is None and smaller != plan.patch_voxels:
        size = " x ".join(map(str, smaller))
        plan = replace(plan, patch_voxels=smaller, full_patch_voxels=plan.patch_voxels)
        return plan, f"smaller windows of {size} voxels are used, which can cost some accuracy"
    if not plan.on_cpu:
        patch = plan.full_patch_voxels or plan.patch_voxels
        return Plan("cpu", "auto", patch), "the network runs on the CPU, which takes longer"
    return None


def climb(
    plan: Plan, attempt: Callable[[Plan], Answer], context: TaskContext, may_shrink_patch: bool = True
) -> tuple[Answer, Plan]:
    """Return what an attempt returns, and the plan that it fitted into memory with; each step down is reported.

    Args:
        plan: The first to try.
        attempt: Does the work from its beginning; may run out of memory.
        context: Receives a warning for each step.
        may_shrink_patch: False for a network that sees one region of fixed size.

    Raises:
        OutOfMemory: If even the smallest form does not fit.
    """
    while True:
        try:
            return attempt(plan), plan
        except (MemoryError, RuntimeError) as problem:  # torch.OutOfMemoryError is a RuntimeError
            if not is_out_of_memory(problem):
                raise
            rung = next_rung(plan, may_shrink_patch)
            if rung is None:
                raise too_large() from problem
        release()
        plan, what = rung
        context.warn(f"Memory ran out, so {what}.")


def too_large() -> OutOfMemory:
    """Return the error for work that does not fit into memory in any form."""
    return OutOfMemory(
        "There is not enough memory for this volume, even in the most economical form.",
        "Close other programs, or crop the volume to the part that matters (module Crop Volume).",
    )


def release() -> None:
    """Give back memory that nobody holds."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _half_patch(patch_voxels: Patch) -> Patch:
    """Return half a window, each edge a multiple of the power of two that divides it in the whole window."""
    sizes = []
    for edge in patch_voxels:
        divisor = min(edge & -edge, _LARGEST_DIVISOR)
        sizes.append(max(divisor, -(-edge // (2 * divisor)) * divisor))
    return (sizes[0], sizes[1], sizes[2])
