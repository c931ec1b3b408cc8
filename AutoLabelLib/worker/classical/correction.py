"""One correction: how far what was pointed at reaches, and where its boundary then lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.classical.distances import FAR, geodesic_distance
from AutoLabelLib.worker.classical.levels import levels_of
from AutoLabelLib.worker.classical.likelihood import intensities_at, log_likelihood_ratio, unlikeness_of
from AutoLabelLib.worker.classical.view import View
from AutoLabelLib.worker.classical.walker import random_walk

# Chosen on one half of the cases that the model card names.
_FLOOR = 0.3  # cost of a millimetre where intensities are the seed's
_STEEPNESS = 0.5
_MOST_UNLIKE = 10.0  # noise levels; beyond, everything is equally far
_FIRST_SHARE = 0.6  # of the best contrast, that suffices for a first answer: a nearer edge goes before a better one
_LARGEST_SHARE = 0.6  # of the view, that a first answer may fill
_SMALLEST_MM3 = 100.0
_SMALLEST_VOXELS = 30
_SIZE_POWER = 0.1
REACH = 1.5  # of a correction, in depths of its prompt in what is wrong
_REACH_VOXELS = 0.5  # and so much farther
_GROWTH = 2.0  # a correction adds at most so many times what is there
_BAND = 4.0  # of the walker, in voxels to either side of the boundary
_UNSURE = 1.0
_CERTAIN = 1.0
_NEAR = 2.0  # depths around a correction, in which the boundary may move
_NEAR_VOXELS = 8.0  # but no farther away
_SKIN = 1.5  # half the thickness of what is no more than a boundary, in voxels
_RING = 8.0  # voxels around the object whose intensities are the background's
_DEPTH_WEIGHT = 4 / 3  # in log-likelihood per voxel of depth
_STAY = 0.3
_FITTING_ROUNDS = 4
_FITTING_DEPTH_WEIGHT = 0.4


@dataclass(frozen=True, eq=False)
class Known:
    """What is known in a view beside the image.

    Attributes:
        positive: (N, 3) voxels of the view that belong to the object.
        negative: (N, 3) voxels that do not.
        limit: (I, J, K) where the object can be; None: anywhere.
        noise: Of the image.
    """

    positive: NDArray[np.int_]
    negative: NDArray[np.int_]
    limit: NDArray[np.bool_] | None
    noise: float

    def held(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask with what is known put right, in place."""
        if self.limit is not None:
            mask &= self.limit
        mask[tuple(self.positive.T)] = True
        mask[tuple(self.negative.T)] = False
        return mask


def first_answer(
    view: View, seeds: NDArray[np.int_], known: Known, steep: bool = False
) -> tuple[NDArray[np.bool_], float]:
    """Return the object (I, J, K) around positive seeds (N, 3), and the contrast of its boundary, from -1 to 1.

    Args:
        view: What is looked at.
        seeds: What was pointed at.
        known: What is known beside.
        steep: Whether to go far through noise, for a large object with a clear edge all around.
    """
    outside = np.zeros(view.values.shape, bool)
    distance, inside, unlike = _reach(view, outside, seeds, True, known, steep)
    levels = levels_of(distance, inside, unlike, view.spacing_mm)
    smallest = min(_SMALLEST_VOXELS, _SMALLEST_MM3 / float(np.prod(view.spacing_mm)))
    allowed = (levels.voxels >= smallest) & (levels.voxels <= _LARGEST_SHARE * distance.size)
    chosen, contrast = levels.first_good(allowed, _FIRST_SHARE)
    return known.held(inside & (distance <= chosen)), contrast


def corrected(
    view: View,
    mask: NDArray[np.bool_],
    seeds: NDArray[np.int_],
    positive: bool,
    known: Known,
    depth_mm: float,
    size: float,
) -> NDArray[np.bool_]:
    """Return a mask (I, J, K) to which was added, or from which was taken, what seeds (N, 3) show to be wrong.

    Args:
        view: What is looked at.
        mask: Of the object up to now.
        seeds: What was pointed at now.
        positive: Whether it belongs to the object.
        known: What was pointed at before, and now.
        depth_mm: How deep the seeds lie in what is wrong.
        size: Of the whole object up to now, in voxels of the view.
    """
    distance, inside, unlike = _reach(view, mask, seeds, positive, known)
    inside &= _within(seeds, view, REACH * depth_mm + _REACH_VOXELS * view.unit_mm)
    inside[tuple(seeds.T)] = True
    levels = levels_of(distance, inside, unlike, view.spacing_mm)
    allowed = levels.voxels >= min(5, int(levels.voxels[-1]))
    if positive:
        allowed &= levels.voxels <= _GROWTH * max(size, 8)
    result = mask.copy()
    result[inside & (distance <= levels.best(allowed, _SIZE_POWER))] = positive
    if not positive:
        result &= ~_shavings(result, mask & ~result, view)
    return known.held(result)


def _shavings(rest: NDArray[np.bool_], taken: NDArray[np.bool_], view: View) -> NDArray[np.bool_]:
    """Return what is left of an object as a thin skin beside what was taken from it: its blurred former boundary."""
    if not rest.any():
        return rest
    thin = _SKIN * view.unit_mm
    core = signed_depth(rest, view.spacing_mm) > thin
    if not core.any():
        return np.zeros_like(rest)
    skin = rest & (signed_depth(core, view.spacing_mm) < -1.5 * thin)
    return np.asarray(skin & (signed_depth(taken, view.spacing_mm) >= -2 * thin))


