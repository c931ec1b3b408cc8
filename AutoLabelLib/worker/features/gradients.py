"""Which way its edges run: the family "hog", histograms of oriented gradients in three planes through its middle.

Each plane is seen as a square around the segment, of as many pixels whatever its size; i, j and k are the array's axes
(right, anterior and superior where it is in RAS order). These features, unlike all others, depend on how the segment
lies.

Source: Dalal and Triggs 2005, Histograms of oriented gradients for human detection.
"""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.region import Margin, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "the image around the segment has no edges"

_PLANES = {"ij": (0, 1), "ik": (0, 2), "jk": (1, 2)}
_ORIENTATIONS = 9
_PIXELS = 32
_CELL_PIXELS = 8
_BLOCK_CELLS = 2


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    step = 180 // _ORIENTATIONS
    return {
        f"hog_{plane}_{step * n:03d}deg": f"how many edges run at {step * n} to {step * (n + 1)}° in the plane {plane}"
        for plane in _PLANES
        for n in range(_ORIENTATIONS)
    }


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(voxels=1)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the shares of orientations in each plane, averaged over its parts, which are normalised one by one."""
    from skimage.feature import hog

    found: list[float] = []
    for axes in _PLANES.values():
        blocks = hog(
            _square(region, axes),
            orientations=_ORIENTATIONS,
            pixels_per_cell=(_CELL_PIXELS, _CELL_PIXELS),
            cells_per_block=(_BLOCK_CELLS, _BLOCK_CELLS),
            feature_vector=False,
        )
        mean = blocks.reshape(-1, _ORIENTATIONS).mean(axis=0)
        found += (mean / mean.sum()).tolist() if mean.sum() else [np.nan] * _ORIENTATIONS
    return dict(zip(descriptions(settings), found, strict=True))


def _square(region: Region, axes: tuple[int, int]) -> Values:
    """Return a square picture, linear between voxels, of the plane of two axes through the segment's middle voxel."""
    from scipy.ndimage import map_coordinates

    first, second = axes
    middle = np.argwhere(region.wide_mask).mean(axis=0)
    starts = np.array([part.start for part in region.box])
    stops = np.array([part.stop for part in region.box])
    edge_mm = float(max((stops - starts)[list(axes)] * region.spacing_mm[list(axes)]))
    offsets_mm = ((np.arange(_PIXELS) + 0.5) / _PIXELS - 0.5) * edge_mm
    positions: list[Values] = [np.full((_PIXELS, _PIXELS), np.rint(position)) for position in middle]
    centre = (starts + stops - 1) / 2
    positions[first] = np.broadcast_to(
        (centre[first] + offsets_mm / region.spacing_mm[first])[:, None], (_PIXELS, _PIXELS)
    )
    positions[second] = np.broadcast_to(centre[second] + offsets_mm / region.spacing_mm[second], (_PIXELS, _PIXELS))
    return np.asarray(map_coordinates(region.wide_voxels, positions, order=1, mode="nearest"))
