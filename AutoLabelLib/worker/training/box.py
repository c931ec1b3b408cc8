"""One object with as much of the image around it as the data holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """One case on its own grid, with axes as the model wants them.

    Attributes:
        image: (I, J, K) float32, normalised.
        empty: (I, J, K) float32, the same without the object.
        mask: (I, J, K) bool.
        spacing_mm: (3,).
        exact: Whether the mask is known to be true, as in a rendered image, rather than drawn by a reader.
    """

    image: NDArray[np.float32]
    empty: NDArray[np.float32]
    mask: NDArray[np.bool_]
    spacing_mm: tuple[float, float, float]
    exact: bool = False
