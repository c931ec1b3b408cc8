"""Does an explanation mark what matters? What it marks is taken out, and the probability must fall.

The more it marks is taken out, hottest voxels first, the more the probability falls: the deletion curve. It is compared
with the same map moved to random places, so that what is taken out has the same size and shape and only lies elsewhere.

Source:
    Petsiuk V, Das A, Saenko K. RISE: randomized input sampling for explanation of black-box models. BMVC 2018.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.explanation.subject import Subject

FRACTIONS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Parts of the image that are taken out; dense where explanations differ."""

MARKED_FROM = 0.25
"""Heat from which a voxel counts as marked; from there on, pictures show it."""


@dataclass(frozen=True)
class Deletion:
    """How the probability of a target falls when parts of the image are taken out.

    Attributes:
        fractions: Parts of the image that were taken out.
        probability: Of the target, with the hottest voxels taken out.
        random_probability: The same for random places, mean over the draws.
        area: Area under the curve, from 0 to 1: the smaller, the better the explanation.
        random_area: The same for random places, mean over the draws.
        random_areas: For each draw.
        marked_fraction: Part of the image that is marked: where the heat is at least `MARKED_FROM`.
        drop: By how much the probability falls when exactly that is taken out.
        random_drop: The same for random places, mean over the draws.
        random_drops: For each draw.
    """

    fractions: tuple[float, ...]
    probability: tuple[float, ...]
    random_probability: tuple[float, ...]
    area: float
    random_area: float
    random_areas: tuple[float, ...]
    marked_fraction: float
    drop: float
    random_drop: float
    random_drops: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def passes(draws: int, looks: int) -> int:
    """Return how many times the networks are asked."""
    return looks * (2 + (1 + draws) * (len(FRACTIONS) - 1))


def deletion(subject: Subject, heat: NDArray[np.float32], replaced_by: torch.Tensor, draws: int, seed: int) -> Deletion:
    """Return the deletion curve of an explanation, and that of the same heat at random places.

    Args:
        subject: What was explained.
        heat: (I, J, K), 0 to 1, on the subject's grid; not 0 everywhere.
        replaced_by: (C, I, J, K), what is put in place of what is taken out.
        draws: Number of random places.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    inside = subject.inside.numpy()
    marked = float(np.mean(heat[inside] >= MARKED_FROM))
    ends = (subject.probability(), subject.probability(_without(subject, inside, replaced_by)))
    steps = (*FRACTIONS[1:-1], marked)

    def curve(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
        order = _hottest_first(values, inside, rng)
        found = []
        for fraction in steps:
            taken = np.zeros(inside.size, bool)
            taken[order[: round(fraction * len(order))]] = True
            found.append(subject.probability(_without(subject, taken.reshape(inside.shape), replaced_by)))
        return np.array([ends[0], *found[:-1], ends[1]]), ends[0] - found[-1]

    own, drop = curve(heat)
    drawn = [curve(_moved(heat, inside, rng)) for _ in range(draws)]
    areas = [float(np.trapezoid(values, FRACTIONS)) for values, _ in drawn]
    drops = [float(fall) for _, fall in drawn]
    return Deletion(
        FRACTIONS,
        tuple(map(float, own)),
        tuple(map(float, np.mean([values for values, _ in drawn], axis=0))),
        float(np.trapezoid(own, FRACTIONS)),
        float(np.mean(areas)),
        tuple(areas),
        marked,
        float(drop),
        float(np.mean(drops)),
        tuple(drops),
    )


def _without(subject: Subject, taken: NDArray[np.bool_], replaced_by: torch.Tensor) -> torch.Tensor:
    return torch.where(torch.from_numpy(taken), replaced_by, subject.image)


def _hottest_first(heat: NDArray[np.float32], inside: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the flat indices of the voxels inside, hottest first; equal ones in random order."""
    places = rng.permutation(np.flatnonzero(inside))
    return np.asarray(places[np.argsort(-heat.ravel()[places], kind="stable")])


def _moved(heat: NDArray[np.float32], inside: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return heat moved to a random place in the box of the voxels inside; what leaves it on one side comes back."""
    where = np.argwhere(inside)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    result = np.zeros_like(heat)
    result[box] = np.roll(heat[box], [int(rng.integers(n)) for n in high - low], axis=(0, 1, 2))
    return result
