"""How well one mask agrees with another: Dice, Hausdorff distance in mm, volume error in ml.

Conventions:
    both empty      Dice 1, HD95 0 mm: nothing was to be found, and nothing was
    one empty       Dice 0, HD95 None: no distance exists; a summary says how often that was
    HD95            the larger of the two directed 95th percentiles of the distances between surface voxels' centres
    volume error    prediction minus reference: positive where too much was segmented

Distances are measured in the patient's space, so they are right on anisotropic, oblique and sheared grids.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import voxel_volume_ml

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Agreement of a prediction with a reference.

    Attributes:
        dice: From 0 to 1.
        hd95_mm: 95th percentile Hausdorff distance; None if exactly one of the two is empty.
        volume_ml: Volume of the prediction.
        reference_volume_ml: Volume of the reference.
    """

    dice: float
    hd95_mm: float | None
    volume_ml: float
    reference_volume_ml: float

    @property
    def volume_error_ml(self) -> float:
        """Prediction minus reference."""
        return self.volume_ml - self.reference_volume_ml

    @property
    def volume_error_percent(self) -> float | None:
        """Volume error in per cent of the reference; None if that is empty."""
        return 100.0 * self.volume_error_ml / self.reference_volume_ml if self.reference_volume_ml else None


def agreement(prediction: Mask, reference: Mask, affine: ArrayLike) -> Agreement:
    """Return all figures for two masks on the same grid.

    Args:
        prediction: (I, J, K).
        reference: (I, J, K).
        affine: (4, 4), index to RAS mm.
    """
    box = union_box(prediction, reference)
    predicted, true = prediction[box], reference[box]
    voxel_ml = voxel_volume_ml(affine)
    return Agreement(
        dice(predicted, true),
        hd95_mm(predicted, true, affine),
        int(np.count_nonzero(predicted)) * voxel_ml,
        int(np.count_nonzero(true)) * voxel_ml,
    )


def dice(prediction: Mask, reference: Mask) -> float:
    """Return the Dice coefficient of two masks (I, J, K); 1 if both are empty.

    Source: Dice 1945, Measures of the amount of ecologic association between species.
    """
    total = int(np.count_nonzero(prediction)) + int(np.count_nonzero(reference))
    return 2.0 * int(np.count_nonzero(prediction & reference)) / total if total else 1.0


def hd95_mm(prediction: Mask, reference: Mask, affine: ArrayLike) -> float | None:
    """Return the 95th percentile Hausdorff distance in mm; 0 if both masks are empty, None if only one is.

    Equal to monai.metrics.compute_hausdorff_distance(percentile=95, spacing=...) where the axes are orthogonal.
    Only voxels on one surface but not on the other are looked up in a tree: between good segmentations they are few.

    Args:
        prediction: (I, J, K).
        reference: (I, J, K).
        affine: (4, 4), index to RAS mm.

    Source: Huttenlocher et al. 1993, Comparing images using the Hausdorff distance; Maier-Hein et al. 2024, Metrics
        Reloaded, for the 95th percentile in place of the maximum.
    """
    if not prediction.any() or not reference.any():
        return 0.0 if prediction.any() == reference.any() else None
    predicted, true = surface(prediction), surface(reference)
    axes_mm = np.asarray(affine, dtype=np.float64)[:3, :3]
    return max(_directed_95_mm(predicted, true, axes_mm), _directed_95_mm(true, predicted, axes_mm))


def surface(mask: Mask) -> Mask:
    """Return which voxels (I, J, K) of a mask lie at the border of the volume or face one that is not of the mask."""
    from scipy.ndimage import binary_erosion

    return np.asarray(mask & ~binary_erosion(mask))


def _directed_95_mm(first: Mask, second: Mask, axes_mm: NDArray[np.float64]) -> float:
    """Return the 95th percentile of the distances from each voxel of a surface to the nearest one of another."""
    from scipy.spatial import cKDTree

    alone = np.argwhere(first & ~second) @ axes_mm.T
    distances_mm = np.zeros(int(np.count_nonzero(first)))
    if len(alone):
        distances_mm[: len(alone)] = cKDTree(np.argwhere(second) @ axes_mm.T).query(alone)[0]
    return float(np.percentile(distances_mm, 95))


def union_box(first: Mask, second: Mask) -> tuple[slice, slice, slice]:
    """Return the smallest box that holds two masks (I, J, K); an empty one where both are empty."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(first.any(axis=others) | second.any(axis=others))
        box.append(slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0))
    return (box[0], box[1], box[2])
