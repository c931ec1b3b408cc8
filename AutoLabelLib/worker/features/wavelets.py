"""Coarse and fine parts of the image: the family "wavelet", statistics of its undecimated wavelet transform, one level.

Along each axis the image is split into a low (l) and a high (h) half. Figures of the bands that differ only in which
axis is which (such as llh, lhl and hll) are averaged, and the filters of the biorthogonal wavelet 2.2 are symmetric:
turning the image by right angles or mirroring it changes nothing. The transform works in voxels: resample first where
their size differs.

Source: Depeursinge et al. 2020, Standardised convolutional filtering for radiomics (IBSI 2), arXiv:2006.05470.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from AutoLabelLib.worker.features.region import Margin, Region, Values
from AutoLabelLib.worker.features.responses import response_descriptions, response_features
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "no voxel of the segment lies within the intensity range"

_BANDS = {
    "lll": "the smooth part of the image",
    "llh": "fine layers in the image",
    "lhh": "fine streaks in the image",
    "hhh": "fine grains in the image",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    found: dict[str, str] = {}
    for band, words in _BANDS.items():
        found |= response_descriptions(f"wavelet_{band}", words)
    return found


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the statistics of a region's bands."""
    found: dict[str, list[float]] = {}
    for band, answers in _bands(region.wide_voxels):
        for name, value in response_features(f"wavelet_{band}", region.under_mask(answers)).items():
            found.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(voxels=2)


def _bands(voxels: Values) -> Iterator[tuple[str, Values]]:
    """Yield the name of each of the eight bands, its letters sorted, and its values (I, J, K)."""
    from scipy.ndimage import convolve1d

    low, high = _filters()
    for letters in itertools.product("lh", repeat=3):
        answers = voxels
        for axis, letter in enumerate(letters):
            answers = convolve1d(answers, low if letter == "l" else high, axis, mode="mirror")
        yield "".join(sorted(letters, reverse=True)), answers


def _filters() -> tuple[Values, Values]:
    """Return the low and the high filter, of an odd number of coefficients, so that they have a middle."""
    import pywt

    wavelet = pywt.Wavelet("bior2.2")
    return np.trim_zeros(np.array(wavelet.dec_lo)), np.trim_zeros(np.array(wavelet.dec_hi))
