"""Random textures, and what a scanner does to an image: blur and correlated noise."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.phantom.canvas import Field


def smooth_noise(
    rng: np.random.Generator, shape_ijk: tuple[int, ...], spacing_mm: tuple[float, ...], scale_mm: float
) -> Field:
    """Return noise of mean 0 and standard deviation 1 whose features are about a given size.

    Args:
        rng: Source of randomness.
        shape_ijk: Shape of the result.
        spacing_mm: Distance between voxel centres.
        scale_mm: Standard deviation of the smoothing.
    """
    from scipy.ndimage import gaussian_filter, zoom

    # Coarse noise, smoothed and then interpolated: the same as smoothing the whole volume, many times faster.
    steps = [max(1, int(scale_mm / spacing / 1.2)) for spacing in spacing_mm]
    coarse = rng.standard_normal([n // step + 2 for n, step in zip(shape_ijk, steps, strict=True)], dtype=np.float32)
    sigma = [scale_mm / (spacing * step) for spacing, step in zip(spacing_mm, steps, strict=True)]
    coarse = gaussian_filter(coarse, sigma, mode="wrap", truncate=3.0)
    fine = zoom(coarse, steps, order=1, grid_mode=True, mode="grid-wrap") if max(steps) > 1 else coarse
    fine = fine[tuple(slice(n) for n in shape_ijk)]
    fine -= fine.mean()
    fine /= fine.std()
    return fine


def blurred(values: Field, sigma_voxels: tuple[float, float, float]) -> Field:
    """Return a volume (I, J, K) blurred by a scanner's point spread; sums are kept away from the faces."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(values, sigma_voxels, mode="nearest", truncate=3.5)


def scanner_noise(rng: np.random.Generator, shape_ijk: tuple[int, int, int], pixel_mm: float) -> Field:
    """Return noise of standard deviation 1 with the grain of filtered backprojection.

    Its spectrum in the slice is a ramp under the window of a standard kernel: little at low frequencies, most at
    0.3 to 0.5 per mm; slices are nearly independent.

    Source: Riederer, Pelc, Chesler (1978), The noise power spectrum in computed X-ray tomography.

    Args:
        rng: Source of randomness.
        shape_ijk: Shape of the result; k counts the slices.
        pixel_mm: Distance between voxel centres in the slice.
    """
    from scipy import fft

    rows = np.fft.fftfreq(shape_ijk[1], pixel_mm).astype(np.float32)[:, None]
    columns = np.fft.rfftfreq(shape_ijk[0], pixel_mm).astype(np.float32)
    frequency = np.hypot(rows, columns)
    window = np.sqrt(frequency) * np.exp(-((frequency / 0.42) ** 2))
    noise = np.empty((shape_ijk[2], shape_ijk[1], shape_ijk[0]), np.float32)
    for k in range(shape_ijk[2]):
        white = rng.standard_normal(shape_ijk[1::-1], dtype=np.float32)
        noise[k] = fft.irfft2(fft.rfft2(white) * window, s=white.shape)
    noise[1:] += 0.35 * noise[:-1].copy()
    noise /= noise.std()
    return noise.T
