from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.canvas import blank_canvas
from AutoLabelLib.phantom.nodules import Shape, fill_fractions

NO_LOBES = (np.zeros((0, 3)), np.zeros(0))
TURNED, _ = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))


def filled_ml(shape: Shape, spacing_mm: tuple[float, float, float] = (0.8, 0.8, 1.5)) -> float:
    canvas, _ = blank_canvas((50, 50, 28), spacing_mm, 0.0)
    return float(fill_fractions(canvas, shape).sum(dtype=np.float64)) * canvas.voxel_volume_ml


@pytest.mark.parametrize("half_axes", [(2.2, 2.2, 2.2), (4.0, 4.0, 4.0), (9.0, 6.0, 5.0)])
def test_an_ellipsoids_volume_is_the_analytical_one(half_axes: tuple[float, float, float]) -> None:
    shape = Shape(np.array([0.3, -0.2, 0.6]), np.array(half_axes), TURNED, *NO_LOBES)
    assert filled_ml(shape) == pytest.approx(4 / 3 * np.pi * np.prod(half_axes) / 1000, rel=0.005)


def test_a_lobulated_shapes_volume_is_that_of_a_dense_count() -> None:
    rng = np.random.default_rng(0)
    lobes = rng.normal(size=(5, 3))
    lobes /= np.linalg.norm(lobes, axis=1, keepdims=True)
    shape = Shape(np.zeros(3), np.array([7.0, 6.0, 5.5]), TURNED, lobes, rng.uniform(0.1, 0.25, 5))
    points = rng.uniform(-shape.reach_mm, shape.reach_mm, (400_000, 3))
    counted_ml = shape.contains(*points.T).mean() * (2 * shape.reach_mm) ** 3 / 1000
    assert filled_ml(shape) == pytest.approx(counted_ml, rel=0.02)
    assert counted_ml > 1.1 * 4 / 3 * np.pi * 7.0 * 6.0 * 5.5 / 1000


def test_nothing_of_a_shape_lies_beyond_its_reach() -> None:
    rng = np.random.default_rng(1)
    lobes = np.eye(3)
    shape = Shape(np.zeros(3), np.array([7.0, 4.0, 5.0]), TURNED, lobes, np.array([0.2, -0.1, 0.3]))
    directions = rng.normal(size=(20_000, 3))
    directions *= shape.reach_mm / np.linalg.norm(directions, axis=1, keepdims=True)
    assert not shape.contains(*directions.T).any()


def test_a_pleural_nodule_ends_at_the_lungs_surface() -> None:
    center = np.array([121.0, -4.0, -30.0])
    whole = Shape(center, np.full(3, 6.0), np.eye(3), *NO_LOBES)
    cut = Shape(center, np.full(3, 6.0), np.eye(3), *NO_LOBES, in_lung_only=True)
    points = np.random.default_rng(2).uniform(center - 7, center + 7, (50_000, 3))
    beyond = thorax.lungs(*points.T) > 0
    assert (whole.contains(*points.T) & beyond).any()
    assert not (cut.contains(*points.T) & beyond).any()
    assert np.array_equal(cut.contains(*points.T)[~beyond], whole.contains(*points.T)[~beyond])
