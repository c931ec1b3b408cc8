"""A network that reads its own previous answer is asked anew after each click, in the order of the clicks.

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
from AutoLabelLib.worker.grid import Region
from AutoLabelLib.worker.local_cut import Click
from AutoLabelLib.worker.model_cache import ANSWERS

Ask = Callable[[Prompts, "torch.Tensor | None"], torch.Tensor]
"""Returns probabilities (C, *region.shape), told prompts and the answer before it, None at first."""


def answer(prompts: Prompts, part: Region, key: tuple[Hashable, ...], ask: Ask) -> torch.Tensor:
    """Return what a network says of a region after the last of some clicks.

    Args:
        prompts: All that was pointed at.
        part: The region; clicks outside it are not rounds of their own, as nobody saw an answer there.
        key: Identifies image, model, engine and region.
        ask: Asks the network once.
    """
    said: torch.Tensor | None = None
    for told in told_so_far(prompts, part):
        said = ANSWERS.get((*key, told), partial(ask, told, said))
    assert said is not None  # there is at least one round
    return said


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
    """Return the clicks in a region, as its indices, without the first positive one: that one says where to look."""
    clicks = [(index_from_ras(part.affine, point.position_ras_mm), point.positive) for point in prompts.points]
    held = [click for click, point in zip(clicks, prompts.points, strict=True) if _holds(part, point.position_ras_mm)]
    first = next((n for n, (_, positive) in enumerate(held) if positive), len(held))
    return held[:first] + held[first + 1 :]


def _holds(part: Region, position_ras_mm: Position) -> bool:
    index = index_from_ras(part.affine, position_ras_mm)
    return bool((index >= -0.5).all() and (index <= np.asarray(part.shape) - 0.5).all())
