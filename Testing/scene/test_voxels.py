"""Arrays to and from VTK images, and boxes of grids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from AutoLabelLib.scene import voxels
from Testing.grids import lopsided, make_affine
from Testing.slicer_scene import GRIDS

pytestmark = pytest.mark.usefixtures("slicer")

STARTS = st.tuples(*[st.integers(-3, 3)] * 3)
SIZES = st.tuples(*[st.integers(1, 4)] * 3)


def test_views_are_live_and_have_i_first() -> None:
    import vtk

    image = vtk.vtkImageData()
    voxels.fill_vtk_image(image, lopsided((2, 3, 4))[np.newaxis])

    assert image.GetDimensions() == (2, 3, 4)
    assert image.GetScalarComponentAsDouble(1, 2, 3, 0) == lopsided((2, 3, 4))[1, 2, 3]
    voxels.view_of(image)[0, 1, 2, 3] = -5
    assert image.GetScalarComponentAsDouble(1, 2, 3, 0) == -5


def test_components_are_channels() -> None:
    import vtk

    image = vtk.vtkImageData()
    voxels.fill_vtk_image(image, np.stack([lopsided((2, 3, 4)), -lopsided((2, 3, 4))]))

    assert image.GetScalarComponentAsDouble(1, 2, 3, 1) == -lopsided((2, 3, 4))[1, 2, 3]


def test_an_image_without_voxels_is_an_empty_array() -> None:
    import vtk

    assert voxels.view_of(vtk.vtkImageData()).size == 0
    assert voxels.is_empty(voxels.empty_image(np.eye(4)))


@pytest.mark.parametrize("grid", GRIDS)
def test_an_oriented_image_is_where_it_was_put(grid: str) -> None:
    image = voxels.oriented_image(np.ones((2, 3, 4), np.uint8), GRIDS[grid], (5, -1, 0))

    np.testing.assert_allclose(voxels.affine_of(image), GRIDS[grid], atol=1e-12)
    assert image.GetExtent() == (5, 6, -1, 1, 0, 3)
    assert voxels.start_of(image) == (5, -1, 0)
    assert voxels.on_grid(image, GRIDS[grid])


def test_grids_differ_by_less_than_a_voxel_or_not_at_all() -> None:
    image = voxels.oriented_image(np.ones((2, 3, 4), np.uint8), np.eye(4))

    assert not voxels.on_grid(image, make_affine(origin_mm=(0.01, 0.0, 0.0)))
    assert not voxels.on_grid(image, make_affine(spacing_mm=(1.0, 1.0, 1.01)))
    assert not voxels.on_grid(image, make_affine("LAS"))
    assert voxels.on_grid(image, make_affine(origin_mm=(1e-6, 0.0, 0.0)))


@given(start=STARTS, size=SIZES, other_start=STARTS, other_size=SIZES)
def test_boxes_are_read_as_if_the_grid_had_no_end(start: Any, size: Any, other_start: Any, other_size: Any) -> None:
    stored = 1 + lopsided(size)
    everything = np.zeros((16, 16, 16), np.int32)
    everything[tuple(slice(s + 5, s + 5 + n) for s, n in zip(start, size, strict=True))] = stored
    image = voxels.oriented_image(stored, GRIDS["sheared"], start)

    found = voxels.read_box(image, GRIDS["sheared"], other_start, other_size)

    box = tuple(slice(s + 5, s + 5 + n) for s, n in zip(other_start, other_size, strict=True))
    np.testing.assert_array_equal(found, everything[box])


def test_another_grid_takes_the_nearest_voxel() -> None:
    image = voxels.oriented_image(lopsided((4, 3, 2)), np.eye(4))
    shifted = make_affine(origin_mm=(0.3, -0.3, 0.4))

    np.testing.assert_array_equal(voxels.read_box(image, shifted, (0, 0, 0), (4, 3, 2)), lopsided((4, 3, 2)))


@pytest.mark.parametrize("corner", [(0, 0, 0), (3, 1, 2), (4, 5, 6)])
def test_the_bounding_box_holds_all_and_no_more(corner: tuple[int, int, int]) -> None:
    array: NDArray[np.uint8] = np.zeros((5, 6, 7), np.uint8)
    array[corner] = array[2, 2, 2] = 1

    box = voxels.bounding_box(array)

    assert box == tuple(slice(min(c, 2), max(c, 2) + 1) for c in corner)
    assert voxels.bounding_box(np.zeros((2, 2, 2))) is None


def test_extents_are_inclusive() -> None:
    assert voxels.extent((1, 2, 3), (1, 2, 3)) == [1, 1, 2, 3, 3, 5]
