"""Clicks that a user might have made, drawn from a known mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClickHabits:
    """Where simulated users click.

    Attributes:
        inside_fraction: Share of the clicks that hit the object; the others miss its edge.
        off_edge_mm: How far a miss can be from the nearest voxel of the object.
        beyond_faces: Whether a miss may lie beyond the faces of the case's own box.
        more_fraction: Share of the examples with further clicks, positive or negative, as in a correction.
        more_clicks: Largest number of these.
        decoy_distance_mm: Least distance of a negative click from the object.
    """

    inside_fraction: float = 0.6
    off_edge_mm: float = 5.0
    beyond_faces: bool = False
    more_fraction: float = 0.15
    more_clicks: int = 3
    decoy_distance_mm: float = 3.0


def simulate_click(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, ...], rng: np.random.Generator, habits: ClickHabits
) -> NDArray[np.float64]:
    """Return one click in or near an object, as a continuous voxel index (3,) inside the grid.

    A click inside is equally likely in all of the object's voxels, one outside in all voxels of the shell around it;
    within its voxel it is uniform.

    Args:
        mask: (I, J, K), not empty.
        spacing_mm: (3,) of the grid.
        rng: Source of randomness.
        habits: How often and how far users miss.
    """
    chosen = mask
    if rng.random() >= habits.inside_fraction:
        shell = shell_around(mask, spacing_mm, habits.off_edge_mm)
        chosen = shell if shell.any() else mask
    return random_voxel(chosen, rng) + rng.uniform(-0.5, 0.5, 3)


def shell_around(mask: NDArray[np.bool_], spacing_mm: tuple[float, ...], reach_mm: float) -> NDArray[np.bool_]:
    """Return which voxels (I, J, K) lie outside an object, but no further than a distance in mm from it."""
    from scipy.ndimage import distance_transform_edt

    distance_mm = distance_transform_edt(~mask, sampling=spacing_mm)
    return (distance_mm > 0) & (distance_mm <= reach_mm)


def central_voxel(mask: NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the index (3,) of the object's voxel nearest to its centre of mass (which may lie outside it)."""
    voxels = np.argwhere(mask)
    apart_mm = (voxels - voxels.mean(axis=0)) * np.asarray(spacing_mm)
    return voxels[np.argmin((apart_mm**2).sum(axis=1))].astype(np.float64)


def more_clicks(
    label: NDArray[np.bool_], spacing_mm: tuple[float, ...], rng: np.random.Generator, habits: ClickHabits
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return further positive and negative clicks in a patch, each as continuous indices (N, 3); mostly none.

    Args:
        label: (I, J, K), the object in the patch; may be empty.
        spacing_mm: (3,) of the patch.
        rng: Source of randomness.
        habits: How often users correct.
    """
    positive: list[NDArray[np.float64]] = []
    negative: list[NDArray[np.float64]] = []
    if rng.random() < habits.more_fraction and label.any():
        near = label | shell_around(label, spacing_mm, habits.decoy_distance_mm)
        for _ in range(int(rng.integers(1, habits.more_clicks + 1))):
            if rng.random() < 0.5:
                positive.append(random_voxel(label, rng))
            elif not near.all():
                negative.append(random_voxel(~near, rng))
    return np.array(positive).reshape(-1, 3), np.array(negative).reshape(-1, 3)


def random_voxel(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the index (3,) of one voxel of a mask that is not empty, each equally likely."""
    flat = np.flatnonzero(mask)
    chosen = np.unravel_index(flat[rng.integers(len(flat))], mask.shape)
    return np.array(chosen, dtype=np.float64)
