"""A network that reads what it corrects is asked anew after each click, in the order of the clicks.

So a correction starts from what the user saw when clicking, and the answer to a list of clicks depends on nothing but
the list. Answers to earlier clicks are remembered: one more click costs one more pass.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.prompt import Position, Prompts
from AutoLabelLib.worker.networks.bundle import Bundle
from AutoLabelLib.worker.networks.grid import Region
from AutoLabelLib.worker.networks.model_cache import ANSWERS
from AutoLabelLib.worker.segmentation.local_cut import Click, Cut, standing

Ask = Callable[[Prompts, "torch.Tensor | None"], torch.Tensor]
"""Returns what stands (C, ...) in the voxels that a region covers, told prompts and what stood before, if anything."""


def answer(prompts: Prompts, part: Region, key: tuple[Hashable, ...], ask: Ask) -> torch.Tensor:
    """Return what stands in a region after the last of some clicks, (C, ...) in the voxels that it covers.

    Args:
        prompts: All that was pointed at.
        part: The region; clicks outside it are not rounds of their own, as nobody saw an answer there.
        key: Identifies image, model, engine and region.
        ask: Asks the network once.
    """
    stands: torch.Tensor | None = None
    for told in told_so_far(prompts, part):
        stands = ANSWERS.get((*key, told), partial(ask, told, stands))
    assert stands is not None  # there is at least one round
    return stands


def on_own_grid(
    probabilities: torch.Tensor, prompts: Prompts, part: Region, bundle: Bundle, before: torch.Tensor | None = None
) -> torch.Tensor:
    """Return what stands after a network's answer (C, ...), in the voxels of the image that a region covers.

    Args:
        probabilities: (C, *region.shape), the answer to the last prompt.
        prompts: All that was pointed at.
        part: The region.
        bundle: The model; how it wants its answer cut counts if that is of one object (background and object: C = 2).
        before: (C, ...), what stood before; None at first.
    """
    values = part.to_source(probabilities)
    if bundle.cut == Cut() or not bundle.outputs.is_exclusive or len(values) != 2:
        return values
    stood = None if before is None else before[1]
    stands = standing(values[1], corrections(prompts, part), part.covered_affine[:3, :3], bundle.cut, stood)
    return torch.stack([1 - stands, stands])


def told_so_far(prompts: Prompts, part: Region) -> list[Prompts]:
    """Return what had been pointed at after each click in a region, from its first positive one on; never empty.

    Strokes count from the start on: it is not known when they were drawn.
    """
    points = prompts.points
    inside = [_holds(part, point.position_ras_mm) for point in points]
    first = next((n for n, point in enumerate(points) if point.positive and inside[n]), len(points))
    ends = [n + 1 for n in range(first, len(points)) if inside[n]]
    return [replace(prompts, points=points[:end]) for end in ends[:-1]] + [prompts]


def corrections(prompts: Prompts, part: Region) -> list[Click]:
    """Return the clicks in a region without the first positive one, which says where to look.

    Their indices are those of the voxels that the region covers.
    """
    clicks = [(index_from_ras(part.covered_affine, point.position_ras_mm), point.positive) for point in prompts.points]
    held = [click for click, point in zip(clicks, prompts.points, strict=True) if _holds(part, point.position_ras_mm)]
    first = next((n for n, (_, positive) in enumerate(held) if positive), len(held))
    return held[:first] + held[first + 1 :]


def _holds(part: Region, position_ras_mm: Position) -> bool:
    index = index_from_ras(part.affine, position_ras_mm)
    return bool((index >= -0.5).all() and (index <= np.asarray(part.shape) - 0.5).all())
