"""The intensities of an image as a model wants them, by the same code that inference uses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch

from AutoLabelLib.core.errors import InputError, ModelError
from AutoLabelLib.worker.networks import preprocessing


class Normalisation:
    """Intensity transforms in bundle form, applied to an image on the model's grid.

    Args:
        transforms: Each with `_target_` naming a MONAI dictionary transform, and its arguments; keys "image". Plain
            values only: a recipe is data, not code.

    Raises:
        InputError: If one of them holds code, is about space, does not exist or refuses its arguments.
    """

    def __init__(self, transforms: Sequence[dict[str, Any]]) -> None:
        if "$" in json.dumps(list(transforms)):
            raise InputError("The recipe's normalisation holds an expression ($), which is not run.")
        try:
            self._preprocessing = preprocessing.from_configs(transforms)
        except ModelError as problem:
            raise InputError(f"The recipe's normalisation cannot be built: {problem.message}") from problem
        if self._preprocessing.axcodes or self._preprocessing.spacing_mm:
            raise InputError(
                "The recipe's normalisation holds a step about space.", "State axcodes and spacing_mm in the recipe."
            )

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Return the normalised (C, I, J, K) float32 image; the given one may be changed."""
        return self._preprocessing.normalise(image)
