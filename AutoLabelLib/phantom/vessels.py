"""Lung vessels: trees that grow into the lungs, taper by Murray's law, and are painted with their partial volume.

Source: Runions, Lane, Prusinkiewicz (2007), Modeling trees with a space colonization algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.canvas import Canvas, Field, Solid, inside_fraction
from AutoLabelLib.phantom.solids import capsule

_STEP_MM, _REACHED_MM, _MURRAY = 3.0, 4.5, 2.75
_MAX_ROUNDS = 120
WITH_BRONCHUS_MM = 1.2
"""Radius of an artery from which on an airway is seen beside it."""

_THIN_MM = 0.75  # radius below which a vessel is a line that carries its volume

Points = NDArray[np.float64]
_BESIDE = np.array([0.25, 0.80, 0.55]) / np.linalg.norm([0.25, 0.80, 0.55])  # where a bronchus lies beside its artery


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree of tubes.

    Attributes:
        nodes_ras_mm: (N, 3); the first is the root, and parents come before their children.
        parents: (N,) index of each node's parent; the root is its own.
        radii_mm: (N,) radius of the tube from the parent to the node.
    """

    nodes_ras_mm: Points
    parents: NDArray[np.int64]
    radii_mm: Points

    def segments(self) -> tuple[Points, Points, Points]:
        """Return starts (M, 3), ends (M, 3) and radii (M,) of the tubes."""
        parents = self.parents[1:]
        return self.nodes_ras_mm[parents], self.nodes_ras_mm[1:], self.radii_mm[1:]

    def tubes_in_lungs(self, smallest_radius_mm: float) -> tuple[Points, Points, Points]:
        """Return those of `segments` that show in a picture: thick enough, and not beyond the lungs and their roots."""
        starts, ends, radii = self.segments()
        outside_mm = thorax.lungs(*((starts + ends) / 2).T)
        shown = (radii >= smallest_radius_mm) & (outside_mm < 3.0 + radii)
        return starts[shown], ends[shown], radii[shown]


def grow(
    rng: np.random.Generator,
    root_path_ras_mm: Points,
    targets_ras_mm: Points,
    tip_radius_mm: float = 0.42,
) -> Tree:
    """Return a tree that reaches every target, each branch growing towards the targets nearest to it.

    Args:
        rng: Source of the branches' unsteadiness.
        root_path_ras_mm: (P, 3) the trunk that is already there, from the heart into the lung.
        targets_ras_mm: (T, 3) where blood is wanted.
        tip_radius_mm: Radius of the last twigs.
    """
    from scipy.spatial import cKDTree

    nodes = [np.asarray(root_path_ras_mm, np.float64)]
    parents = list(range(-1, len(root_path_ras_mm) - 1))
    parents[0] = 0
    waiting = np.asarray(targets_ras_mm, np.float64)
    for _ in range(_MAX_ROUNDS):
        flat = np.concatenate(nodes)
        distance, nearest = cKDTree(flat).query(waiting)
        waiting, nearest = waiting[distance > _REACHED_MM], nearest[distance > _REACHED_MM]
        if not len(waiting):
            break
        pull = np.zeros_like(flat)
        towards = waiting - flat[nearest]
        np.add.at(pull, nearest, towards / np.linalg.norm(towards, axis=1, keepdims=True))
        growing = np.unique(nearest)
        ahead = flat[growing] - flat[np.asarray(parents)[growing]]
        direction = pull[growing] / np.linalg.norm(pull[growing], axis=1, keepdims=True)
        direction += 0.35 * ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
        direction += rng.normal(0, 0.16, direction.shape)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        nodes.append(flat[growing] + _STEP_MM * direction)
        parents.extend(growing.tolist())
    return _with_radii(np.concatenate(nodes), np.asarray(parents), tip_radius_mm)


def _with_radii(nodes: Points, parents: NDArray[np.int64], tip_radius_mm: float) -> Tree:
    """Return the tree with Murray's radii: r^m of a parent is the sum of its children's."""
    children = np.bincount(parents[1:], minlength=len(nodes))
    flow = np.where(children == 0, tip_radius_mm**_MURRAY, 0.0)
    for node in range(len(nodes) - 1, 0, -1):
        flow[parents[node]] += flow[node]
    return Tree(nodes, parents, flow ** (1 / _MURRAY))


def paint_tree(canvas: Canvas, tree: Tree, value: float, limit: Field) -> None:
    """Paint a tree; thin twigs keep their volume although they are finer than a voxel.

    Args:
        canvas: Where to paint.
        tree: What to paint.
        value: What its voxels become.
        limit: (I, J, K) opacity 0 to 1 that keeps the twigs inside of the lungs.
    """
    starts, ends, radii = tree.segments()
    low, high = tree.nodes_ras_mm.min(axis=0) - 8, tree.nodes_ras_mm.max(axis=0) + 8
    near = canvas.part(tuple(low), tuple(high))
    filled = _line_fractions(near, starts, ends, radii)
    whole = Canvas(filled, *near.coordinates)
    for start, end, radius in zip(starts, ends, radii, strict=True):
        if radius >= _THIN_MM:
            cover(whole, capsule(start, end, radius, radius), (start + end) / 2, radius + _STEP_MM / 2 + 1.5)
    filled *= Canvas(limit, *canvas.coordinates).part(tuple(low), tuple(high)).values
    np.add(near.values, filled * (np.float32(value) - near.values), out=near.values)


