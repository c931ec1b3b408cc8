"""What a user points at: points, boxes, scribbles and lassos, all in RAS mm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.grid import HasGrid

Position = tuple[float, float, float]


def _position(values: Any) -> Position:
    try:
        coordinates = [float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise GeometryError(f"A position needs three numbers (RAS mm), got {values!r}.") from error
    if len(coordinates) != 3 or not np.isfinite(coordinates).all():
        raise GeometryError(f"A position needs three finite numbers (RAS mm), got {coordinates}.")
    return (coordinates[0], coordinates[1], coordinates[2])


def _path(corners: Any, fewest: int, kind: str) -> tuple[Position, ...]:
    path = tuple(_position(corner) for corner in corners)
    if len(path) < fewest:
        raise GeometryError(f"A {kind} needs at least {fewest} position(s), got {len(path)}.", "Draw it again.")
    return path


@dataclass(frozen=True)
class Point:
    """A click: "this belongs to it" (positive) or "this does not" (negative)."""

    position_ras_mm: Position
    positive: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "position_ras_mm", _position(self.position_ras_mm))


@dataclass(frozen=True)
class Box:
    """A box around it, given by two opposite corners; its sides run along the RAS axes."""

    low_ras_mm: Position
    high_ras_mm: Position
    positive: bool = True

    def __post_init__(self) -> None:
        first, second = _position(self.low_ras_mm), _position(self.high_ras_mm)
        object.__setattr__(self, "low_ras_mm", _position(np.minimum(first, second)))
        object.__setattr__(self, "high_ras_mm", _position(np.maximum(first, second)))


@dataclass(frozen=True)
class Scribble:
    """A stroke through it, as the corners of an open polyline; one corner is a dab."""

    path_ras_mm: tuple[Position, ...]
    positive: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path_ras_mm", _path(self.path_ras_mm, 1, "scribble"))


@dataclass(frozen=True)
class Lasso:
    """A loop around it in one plane, as the corners of a closed polygon."""

    path_ras_mm: tuple[Position, ...]
    positive: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path_ras_mm", _path(self.path_ras_mm, 3, "lasso"))


Prompt = Point | Box | Scribble | Lasso

_FIELD_OF = {Point: "points", Box: "boxes", Scribble: "scribbles", Lasso: "lassos"}


@dataclass(frozen=True)
class Prompts:
    """Everything that the user has pointed at so far, each kind in the order in which it was given."""

    points: tuple[Point, ...] = ()
    boxes: tuple[Box, ...] = ()
    scribbles: tuple[Scribble, ...] = ()
    lassos: tuple[Lasso, ...] = ()

    @property
    def strokes(self) -> tuple[Scribble | Lasso, ...]:
        """Scribbles and lassos."""
        return (*self.scribbles, *self.lassos)

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds that are used: "point", "box", "scribble", "lasso"."""
        held = {"point": self.points, "box": self.boxes, "scribble": self.scribbles, "lasso": self.lassos}
        return tuple(kind for kind, prompts in held.items() if prompts)

    def __iter__(self) -> Iterator[Prompt]:
        return iter((*self.points, *self.boxes, *self.strokes))

    def adding(self, prompt: Prompt) -> Prompts:
        """Return these prompts and one more."""
        field = _FIELD_OF[type(prompt)]
        return replace(self, **{field: (*getattr(self, field), prompt)})

    def removing(self, prompt: Prompt) -> Prompts:
        """Return these prompts without one; of equal ones, the latest goes.

        Raises:
            InputError: If it is not among them.
        """
        field = _FIELD_OF[type(prompt)]
        held = getattr(self, field)
        places = [place for place, other in enumerate(held) if other == prompt]
        if not places:
            raise InputError("There is no such prompt to remove.", "It may have been undone already.")
        return replace(self, **{field: held[: places[-1]] + held[places[-1] + 1 :]})

    def positions_ras_mm(self) -> list[Position]:
        """Return every corner and point."""
        positions = [point.position_ras_mm for point in self.points]
        positions += [corner for box in self.boxes for corner in (box.low_ras_mm, box.high_ras_mm)]
        for stroke in self.strokes:
            positions += stroke.path_ras_mm
        return positions

    def check_inside(self, grid: HasGrid) -> None:
        """Raise GeometryError if a point or a stroke lies outside a grid, or a box does not touch it."""
        strict = [point.position_ras_mm for point in self.points]
        strict += [corner for stroke in self.strokes for corner in stroke.path_ras_mm]
        limit = np.asarray(grid.spatial_shape) - 0.5
        for position in strict:
            index = index_from_ras(grid.affine, position)
            if (index < -0.5 - 1e-6).any() or (index > limit + 1e-6).any():
                where = ", ".join(f"{value:.1f}" for value in position)
                raise GeometryError(
                    f"The prompt at RAS ({where}) mm is outside the volume.",
                    "Click inside the chosen volume.",
                )
        for box in self.boxes:
            corners = np.array(np.meshgrid(*zip(box.low_ras_mm, box.high_ras_mm, strict=True))).reshape(3, -1).T
            index = index_from_ras(grid.affine, corners)
            if (index.max(axis=0) < -0.5).any() or (index.min(axis=0) > limit).any():
                raise GeometryError("The box is outside the volume.", "Draw it over the chosen volume.")

    def to_json(self) -> dict[str, Any]:
        """Return the prompts as a JSON object, positions in RAS mm."""
        return {
            "points": [{"position": list(p.position_ras_mm), "positive": p.positive} for p in self.points],
            "boxes": [
                {"low": list(b.low_ras_mm), "high": list(b.high_ras_mm), "positive": b.positive} for b in self.boxes
            ],
            "scribbles": [{"path": [list(c) for c in s.path_ras_mm], "positive": s.positive} for s in self.scribbles],
            "lassos": [{"path": [list(c) for c in s.path_ras_mm], "positive": s.positive} for s in self.lassos],
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Prompts:
        """Return the prompts that `to_json` described."""
        return cls(
            tuple(Point(f["position"], bool(f.get("positive", True))) for f in fields.get("points", ())),
            tuple(Box(f["low"], f["high"], bool(f.get("positive", True))) for f in fields.get("boxes", ())),
            tuple(Scribble(tuple(f["path"]), bool(f.get("positive", True))) for f in fields.get("scribbles", ())),
            tuple(Lasso(tuple(f["path"]), bool(f.get("positive", True))) for f in fields.get("lassos", ())),
        )