def settled(
    view: View,
    mask: NDArray[np.bool_],
    known: Known,
    before: NDArray[np.bool_] | None = None,
    depth_mm: float = 0.0,
) -> NDArray[np.float32]:
    """Return probabilities (I, J, K) of a mask whose boundary was moved to the edges nearby.

    Args:
        view: What is looked at.
        mask: (I, J, K).
        known: What was pointed at.
        before: (I, J, K) mask that was settled already: only near to where it was changed does anything move.
        depth_mm: How deep what was pointed at lay in what was wrong.
    """
    depth = signed_depth(mask, view.spacing_mm) / view.unit_mm
    # Voxels next to the boundary are left out: they may be on the wrong side of it, and are often of both.
    inner = depth > min(_UNSURE, 0.5 * float(depth.max()))
    outer = (depth < -_UNSURE) & (depth > -_RING)
    evidence = log_likelihood_ratio(view.values, inner, outer, known.noise) + _DEPTH_WEIGHT * depth
    prior = (1 / (1 + np.exp(-np.clip(evidence, -20, 20)))).astype(np.float32)
    free = np.abs(depth) <= _BAND
    if before is not None and (before != mask).any():
        # What was added or taken away is certain but for its own boundary: its intensities may well be misleading.
        changed = signed_depth(before != mask, view.spacing_mm) / view.unit_mm
        free &= (changed >= -min(_NEAR * depth_mm / view.unit_mm, _NEAR_VOXELS)) & (changed <= _CERTAIN)
    return walked(view, mask, free, prior, known)


def fitted(view: View, mask: NDArray[np.bool_], known: Known) -> NDArray[np.float32]:
    """Return probabilities (I, J, K) of a first shape that was fitted to intensities and edges within the known limit.

    Source: after Rother, Kolmogorov, Blake, GrabCut, SIGGRAPH 2004; with a random walker instead of a graph cut.
    """
    assert known.limit is not None
    result = mask.astype(np.float32)
    for _ in range(_FITTING_ROUNDS):
        depth = signed_depth(mask, view.spacing_mm) / view.unit_mm
        evidence = log_likelihood_ratio(view.values, mask, ~mask, known.noise) + _FITTING_DEPTH_WEIGHT * depth
        prior = (1 / (1 + np.exp(-np.clip(evidence, -20, 20)))).astype(np.float32)
        result = walked(view, mask, known.limit, prior, known)
        if not (result > 0.5).any():
            return mask.astype(np.float32)
        mask = result > 0.5
    return result


def walked(
    view: View, mask: NDArray[np.bool_], free: NDArray[np.bool_], prior: NDArray[np.float32], known: Known
) -> NDArray[np.float32]:
    """Return what the random walker makes of a mask; what is known stays."""
    given = known.held(mask.copy())
    free = free & ~view.rim
    if known.limit is not None:
        free &= known.limit
    for seeds in (known.positive, known.negative):
        free[tuple(seeds.T)] = False
    scaled = view.values / np.float32(known.noise)
    return random_walk(scaled, given.astype(np.float32), free, prior, _STAY, view.spacing_mm)


def signed_depth(mask: NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> NDArray[np.float32]:
    """Return how deep in mm each voxel lies inside a mask, and how far outside it, as a negative number."""
    from scipy.ndimage import distance_transform_edt

    inner = distance_transform_edt(mask, sampling=spacing_mm)
    outer = distance_transform_edt(~mask, sampling=spacing_mm)
    return (inner - outer).astype(np.float32)


def _reach(
    view: View, mask: NDArray[np.bool_], seeds: NDArray[np.int_], positive: bool, known: Known, steep: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Return distances from seeds, where they are shorter than those from the other sign's, and unlikeness to them."""
    inside = ~mask if positive else mask.copy()
    if known.limit is not None and positive:
        inside &= known.limit
    for others in (known.positive, known.negative):
        inside[tuple(others.T)] = False
    inside[tuple(seeds.T)] = True
    unlike = _unlikeness(view, seeds, known.noise)
    cost = np.where(inside, _cost(unlike, steep), np.inf).astype(np.float32)
    distance = geodesic_distance(seeds, cost, view.spacing_mm)
    inside &= distance < FAR
    rivals = known.negative if positive else known.positive
    if len(rivals):
        cost = _cost(_unlikeness(view, rivals, known.noise), steep)
        inside &= distance <= geodesic_distance(rivals, cost, view.spacing_mm)
        inside[tuple(seeds.T)] = True
    return distance, inside, unlike


def _cost(unlike: NDArray[np.float32], steep: bool = False) -> NDArray[np.float32]:
    """Return the cost of a millimetre; if steep, noise adds little to it, and an edge much."""
    return np.float32(_FLOOR) + (np.float32(_STEEPNESS) * unlike**2 if steep else unlike)


def _unlikeness(view: View, seeds: NDArray[np.int_], noise: float) -> NDArray[np.float32]:
    typical, spread = intensities_at(view.values, seeds, view.spacing_mm)
    return np.minimum(unlikeness_of(view.values, typical, max(noise, spread)), np.float32(_MOST_UNLIKE))


def _within(seeds: NDArray[np.int_], view: View, reach_mm: float) -> NDArray[np.bool_]:
    """Return which voxels are no farther from a seed than some millimetres."""
    from scipy.ndimage import distance_transform_edt

    away = np.ones(view.values.shape, bool)
    away[tuple(seeds.T)] = False
    return np.asarray(distance_transform_edt(away, sampling=view.spacing_mm) <= reach_mm)
