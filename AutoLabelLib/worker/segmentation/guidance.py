"""What the user pointed at, as channels that a network reads beside the image.

Two channels in a fixed order: first what belongs to it (positive), then what does not (negative). Each voxel holds
exp(-d^2 / (2 sigma^2)), d being the distance in mm from the voxel's centre to the nearest click or stroke; a channel
without prompts is zero. Training and inference both call this file, so that a network meets the same channels in both.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import ContractError
from AutoLabelLib.core.prompt import Prompts

SIGMA_MM = 3.0
"""Width of a click. Wide against a voxel, so that it survives the first strided convolution of a small network."""

_REACH_SIGMAS = 4.0  # beyond, the Gaussian is below 4e-4
_SUPPORTED = ("point", "scribble")


def guidance_channels(
    prompts: Prompts, affine: ArrayLike, shape_ijk: tuple[int, ...], sigma_mm: float = SIGMA_MM
) -> NDArray[np.float32]:
    """Return the positive and the negative channel of some prompts on a grid.

    Args:
        prompts: Clicks and strokes in RAS mm. Those outside the grid count too: a region may hold only some of them.
        affine: (4, 4), voxel-centre index of the grid to RAS mm; oblique, left-handed and sheared ones are welcome.
        shape_ijk: Shape of the grid in voxels.
        sigma_mm: Width of a click.

    Returns:
        (2, I, J, K) float32 in [0, 1].

    Raises:
        ContractError: If there is a kind of prompt that has no channel here (boxes and lassos).
    """
    unknown = [kind for kind in prompts.kinds if kind not in _SUPPORTED]
    if unknown:
        raise ContractError(
            f"This model reads clicks and scribbles, but it was given a {unknown[0]}.",
            "Click on the object instead.",
        )
    channels = np.zeros((2, *shape_ijk), np.float32)
    for channel, positive in enumerate((True, False)):
        positions = _positions_ras_mm(prompts, positive, step_mm=sigma_mm / 2)
        draw_clicks(channels[channel], positions, affine, sigma_mm)
    return channels


def draw_clicks(
    channel: NDArray[np.float32],
    positions_ras_mm: NDArray[np.float64],
    affine: ArrayLike,
    sigma_mm: float = SIGMA_MM,
) -> None:
    """Draw clicks into one channel, in place; where two overlap, the nearer one counts.

    Args:
        channel: (I, J, K), changed.
        positions_ras_mm: (N, 3).
        affine: (4, 4), index of the channel's voxel centres to RAS mm.
        sigma_mm: Width of a click.
    """
    axes_mm = np.asarray(affine, dtype=np.float64)[:3, :3]
    metric = axes_mm.T @ axes_mm  # squared length in mm of an index step
    # How many voxels the Gaussian reaches along each index axis; on a sheared grid that is more than reach / spacing.
    reach_voxels = _REACH_SIGMAS * sigma_mm * np.linalg.norm(np.linalg.inv(axes_mm), axis=1)
    for centre in index_from_ras(affine, positions_ras_mm):
        low = np.maximum(np.ceil(centre - reach_voxels), 0).astype(int)
        high = np.minimum(np.floor(centre + reach_voxels) + 1, channel.shape).astype(int)
        if (high <= low).any():
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        steps = np.ogrid[box]
        offsets = [step - centre[axis] for axis, step in enumerate(steps)]
        squared_mm = sum(metric[a, a] * offsets[a] ** 2 for a in range(3))
        for a, b in ((0, 1), (0, 2), (1, 2)):
            if abs(metric[a, b]) > 1e-9:
                squared_mm = squared_mm + 2 * metric[a, b] * offsets[a] * offsets[b]
        drawn = np.exp(squared_mm / (-2 * sigma_mm**2)).astype(np.float32)
        np.maximum(channel[box], drawn, out=channel[box])


def _positions_ras_mm(prompts: Prompts, positive: bool, step_mm: float) -> NDArray[np.float64]:
    """Return every click, and points along every stroke, of one sign: (N, 3)."""
    positions = [np.asarray([point.position_ras_mm]) for point in prompts.points if point.positive == positive]
    strokes = [stroke for stroke in prompts.scribbles if stroke.positive == positive]
    positions += [_along(np.asarray(stroke.path_ras_mm, dtype=np.float64), step_mm) for stroke in strokes]
    return np.concatenate(positions) if positions else np.zeros((0, 3))


def _along(path_ras_mm: NDArray[np.float64], step_mm: float) -> NDArray[np.float64]:
    """Return points (N, 3) no further apart than a step along a polyline (M, 3)."""
    points = [path_ras_mm[:1]]
    for start, end in pairwise(path_ras_mm):
        count = max(1, int(np.ceil(np.linalg.norm(end - start) / step_mm)))
        points.append(start + np.linspace(0, 1, count + 1)[1:, None] * (end - start))
    return np.concatenate(points)