def cover(whole: Canvas, solid: Solid, center_ras_mm: Points, reach_mm: float) -> None:
    """Raise the fractions of a canvas to those of a solid near a point."""
    low, high = center_ras_mm - reach_mm, center_ras_mm + reach_mm
    part = whole.part(tuple(low), tuple(high))
    if part.values.size:
        np.maximum(part.values, inside_fraction(solid(*part.coordinates)), out=part.values)


def _line_fractions(canvas: Canvas, starts: Points, ends: Points, radii: Points) -> Field:
    """Return which share of each voxel the thin tubes fill, spread over the neighbours by linear weights."""
    thin = radii < _THIN_MM
    steps = (np.arange(6) + 0.5) / 6
    positions = (starts[thin, None] + steps[:, None] * (ends - starts)[thin, None]).reshape(-1, 3)
    lengths = np.linalg.norm((ends - starts)[thin], axis=1)
    volume = np.repeat(np.pi * radii[thin] ** 2 * lengths / 6 / (1000 * canvas.voxel_volume_ml), 6)
    index = np.empty_like(positions)
    for axis, line in enumerate(canvas.coordinates):
        first, second = float(line.ravel()[0]), float(line.ravel()[1])
        index[:, axis] = (positions[:, axis] - first) / (second - first)
    shape = canvas.values.shape
    inside = ((index >= 0) & (index < np.array(shape) - 1)).all(axis=1)
    index, volume = index[inside], volume[inside]
    low = np.floor(index).astype(np.int64)
    share = index - low
    total = np.zeros(canvas.values.size, np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, share, 1 - share), axis=1) * volume
        flat = np.ravel_multi_index((low + corner).T, shape)
        total += np.bincount(flat, weight, minlength=total.size).astype(np.float32)
    return np.minimum(total, 1).reshape(shape)


_ARTERY_ROOTS = (((30, -2, -2), (42, -4, -4), (50, -8, -8)), ((-34, -8, 8), (-42, -12, 6), (-50, -14, 0)))
_VEIN_ROOTS = (((22, -8, -24), (36, -8, -22), (48, -4, -20)), ((-24, -10, -22), (-38, -8, -20), (-50, -6, -18)))
_ARTERY_TIPS, _VEIN_TIPS = 2500, 1800


def grow_lung_vessels(rng: np.random.Generator) -> tuple[Tree, ...]:
    """Return the arteries of the right and left lung, then the veins."""
    trees = []
    for roots, tips in ((_ARTERY_ROOTS, _ARTERY_TIPS), (_VEIN_ROOTS, _VEIN_TIPS)):
        for root, side in zip(roots, (1, -1), strict=True):
            targets = _points_in_lung(rng, tips, side)
            trees.append(grow(rng, np.array(root, np.float64), targets))
    return tuple(trees)


def _points_in_lung(rng: np.random.Generator, count: int, side: int) -> Points:
    """Return points in the right (1) or left (-1) lung, off its surface and its fissures."""
    points = rng.uniform((4, -95, -110), (128, 90, 100), (count * 5, 3)) * (side, 1, 1)
    depth = -thorax.lungs(*points.T)
    points = points[(depth > 3.0) & (thorax.fissures(*points.T) > 2.5)]
    return points[:count]


def paint_bronchi(canvas: Canvas, trees: tuple[Tree, ...]) -> None:
    """Paint the airways that run beside the larger arteries, walls first."""
    for arteries in trees[:2]:
        starts, ends, radii = arteries.segments()
        for inside in (False, True):
            for start, end, radius in zip(starts, ends, radii, strict=True):
                if WITH_BRONCHUS_MM < radius < 4.5:
                    _paint_bronchus(canvas, start, end, radius, inside)


def _paint_bronchus(canvas: Canvas, start: Points, end: Points, artery_radius: float, inside: bool) -> None:
    lumen, wall = 0.8 * artery_radius, 0.3 + 0.15 * artery_radius
    offset = _BESIDE * (artery_radius + lumen + 0.7 * wall)
    radius = lumen if inside else lumen + wall
    tube = capsule(start + offset, end + offset, radius, radius)
    reach = radius + _STEP_MM / 2 + 1.5
    center = (start + end) / 2 + offset
    part = canvas.part(tuple(center - reach), tuple(center + reach))
    if part.values.size:
        part.paint(tube(*part.coordinates), -985.0 if inside else -250.0)
