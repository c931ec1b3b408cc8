"""The intensities of an image as a model wants them: the transforms of its bundle, in training as in inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training.augment import plain


class Normalisation:
    """Intensity transforms in bundle form, applied to the image on the model's grid.

    Args:
        transforms: Each with `_target_` naming a MONAI dictionary transform and its arguments; keys "image".

    Raises:
        InputError: If one of them does not exist or refuses its arguments.
    """

    def __init__(self, transforms: Sequence[dict[str, Any]]) -> None:
        from monai.transforms import Compose

        self._compose = Compose([_transform(entry) for entry in transforms])

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Return the normalised (C, I, J, K) float32 image."""
        return plain(self._compose({"image": image})["image"]).float().contiguous()


def _transform(entry: dict[str, Any]) -> Any:
    import monai.transforms

    name = str(entry.get("_target_", ""))
    transform = getattr(monai.transforms, name, None)
    if transform is None or not name.endswith("d"):
        raise InputError(f'The recipe\'s normalisation "{name}" is not a dictionary transform of MONAI.')
    try:
        return transform(**{key: value for key, value in entry.items() if not key.startswith("_")})
    except (TypeError, ValueError) as problem:
        raise InputError(f'The recipe\'s normalisation "{name}" cannot be built: {problem}.') from problem
