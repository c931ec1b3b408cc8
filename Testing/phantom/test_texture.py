from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.phantom.texture import blurred, scanner_noise, smooth_noise

SHAPE, SPACING = (60, 50, 24), (0.8, 0.8, 1.5)


@pytest.mark.parametrize("scale_mm", [1.0, 3.0, 8.0])
def test_smooth_noise_is_standardised_and_has_the_size_asked_for(scale_mm: float) -> None:
    noise = smooth_noise(np.random.default_rng(0), SHAPE, SPACING, scale_mm)
    assert noise.shape == SHAPE
    assert noise.mean() == pytest.approx(0, abs=1e-3)
    assert noise.std() == pytest.approx(1, abs=1e-3)
    slope_per_mm = np.diff(noise, axis=0).std() / SPACING[0]
    assert slope_per_mm == pytest.approx(1 / (np.sqrt(2) * scale_mm), rel=0.35)


def test_scanner_noise_lacks_low_frequencies_and_hardly_links_slices() -> None:
    noise = scanner_noise(np.random.default_rng(0), (128, 128, 6), 0.8)
    assert noise.std() == pytest.approx(1, abs=1e-3)
    spectrum = np.abs(np.fft.fft2(noise, axes=(0, 1))).mean(axis=2)
    assert spectrum[1:4, 1:4].mean() < 0.6 * spectrum[15:30, 0:10].mean()
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 3].ravel())[0, 1]) < 0.05


def test_blur_keeps_the_sum() -> None:
    point = np.zeros((21, 21, 15), np.float32)
    point[10, 10, 7] = 100
    spread = blurred(point, (1.0, 1.0, 0.5))
    assert spread.sum() == pytest.approx(100, rel=1e-4)
    assert spread[10, 10, 7] < 20
