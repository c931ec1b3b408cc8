"""The loss of a segmentation network, with deep supervision where the network offers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


def segmentation_loss(name: str) -> Loss:
    """Return a function of (logits, label) that gives the mean loss of a batch.

    Logits are (B, C, I, J, K), or (B, N, C, I, J, K) from a network with N supervised depths, whose weights halve
    from one depth to the next. Dice is computed without the background and over the whole batch, so that an example
    without a segment does not pull the others; with "_each", over each example, so that small objects count as much
    as large ones.

    Args:
        name: "dice_ce", "dice_focal" or "dice_ce_each".
    """
    from monai.losses import DeepSupervisionLoss, DiceCELoss, DiceFocalLoss

    options: dict[str, Any] = {
        "include_background": False,
        "to_onehot_y": True,
        "softmax": True,
        "batch": name != "dice_ce_each",
    }
    single = DiceFocalLoss(**options) if name == "dice_focal" else DiceCELoss(**options)
    deep = DeepSupervisionLoss(single, weight_mode="exp")

    def loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        logits = logits.float()
        if logits.ndim == label.ndim:
            return single(logits, label)
        return deep(list(logits.unbind(1)), label)

    return loss
