"""The features of a mask on an image, however the image is stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.region import Margin, Mask, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

_UNCALIBRATED_BINS = 32
_ROUNDING = 1e-6
_ORTHOGONAL = 1e-3  # largest cosine between axes that counts as none


def features_of(
    image: Image, mask: NDArray[np.bool_], settings: FeatureSettings, axcodes: str = "RAS", channel: int = 0
) -> dict[str, float]:
    """Return the features of a mask on the image's grid, the axes in one order however the volume is stored.

    A sheared volume is brought onto orthogonal axes first, linear between voxels.

    Args:
        image: The image.
        mask: (I, J, K).
        settings: Which features, and how.
        axcodes: Order and direction of the axes.
        channel: Which channel is measured.

    Raises:
        InputError: If the mask is empty or of another shape.
        UnsupportedVolumeError: If a voxel of the mask is NaN or infinite.
    """
    order = geometry.axis_order(image.affine, axcodes)
    voxels, segment = order.apply(image.array[channel]), order.apply(mask)
    axes_mm = order.apply_to_affine(image.affine, image.spatial_shape)[:3, :3]
    spacing_mm = np.linalg.norm(axes_mm, axis=0)
    cosines = (axes_mm / spacing_mm).T @ (axes_mm / spacing_mm) - np.eye(3)
    if np.abs(cosines).max() > _ORTHOGONAL and voxels.shape == segment.shape and segment.any():
        voxels, segment = _straightened(voxels, segment, axes_mm, _around(settings))
    return extraction.extract(voxels, segment, spacing_mm, settings)


def suited_settings(image: Image) -> FeatureSettings:
    """Return settings for an image: grey levels of 25 HU for a CT, else 32 levels from the darkest to the brightest."""
    if image.unit == "HU" or image.modality == "CT":
        return FeatureSettings()
    return FeatureSettings(bin_width=None, bin_count=_UNCALIBRATED_BINS)


def _around(settings: FeatureSettings) -> Margin:
    """Return the margin on a grid that may be resampled afterwards, to voxels that are perhaps larger."""
    margin, cubic_mm = extraction.margin(settings), settings.resample_mm or 0.0
    return Margin(max(margin.mm, margin.voxels * cubic_mm) + cubic_mm, margin.voxels + 1)


def _straightened(
    voxels: NDArray[np.generic], mask: Mask, axes_mm: Values, margin: Margin
) -> tuple[NDArray[np.generic], Mask]:
    """Return voxels and mask around the mask on the orthogonal axes nearest to sheared ones, of the same spacing.

    Args:
        voxels: (I, J, K).
        mask: (I, J, K), not empty.
        axes_mm: (3, 3), the step along each axis in its column.
        margin: What must be there around the mask.
    """
    from scipy.ndimage import map_coordinates

    spacing_mm = np.linalg.norm(axes_mm, axis=0)
    left, _, right = np.linalg.svd(axes_mm / spacing_mm)
    to_index = np.linalg.inv(axes_mm) @ (left @ right) * spacing_mm  # steps of the new grid, in indices of the old
    places = np.argwhere(mask) @ np.linalg.inv(to_index).T
    anchor = places[len(places) // 2]  # one voxel keeps its centre, so that the smallest of segments stays
    more = margin.in_voxels(spacing_mm) + 1
    low = np.floor(places.min(axis=0) - anchor).astype(int) - more
    high = np.ceil(places.max(axis=0) - anchor).astype(int) + more
    steps = [start + np.arange(first, last + 1) for start, first, last in zip(anchor, low, high, strict=True)]
    positions = np.tensordot(to_index, np.stack(np.meshgrid(*steps, indexing="ij")), axes=1)
    values = map_coordinates(voxels.astype(np.float64), positions, order=1, mode="nearest")
    inside = map_coordinates(mask.astype(np.float64), positions, order=1, mode="grid-constant") >= 0.5 - _ROUNDING
    if not inside.any():  # it is thinner than a voxel there: take what is at the centres of voxels
        inside = map_coordinates(mask, positions, order=0, mode="grid-constant")
    return values, inside
