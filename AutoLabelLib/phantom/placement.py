"""Where a phantom's nodules lie: drawn at random, within the lungs, apart from each other, each as its kind demands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.nodules import Shape
from AutoLabelLib.phantom.vessels import WITH_BRONCHUS_MM, Points, Tree

_GAP_MM = 16.0  # at least, between two nodules
_FROM_IN_FRONT, _ANYWHERE = (1.0, 0.0, 1.0), (1.0, 1.0, 1.0)  # what counts of a distance in RAS x, y, z


@dataclass(frozen=True)
class Plan:
    """A nodule that is wanted.

    Attributes:
        kind: "solid", "lobulated", "sub-solid", "pleural" or "vessel-attached".
        diameter_mm: Its size, roughly: the exact one follows from its shape.
    """

    kind: str
    diameter_mm: float


@dataclass(frozen=True, eq=False)
class Room:
    """Where nodules can go.

    Attributes:
        candidates_ras_mm: (N, 3) points inside the lungs.
        depths_mm: (N,) distance of each from the lung's surface.
        vessels: Trees that free nodules keep clear of and attached ones touch.
        low_ras_mm: Lower corner of the volume in which whole nodules are wanted.
        high_ras_mm: The opposite corner.
    """

    candidates_ras_mm: Points
    depths_mm: Points
    vessels: tuple[Tree, ...]
    low_ras_mm: NDArray[np.float64]
    high_ras_mm: NDArray[np.float64]


def place(rng: np.random.Generator, plans: tuple[Plan, ...], room: Room) -> list[Shape]:
    """Return a shape for each plan, in the same order.

    Raises:
        InputError: If one finds no place.
    """
    found: dict[int, Shape] = {}
    for number in sorted(range(len(plans)), key=lambda n: -plans[n].diameter_mm):  # large ones choose first
        found[number] = _place_one(rng, plans[number], room, list(found.values()))
    return [found[number] for number in range(len(plans))]


def _place_one(rng: np.random.Generator, plan: Plan, room: Room, others: list[Shape]) -> Shape:
    radius = plan.diameter_mm / 2
    if plan.kind == "vessel-attached":
        centers = _beside_vessels(rng, radius, room)
    else:
        centers = room.candidates_ras_mm[_suitable(plan.kind, radius, room)]
    margin = radius * 1.3 + 4
    whole = ((centers - margin > room.low_ras_mm) & (centers + margin < room.high_ras_mm)).all(axis=1)
    centers = rng.permutation(centers[whole])
    for seen_from in (_FROM_IN_FRONT, _ANYWHERE):  # none hides another in the 3D view, if there is room enough
        for center in centers:
            if _is_apart(center, radius, others, seen_from):
                return _shape(rng, plan, center)
    raise InputError(f"There is no room for a {plan.kind} nodule of {plan.diameter_mm:g} mm.", "Ask for fewer of them.")


def _is_apart(center: Points, radius: float, others: list[Shape], seen_from: tuple[float, float, float]) -> bool:
    for other in others:
        away = center - other.center_ras_mm
        if np.linalg.norm(away) < other.reach_mm + radius * 1.3 + _GAP_MM:
            return False
        if np.linalg.norm(away * seen_from) < other.reach_mm + radius * 1.3 + _GAP_MM / 2:
            return False
    return True


def _suitable(kind: str, radius: float, room: Room) -> NDArray[np.bool_]:
    """Return which candidates can hold a nodule of a kind, as far as lung surface and vessels matter."""
    points = room.candidates_ras_mm
    if kind == "pleural":
        costal = thorax.cavity(*points.T) + 2.0 > -room.depths_mm - 0.5  # the nearest surface is the chest wall
        return costal & (room.depths_mm > 0.35 * radius) & (room.depths_mm < 0.65 * radius)
    free = room.depths_mm > radius * 1.25 + 3
    for tree in room.vessels:
        free &= _distance_to_thick(points, tree) > radius * 1.1 + 1.5
    return free


def _distance_to_thick(points: Points, tree: Tree, thicker_than_mm: float = 0.9) -> Points:
    from scipy.spatial import cKDTree

    thick = tree.radii_mm > thicker_than_mm
    # Beside a larger artery runs its bronchus, a little wider than itself.
    reach_mm = tree.radii_mm[thick] * np.where(tree.radii_mm[thick] > WITH_BRONCHUS_MM, 3.2, 1.0)
    distance, nearest = cKDTree(tree.nodes_ras_mm[thick]).query(points)
    return np.asarray(distance - reach_mm[nearest])


def _beside_vessels(rng: np.random.Generator, radius: float, room: Room) -> Points:
    """Return centres from which a nodule touches an artery that is too small to have a bronchus beside it."""
    nodes, radii = room.vessels[0].nodes_ras_mm, room.vessels[0].radii_mm
    middle = (radii > 0.75) & (radii < 0.95 * WITH_BRONCHUS_MM)
    directions = rng.normal(size=(int(middle.sum()), 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centers = nodes[middle] + directions * (radii[middle, None] + 0.8 * radius)
    for tree in room.vessels:
        centers = centers[_distance_to_thick(centers, tree, WITH_BRONCHUS_MM) > radius * 1.1 + 1.5]
    return centers[thorax.lungs(*centers.T) < -(radius * 1.25 + 3)]


def _shape(rng: np.random.Generator, plan: Plan, center: Points) -> Shape:
    """Return a shape of about the planned size with random directions and, for its kind, lobes."""
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    stretch = rng.uniform(-0.08, 0.08, 3)
    count = 7 if plan.kind == "lobulated" else 3
    lobes = rng.normal(size=(count, 3))
    lobes /= np.linalg.norm(lobes, axis=1, keepdims=True)
    heights = rng.uniform(0.10, 0.22, count) if plan.kind == "lobulated" else rng.uniform(-0.05, 0.06, count)
    return Shape(center, plan.diameter_mm / 2 * np.exp(stretch), axes, lobes, heights, plan.kind == "pleural")
