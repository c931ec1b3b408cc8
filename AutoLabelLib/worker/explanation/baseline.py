"""What an image looks like where something has been taken out of it."""

from __future__ import annotations

import torch

from AutoLabelLib.core.errors import InputError

MEDIAN, LOWEST, BLURRED = "median", "lowest", "blurred"
BASELINES = (MEDIAN, LOWEST, BLURRED)

_BLUR_PART = 8  # the blur's width is the image's edge divided by this


def baseline(image: torch.Tensor, around: torch.Tensor, kind: str = MEDIAN) -> torch.Tensor:
    """Return an image (C, I, J, K) without what makes it special.

    Args:
        image: (C, I, J, K).
        around: (I, J, K) bool, which voxels are ordinary: no padding, and nothing that is asked about.
        kind: "median": everywhere the median of what is ordinary; "lowest": its lowest value, such as air; "blurred":
            the image without its details.

    Raises:
        InputError: If there is no such kind.
    """
    if kind not in BASELINES:
        raise InputError(f'There is no baseline "{kind}".', f"There are: {', '.join(BASELINES)}.")
    if kind == BLURRED:
        return blurred(image, [n / _BLUR_PART for n in image.shape[1:]])
    values = image[:, around]
    level = values.median(1).values if kind == MEDIAN else values.amin(1)
    return level[:, None, None, None].expand_as(image).clone()


def blurred(image: torch.Tensor, sigma_voxels: list[float]) -> torch.Tensor:
    """Return an image (C, I, J, K) after a Gaussian blur that keeps its level at the edges."""
    from scipy import ndimage

    values = ndimage.gaussian_filter(image.cpu().numpy(), (0, *sigma_voxels), mode="nearest")
    return torch.from_numpy(values).to(image)
