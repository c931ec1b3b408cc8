from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from Testing.grids import affines, make_affine

SHAPE = (6, 4, 3)
OUTSIDE = "outside the volume"
positions = st.tuples(*[st.floats(-1e4, 1e4)] * 3)


def grid(affine: np.ndarray) -> Image:
    return Image(np.zeros((1, *SHAPE), np.uint8), affine)


@given(affines(), st.tuples(*(st.floats(-0.5, n - 0.5) for n in SHAPE)))
def test_every_position_in_the_box_of_voxels_is_inside(affine: np.ndarray, index: tuple[float, ...]) -> None:
    position = ras_from_index(affine, index)
    Prompts(points=(Point(position),), scribbles=(Scribble((position,)),)).check_inside(grid(affine))


@given(affines(), st.integers(0, 2), st.booleans(), st.floats(0.001, 100))
def test_every_position_beyond_a_face_is_outside(affine: np.ndarray, axis: int, low: bool, beyond: float) -> None:
    index = (np.array(SHAPE) - 1) / 2
    index[axis] = -0.5 - beyond if low else SHAPE[axis] - 0.5 + beyond
    position = tuple(ras_from_index(affine, index))
    inside = tuple(ras_from_index(affine, (1, 1, 1)))
    for prompts in (
        Prompts(points=(Point(inside), Point(position, positive=False))),
        Prompts(scribbles=(Scribble((inside, position)),)),
        Prompts(lassos=(Lasso((inside, inside, position)),)),
    ):
        with pytest.raises(GeometryError, match=OUTSIDE):
            prompts.check_inside(grid(affine))


def test_a_box_may_reach_beyond_but_not_lie_beyond() -> None:
    image = grid(make_affine("LPS", (1, 2, 3)))
    Prompts(boxes=(Box((-100, -100, -100), (100, 100, 100)),)).check_inside(image)
    Prompts(boxes=(Box((-1, -1, 0), (-900, -900, 900)),)).check_inside(image)
    with pytest.raises(GeometryError, match=OUTSIDE):
        Prompts(boxes=(Box((50, 50, 50), (60, 60, 60)),)).check_inside(image)


def test_a_box_sorts_its_corners() -> None:
    assert Box((1, -2, 3), (-1, 2, -3)) == Box((-1, -2, -3), (1, 2, 3))


@pytest.mark.parametrize("bad", [(1, 2), (1, 2, 3, 4), (np.nan, 0, 0), (0, np.inf, 0), ("a", 0, 0), None, 5])
def test_a_position_is_three_finite_numbers(bad: object) -> None:
    for make in (Point, lambda p: Box(p, (0, 0, 0)), lambda p: Scribble((p,)), lambda p: Lasso((p, p, p))):
        with pytest.raises(GeometryError, match="three"):
            make(bad)


@pytest.mark.parametrize(("kind", "fewest"), [(Scribble, 1), (Lasso, 3)])
def test_a_stroke_needs_enough_corners(kind: type, fewest: int) -> None:
    kind(((0, 0, 0),) * fewest)
    with pytest.raises(GeometryError, match=f"at least {fewest}"):
        kind(((0, 0, 0),) * (fewest - 1))


def test_kinds_and_truth() -> None:
    assert not Prompts()
    everything = Prompts(
        (Point((0, 0, 0)),), (Box((0, 0, 0), (1, 1, 1)),), (Scribble(((2, 2, 2),)),), (Lasso(((3, 3, 3),) * 3),)
    )
    assert everything
    assert everything.kinds == ("point", "box", "scribble", "lasso")
    assert everything.positions_ras_mm() == [(0, 0, 0), (0, 0, 0), (1, 1, 1), (2, 2, 2), *[(3, 3, 3)] * 3]


paths = st.lists(positions, min_size=3, max_size=5).map(tuple)
prompts = st.builds(
    Prompts,
    st.lists(st.builds(Point, positions, st.booleans()), max_size=2).map(tuple),
    st.lists(st.builds(Box, positions, positions, st.booleans()), max_size=2).map(tuple),
    st.lists(st.builds(Scribble, paths, st.booleans()), max_size=2).map(tuple),
    st.lists(st.builds(Lasso, paths, st.booleans()), max_size=2).map(tuple),
)


@given(prompts)
def test_prompts_survive_json(given_prompts: Prompts) -> None:
    assert Prompts.from_json(given_prompts.to_json()) == given_prompts
