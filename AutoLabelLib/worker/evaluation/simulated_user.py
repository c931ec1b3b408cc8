"""A user who knows the truth and clicks where a result errs most: to train interactive models and to measure them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PADDING = 1  # voxels of "right" around a region, so that an error at the volume's face has its middle inside


@dataclass(frozen=True)
class Correction:
    """A click that corrects a result.

    Attributes:
        index_ijk: (3,) voxel that was clicked.
        positive: Whether it belongs to the object (it was missed), or does not (it was too much).
    """

    index_ijk: NDArray[np.float64]
    positive: bool


def next_correction(
    found: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    spacing_mm: tuple[float, ...],
    rng: np.random.Generator | None = None,
) -> Correction | None:
    """Return a click in the middle of the largest connected region where a result errs; None if it errs nowhere.

    Missed and superfluous voxels are never one region; voxels that share a face are connected. The middle is the voxel
    deepest in the region, of several the one nearest to their centre.

    Args:
        found: (I, J, K), the result.
        truth: (I, J, K).
        spacing_mm: (3,) of the grid.
        rng: With it, the click falls on any voxel at least half as deep as the middle: nobody aims perfectly.
    """
    from scipy.ndimage import distance_transform_edt, label

    wrong = found ^ truth
    if not wrong.any():
        return None
    low, high = _bounds(wrong)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    largest, size, positive = None, 0, True
    for missed in (True, False):
        parts, count = label(wrong[box] & (truth[box] == missed))
        if count:
            sizes = np.bincount(parts.ravel())[1:]
            if sizes.max() > size:
                largest, size, positive = parts == 1 + int(sizes.argmax()), int(sizes.max()), missed
    assert largest is not None  # something is wrong, so that there is a region
    depth = distance_transform_edt(np.pad(largest, _PADDING), sampling=spacing_mm)
    deep = np.argwhere(depth >= depth.max() * (1.0 if rng is None else 0.5)) - _PADDING + low
    if rng is not None:
        return Correction(deep[rng.integers(len(deep))].astype(np.float64), positive)
    apart_mm = (deep - deep.mean(axis=0)) * np.asarray(spacing_mm)
    return Correction(deep[np.argmin((apart_mm**2).sum(axis=1))].astype(np.float64), positive)


def _bounds(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the lowest index (3,) and one beyond the highest of a mask's voxels."""
    voxels = np.argwhere(mask)
    return voxels.min(axis=0), voxels.max(axis=0) + 1
