"""Boxes of voxels: what covers positions, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.crop import IndexBox, Part, covering_box, cropped_image, pasted_labelmap
from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from Testing.slicer_scene import GRIDS, SHAPE

BOX = IndexBox((2, 1, 0), (4, 3, 5))


def image(grid: str) -> Image:
    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE)
    return Image(voxels, GRIDS[grid], "CT", unit="HU")


def corners_ras_mm(affine: np.ndarray, low_ijk: tuple[float, ...], high_ijk: tuple[float, ...]) -> np.ndarray:
    """Corners of a box whose sides run along the voxels."""
    corners = np.stack(np.meshgrid(*zip(low_ijk, high_ijk, strict=True)), axis=-1).reshape(-1, 3)
    return ras_from_index(affine, corners)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_box_that_ends_between_voxels_covers_just_these(grid: str) -> None:
    whole = image(grid)
    edges = corners_ras_mm(whole.affine, (1.5, 0.5, -0.5), (5.5, 3.5, 4.5))
    assert covering_box(whole, edges) == BOX


@pytest.mark.parametrize("grid", GRIDS)
def test_a_voxel_that_is_touched_belongs_to_it(grid: str) -> None:
    whole = image(grid)
    assert covering_box(whole, corners_ras_mm(whole.affine, (1.6, 0.6, 0.0), (5.4, 3.4, 4.0))) == BOX
    larger = covering_box(whole, corners_ras_mm(whole.affine, (1.4, 0.6, 0.0), (5.4, 3.6, 4.0)))
    assert larger == IndexBox((1, 1, 0), (5, 4, 5))


def test_what_is_outside_is_left_out() -> None:
    whole = image("oblique")
    far = corners_ras_mm(whole.affine, (-50.0, 4.0, 2.0), (50.0, 60.0, 3.0))
    assert covering_box(whole, far) == IndexBox((0, 4, 2), (9, 3, 2))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ((20.0, 0.0, 0.0), (30.0, 3.0, 3.0), "outside of the volume"),
        ((-9.0, 0.0, 0.0), (-0.6, 3.0, 3.0), "outside of the volume"),
        ((0.0, 0.0, 2.1), (5.0, 5.0, 2.2), "only one slice"),
    ],
)
def test_a_box_that_covers_nothing_says_so(low: tuple[float, ...], high: tuple[float, ...], said: str) -> None:
    whole = image("oblique")
    with pytest.raises(GeometryError, match=said):
        covering_box(whole, corners_ras_mm(whole.affine, low, high))


@pytest.mark.parametrize("grid", GRIDS)
def test_a_part_keeps_its_place(grid: str) -> None:
    whole = image(grid)
    part = cropped_image(whole, BOX)
    assert (part.modality, part.unit, part.spatial_shape) == ("CT", "HU", BOX.shape_ijk)
    np.testing.assert_array_equal(part.array, whole.array[:, 2:6, 1:4, 0:5])
    np.testing.assert_allclose(ras_from_index(part.affine, (1, 1, 1)), ras_from_index(whole.affine, (3, 2, 1)))


def test_a_labelmap_of_a_part_goes_back_to_where_it_was_taken_from() -> None:
    whole = image("left-handed")
    array = np.zeros((2, *BOX.shape_ijk), np.uint16)
    array[0, 0, 0, 0], array[1, 3, 2, 4] = 300, 7
    part = Labelmap(array, cropped_image(whole, BOX).affine, (Segment("a", 300), Segment("b", 7, 1)))
    back = pasted_labelmap(part, BOX, whole)
    assert back.same_grid(whole)
    assert back.segments == part.segments
    assert np.argwhere(back.array).tolist() == [[0, 2, 1, 0], [1, 5, 3, 4]]
    assert Part(whole, None, whole).whole(back) is back
