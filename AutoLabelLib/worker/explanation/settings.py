"""The choices that an explanation offers, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.explanation.baseline import BASELINES, MEDIAN

GRADCAM, GRADCAM_PP, INTEGRATED_GRADIENTS = "gradcam", "gradcam++", "integrated_gradients"
OCCLUSION, SMOOTHGRAD = "occlusion", "smoothgrad"
METHODS = (GRADCAM, GRADCAM_PP, INTEGRATED_GRADIENTS, OCCLUSION, SMOOTHGRAD)


@dataclass(frozen=True)
class Settings:
    """How something is explained.

    Attributes:
        method: One of `METHODS`.
        layer: Grad-CAM: name of the layer whose feature map is shown; "": the last one that is condensed.
        steps: Integrated gradients: number of images between the baseline and the image.
        samples: SmoothGrad: number of noisy images.
        noise: SmoothGrad: standard deviation of the noise, as a part of the image's range of values.
        box_voxels: Occlusion: edge of what is hidden at a time, in voxels of the network; 0: a quarter of its window.
        baseline: What is put in place of what is taken out: "median", "lowest" or "blurred".
        deletion: Whether the explanation is checked by taking out what it marks.
        draws: Number of random regions that it is compared with.
        seed: Of noise and random regions.
    """

    method: str = INTEGRATED_GRADIENTS
    layer: str = ""
    steps: int = 20
    samples: int = 20
    noise: float = 0.15
    box_voxels: int = 0
    baseline: str = MEDIAN
    deletion: bool = True
    draws: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f'There is no method "{self.method}" of explanation.', f"There are: {', '.join(METHODS)}.")
        if self.baseline not in BASELINES:
            raise InputError(f'There is no baseline "{self.baseline}".', f"There are: {', '.join(BASELINES)}.")
        for name, lowest in (("steps", 1), ("samples", 1), ("draws", 1), ("box_voxels", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise InputError(f"{name} must be a whole number of {lowest} or more, got {value!r}.")
        if not isinstance(self.noise, (int, float)) or not 0 < self.noise < 10:
            raise InputError(f"noise must be a number above 0, such as 0.15, got {self.noise!r}.")


NAMES = tuple(item.name for item in fields(Settings))


def from_mapping(options: Mapping[str, Any]) -> Settings:
    """Return the settings among a job's options.

    Raises:
        InputError: If one is not usable.
    """
    return Settings(**{name: options[name] for name in NAMES if options.get(name) is not None})
