"""Prompts in mm become guidance channels on any grid."""

from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import ContractError, GeometryError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box, Point, Prompts, Scribble
from AutoLabelLib.worker.segmentation.guidance import SIGMA_MM, guidance_channels

SHAPE = (21, 17, 13)


def _turned(degrees: float, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) * spacing_mm
    affine[:3, 3] = (-31.0, 12.5, 7.25)
    return affine


def _sheared() -> np.ndarray:
    affine = _turned(15, (0.9, 0.8, 1.7))
    affine[0, 2] += 0.9
    return affine


GRIDS = {
    "isotropic": np.diag([1.0, 1.0, 1.0, 1.0]),
    "anisotropic": np.diag([0.7, 0.9, 2.5, 1.0]),
    "left-handed": np.diag([-0.7, 0.7, 1.25, 1.0]) + np.array([[0, 0, 0, 40.0], *[[0] * 4] * 3]),
    "oblique": _turned(33, (0.6, 1.1, 2.0)),
    "sheared": _sheared(),
}


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_is_a_gaussian_of_the_distance_in_mm(name: str) -> None:
    affine = GRIDS[name]
    clicks = ras_from_index(affine, [[4.3, 9.0, 6.6], [15.0, 2.0, 3.0]])
    channels = guidance_channels(Prompts(points=tuple(Point(tuple(click)) for click in clicks)), affine, SHAPE)
    centres = ras_from_index(affine, np.stack(np.indices(SHAPE), axis=-1))
    squared_mm = np.min([((centres - click) ** 2).sum(axis=-1) for click in clicks], axis=0)
    expected = np.exp(-squared_mm / (2 * SIGMA_MM**2))
    assert channels.shape == (2, *SHAPE) and channels.dtype == np.float32
    np.testing.assert_allclose(channels[0], expected, atol=5e-4)  # the far tail is not drawn
    assert not channels[1].any()


def test_positive_and_negative_clicks_have_their_own_channel() -> None:
    affine = GRIDS["anisotropic"]
    inside, beside = ras_from_index(affine, [[3, 4, 5], [17, 12, 9]])
    channels = guidance_channels(Prompts(points=(Point(tuple(inside)), Point(tuple(beside), False))), affine, SHAPE)
    assert np.unravel_index(channels[0].argmax(), SHAPE) == (3, 4, 5)
    assert np.unravel_index(channels[1].argmax(), SHAPE) == (17, 12, 9)


def test_a_click_outside_the_region_still_reaches_into_it() -> None:
    channels = guidance_channels(Prompts(points=(Point((-2.0, 5.0, 5.0)),)), np.eye(4), SHAPE)
    assert channels[0, 0, 5, 5] == pytest.approx(np.exp(-4 / (2 * SIGMA_MM**2)))
    assert not guidance_channels(Prompts(points=(Point((-500.0, 5.0, 5.0)),)), np.eye(4), SHAPE).any()


def test_a_scribble_is_drawn_along_its_whole_length() -> None:
    path = ((1.0, 8.0, 6.0), (10.0, 8.0, 6.0), (19.0, 8.0, 6.0))
    channels = guidance_channels(Prompts(scribbles=(Scribble(path),)), np.eye(4), SHAPE)
    assert channels[0, 1:20, 8, 6].min() > 0.95
    assert channels[0, 10, 16, 6] < 0.05


def test_a_box_has_no_channel() -> None:
    with pytest.raises(ContractError, match="clicks and scribbles"):
        guidance_channels(Prompts(boxes=(Box((0, 0, 0), (1, 1, 1)),)), np.eye(4), SHAPE)


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_outside_the_volume_is_refused(name: str) -> None:
    affine = GRIDS[name]
    image = Image(np.zeros((1, *SHAPE), np.int16), affine)
    Prompts(points=(Point(tuple(ras_from_index(affine, [20.4, 16.4, 12.4]))),)).check_inside(image)
    with pytest.raises(GeometryError, match="outside the volume"):
        Prompts(points=(Point(tuple(ras_from_index(affine, [20.7, 16.4, 12.4]))),)).check_inside(image)
