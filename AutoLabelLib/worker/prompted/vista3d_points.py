"""VISTA3D's answer to clicks: one window around each click, each starting from what was answered before it.

The network merges what a click says into the answer before: only the connected parts change that a click lies in. So
the answer to a list of clicks depends on nothing but the list, and one more click costs one window. Places that no
window covered count as outside. (MONAI's own `point_based_window_inferer` asks for all windows anew with each click,
and leaves NaN between them.)
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.prompt import Point
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.networks.grid import ModelGrid
from AutoLabelLib.worker.networks.memory_ladder import Plan
from AutoLabelLib.worker.networks.model_cache import LruCache
from AutoLabelLib.worker.prompted.logits_box import LogitsBox

ANSWERS: LruCache[LogitsBox] = LruCache(128 * 1024**2, lambda answer: answer.nbytes)

_INSIDE = 1e-3  # voxels; the network takes a click exactly at its window's first voxel for one outside


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of the network.

    Attributes:
        volume: (1, I, J, K), the image on the network's grid.
        grid: That grid.
        label: Class of what is pointed at.
        is_class: Whether the network knows that class, so that it helps by its name.
        start: What is corrected; empty for nothing.
    """

    volume: torch.Tensor
    grid: ModelGrid
    label: int
    is_class: bool
    start: LogitsBox


class PointedNetwork:
    """The network on a device, asked with clicks; kept among the engines of its model."""

    name = "points"

    def __init__(self, network: torch.nn.Module, plan: Plan) -> None:
        self.device = plan.device
        self.copies_weights = not plan.on_cpu
        self._half = plan.half and not plan.on_cpu
        if self.copies_weights:
            import copy

            network = copy.deepcopy(network).to(self.device)
        self._network: Any = network

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Never called: it is asked with clicks."""
        raise NotImplementedError

    def ask(
        self,
        window: torch.Tensor,
        points: NDArray[np.float64],
        signs: Sequence[bool],
        question: Question,
        before: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return logits (I, J, K) of one window.

        Args:
            window: (1, I, J, K).
            points: (N, 3), indices in the window.
            signs: (N,) whether each is positive.
            question: What is asked.
            before: (I, J, K) logits that are corrected; None for none.
        """
        kinds = torch.tensor([[int(sign) for sign in signs]])
        number = torch.tensor([[question.label]], device=self.device)
        if question.is_class:  # some classes, such as tumours, have clicks of their own kind
            kinds = self._network.convert_point_label(kinds, [question.label])
        whole = [tuple(slice(0, n) for n in (1, 1, *window.shape[1:]))]
        kind = self.device.partition(":")[0]
        with torch.inference_mode(), torch.autocast(kind, torch.float16, enabled=self._half):
            logits = self._network(
                window[None].to(self.device),
                point_coords=torch.as_tensor(points, dtype=torch.float32, device=self.device)[None],
                point_labels=kinds.to(self.device),
                class_vector=number if question.is_class and before is None else None,
                prompt_class=number,
                patch_coords=whole,
                prev_mask=None if before is None else before[None, None].clone(),
            )
        return logits[0, 0].float().cpu().clone()  # what was made in inference mode cannot be written to later


def answer(
    network: PointedNetwork,
    question: Question,
    points: Sequence[Point],
    patch: tuple[int, int, int],
    key: tuple[Hashable, ...],
    plan: Plan,
    context: TaskContext,
) -> tuple[LogitsBox, int]:
    """Return what the network says after the last of some clicks, and how many windows that took.

    Args:
        network: On its device.
        question: What is asked, but for the clicks.
        points: In the order in which they were given.
        patch: (3,), shape of a window.
        key: Identifies image, model, class and start.
        plan: For a test that runs out of memory.
        context: Receives progress per window.

    Raises:
        ModelError: If the network returns NaN.
    """
    has_start = question.is_class or bool(question.start.logits.numel())
    first = 1 if has_start else 1 + next(n for n, point in enumerate(points) if point.positive)
    rounds = [tuple(points[:end]) for end in range(first, len(points) + 1)]
    known = next((n for n in range(len(rounds), 0, -1) if (*key, rounds[n - 1]) in ANSWERS), 0)
    said = question.start
    for number, told in enumerate(rounds[max(0, known - 1) :], max(1, known)):
        context.progress((number - 1) / len(rounds), f"Click {number} of {len(rounds)}")
        said = ANSWERS.get((*key, told), partial(_asked, network, question, told, said, patch, plan, context))
    context.progress(1.0, "Done")
    return said, len(rounds) - known


def _asked(
    network: PointedNetwork,
    question: Question,
    points: Sequence[Point],
    before: LogitsBox,
    patch: tuple[int, int, int],
    plan: Plan,
    context: TaskContext,
) -> LogitsBox:
    """Return an answer corrected in the window around the latest click."""
    memory_ladder.fault(plan)
    index = index_from_ras(question.grid.affine, [point.position_ras_mm for point in points])
    shape = np.asarray(question.grid.shape)
    low = np.clip(np.rint(index[-1]).astype(int) - np.asarray(patch) // 2, 0, np.maximum(shape - patch, 0))
    high = np.minimum(low + patch, shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    padding = [side for n in reversed(low + patch - high) for side in (0, int(n))]
    window = torch.nn.functional.pad(question.volume[:, i, j, k], padding)
    inside = ((index > low - 0.5) & (index < high - 0.5)).all(axis=1)
    own = np.clip(index[inside] - low, _INSIDE, high - low - 1)
    signs = [point.positive for point, held in zip(points, inside, strict=True) if held]
    held = before.read(low, patch) if before.logits.numel() else None
    with context.phase("network"):
        logits = network.ask(window, own, signs, question, held)
    logits = logits[tuple(slice(0, int(n)) for n in high - low)]
    if not bool(torch.isfinite(logits).all()):
        raise ModelError("The network returned NaN or infinite values.", "Try another device.")
    return before.written(low, logits)
