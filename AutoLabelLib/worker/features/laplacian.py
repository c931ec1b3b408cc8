"""Edges and blobs of some sizes: the family "log", statistics of the image under a Laplacian of Gaussian.

The image itself is filtered, beyond the segment, too. Widths are in mm, right for anisotropic voxels; one that is less
than half a voxel sees little. Bright blobs answer with negative values.

Source: Depeursinge et al. 2020, Standardised convolutional filtering for radiomics (IBSI 2), arXiv:2006.05470.
"""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.features.region import Margin, Region, Values
from AutoLabelLib.worker.features.responses import response_descriptions, response_features
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_REACH = 4.0  # widths of the Gaussian beyond which it counts as nothing


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    found: dict[str, str] = {}
    for sigma_mm in settings.log_sigmas_mm:
        found |= response_descriptions(_prefix(sigma_mm), f"edges and blobs of about {sigma_mm:g} mm")
    return found


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(mm=_REACH * max(settings.log_sigmas_mm, default=0.0))


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the statistics of a region's answers to each width."""
    found: dict[str, float] = {}
    for sigma_mm in settings.log_sigmas_mm:
        answers = laplacian_of_gaussian(region.wide_voxels, region.spacing_mm, sigma_mm)
        found |= response_features(_prefix(sigma_mm), region.under_mask(answers))
    return found


def laplacian_of_gaussian(voxels: Values, spacing_mm: Values, sigma_mm: float) -> Values:
    """Return the sum of second derivatives per mm² of a smoothed image (I, J, K), mirrored at its faces."""
    from scipy.ndimage import gaussian_filter

    answers = np.zeros_like(voxels)
    for axis, mm in enumerate(spacing_mm):
        order = [2 if other == axis else 0 for other in range(3)]
        answers += gaussian_filter(voxels, sigma_mm / spacing_mm, order, truncate=_REACH) / mm**2
    return answers


def _prefix(sigma_mm: float) -> str:
    return f"log_{sigma_mm:g}mm"
