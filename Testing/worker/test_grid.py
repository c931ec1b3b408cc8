from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from AutoLabelLib.core.affine import index_from_ras, orientation, ras_from_index, spacing_mm
from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.worker.networks.grid import interpolated, model_grid, region, zoom_positions
from Testing.grids import affines, lopsided, make_affine, shapes

TARGETS = ("RAS", "LPS", "PIR", "SAL")


@settings(max_examples=30, deadline=None)
@given(affines(), shapes(), st.sampled_from(TARGETS))
def test_without_a_zoom_every_voxel_returns(affine: np.ndarray, shape: tuple[int, int, int], target: str) -> None:
    array = lopsided(shape)
    grid = model_grid(affine, shape, target)
    values = grid.from_source(array[None])
    assert not grid.is_zoomed
    assert orientation(grid.affine) == target
    np.testing.assert_array_equal(grid.to_source(values.numpy())[0], array)
    middle = [n // 2 for n in grid.shape]
    source = np.rint(index_from_ras(affine, ras_from_index(grid.affine, middle))).astype(int)
    assert values[(0, *middle)] == array[tuple(source)]


@settings(max_examples=30, deadline=None)
@given(affines(), shapes(9), st.tuples(*[st.floats(0.3, 6.0)] * 3))
def test_a_zoom_keeps_every_position(
    affine: np.ndarray, shape: tuple[int, int, int], wanted_mm: tuple[float, float, float]
) -> None:
    grid = model_grid(affine, shape, "RAS", wanted_mm)
    # A ramp along RAS x stays that ramp, wherever there are two voxels to interpolate between.
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    ramp = ras_from_index(affine, index)[..., 0].astype(np.float32)
    values = grid.from_source(ramp[None])[0].numpy()
    model_index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    positions = ras_from_index(grid.affine, model_index)
    source = index_from_ras(grid.source_affine, positions)
    inside = (source >= 0).all(axis=-1) & (source <= np.asarray(grid.source_shape) - 1).all(axis=-1)
    np.testing.assert_allclose(values[inside], positions[..., 0][inside], atol=1e-2)


def test_a_spacing_that_is_not_positive_keeps_the_inputs() -> None:
    grid = model_grid(make_affine("LPS", (0.5, 0.6, 2.0)), (10, 10, 10), "RAS", (-1.0, 1.2, 0.0))
    assert grid.shape == (10, 5, 10)


def test_no_orientation_keeps_the_inputs() -> None:
    affine = make_affine("PIR", (0.5, 0.6, 2.0))
    np.testing.assert_array_equal(model_grid(affine, (3, 4, 5), None).affine, affine)
    with pytest.raises(GeometryError):
        model_grid(affine, (3, 4, 5), "XYZ")


def test_zooming_uses_torchs_positions() -> None:
    values = torch.randn(1, 1, 7)
    for count in (3, 7, 12):
        expected = torch.nn.functional.interpolate(values, count, mode="linear", align_corners=False)
        torch.testing.assert_close(interpolated(values, 2, zoom_positions(count, 7)), expected)


@settings(max_examples=30, deadline=None)
@given(affines(), st.tuples(*[st.integers(4, 9)] * 3), st.tuples(*[st.floats(0, 1)] * 3))
def test_a_region_on_the_inputs_own_voxels_returns_them(
    affine: np.ndarray, shape: tuple[int, int, int], where: tuple[float, float, float]
) -> None:
    array = lopsided(shape)[None]
    grid = model_grid(affine, shape, "RAS")
    centre = ras_from_index(affine, np.asarray(where) * (np.asarray(shape) - 1))
    part = region(grid, centre, (4, 5, 3), spacing_mm(grid.source_affine))
    reordered = np.ascontiguousarray(grid.order.apply(array), dtype=np.float32)
    values = part.sample(torch.from_numpy(reordered[(slice(None), *part.support)]), [-1.0])
    np.testing.assert_array_equal(part.to_source(values).numpy(), reordered[(slice(None), *part.coverage)])
    # Each voxel of the region is where its affine says.
    for index in ((0, 0, 0), (3, 4, 2), (1, 2, 0)):
        source = np.rint(index_from_ras(affine, ras_from_index(part.affine, index))).astype(int)
        is_inside = all(0 <= i < n for i, n in zip(source, shape, strict=True))
        assert values[(0, *index)] == (array[(0, *source)] if is_inside else -1.0)


def test_a_region_agrees_with_grid_sample() -> None:
    affine = make_affine("LAS", (0.7, 0.9, 1.3), (10, 5, -5), (0.1, 0.2, 0.0))
    volume = torch.randn(2, 12, 14, 10)
    grid = model_grid(affine, (12, 14, 10), None)
    centre_index = np.array([1.3, 8.2, 5.1])
    part = region(grid, ras_from_index(affine, centre_index), (8, 6, 7), (1.0, 1.0, 1.0))
    ours = part.sample(volume[(slice(None), *part.support)], [5.0, 6.0])
    steps = [centre_index[a] + (np.arange(n) - (n - 1) / 2) / spacing_mm(affine)[a] for a, n in enumerate((8, 6, 7))]
    # Normalised by the faces of the volume, last axis first, as grid_sample wants it.
    places = [(2 * step + 1) / n - 1 for step, n in zip(steps, (12, 14, 10), strict=True)]
    mesh = torch.from_numpy(np.stack(np.meshgrid(*places, indexing="ij")[::-1], axis=-1)).float()
    theirs = torch.nn.functional.grid_sample(volume[None], mesh[None], padding_mode="border", align_corners=False)[0]
    beyond = (mesh.abs() > 1).any(-1)
    torch.testing.assert_close(ours[:, ~beyond], theirs[:, ~beyond], atol=1e-4, rtol=0)
    assert (ours[0][beyond] == 5.0).all()
    assert (ours[1][beyond] == 6.0).all()


@settings(max_examples=30, deadline=None)
@given(affines(), shapes(9), st.sampled_from(TARGETS))
def test_what_a_region_covers_comes_back_onto_it(affine: np.ndarray, shape: tuple[int, int, int], target: str) -> None:
    """On the input's own spacing voxel by voxel, and nothing where there is no input."""
    grid = model_grid(affine, shape, target)
    part = region(grid, ras_from_index(affine, (0, 0, 0)), (8, 6, 10))
    own = torch.from_numpy(np.random.default_rng(0).random((2, *grid.source_shape), np.float32))
    covered = own[(slice(None), *part.coverage)]
    back = part.from_source(covered)
    torch.testing.assert_close(part.to_source(back), covered, rtol=0, atol=0)
    assert float(back.sum()) == pytest.approx(float(covered.sum()), rel=1e-4)
    first = ras_from_index(part.covered_affine, (0, 0, 0))
    np.testing.assert_allclose(first, ras_from_index(grid.source_affine, [s.start for s in part.coverage]), atol=1e-9)
