"""Half precision where it is right and fast, and steps that are taken only with finite gradients."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from AutoLabelLib.worker.training.network import bf16_is_safe

if TYPE_CHECKING:
    from AutoLabelLib.worker.training.recipe import Recipe


@dataclass(frozen=True)
class Precision:
    """How one device computes a step.

    Attributes:
        device: "cpu" or "cuda".
        dtype: Of the autocast.
        enabled: Whether autocast is on.
        scaler: Keeps float16 gradients from vanishing; does nothing for other types.
    """

    device: str
    dtype: torch.dtype
    enabled: bool
    scaler: torch.amp.GradScaler

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which a forward pass runs."""
        return torch.autocast(self.device, dtype=self.dtype, enabled=self.enabled)

    def step(
        self, optimizer: torch.optim.Optimizer, model: torch.nn.Module, loss: torch.Tensor, gradient_clip: float
    ) -> bool:
        """Take one step down a loss; return False, with the weights untouched, if a gradient is not finite."""
        optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), gradient_clip)
        is_finite = bool(torch.isfinite(norm))
        if is_finite:
            self.scaler.step(optimizer)
        self.scaler.update()
        return is_finite


def choose_precision(recipe: Recipe, model: torch.nn.Module, device: str) -> Precision:
    """Return the fastest precision that gives right gradients on a device.

    Args:
        recipe: Asks for mixed precision or not; states the patch that the gradients depend on.
        model: The network, on the CPU.
        device: "cpu" or "cuda", with or without an index.
    """
    kind = torch.device(device).type
    wanted = recipe.training.mixed_precision
    if kind == "cuda":
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        scaler = torch.amp.GradScaler("cuda", enabled=wanted and dtype is torch.float16)
        return Precision(kind, dtype, wanted, scaler)
    is_safe = kind == "cpu" and wanted and bf16_is_safe(model, recipe.patch_voxels, recipe.input_channels)
    return Precision(kind, torch.bfloat16, is_safe, torch.amp.GradScaler(kind, enabled=False))
