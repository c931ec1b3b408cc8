from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment

RED, GREEN = (1.0, 0.1, 0.1), (0.1, 1.0, 0.1)
BALLS_RAS_MM = ((20.0, 0.0, 10.0), (-20.0, 10.0, -10.0))


@pytest.fixture
def volume_node(scene: Any) -> Any:
    """A volume of 80 mm with two balls of 8 mm radius, both segmented and clicked."""
    from AutoLabelLib.scene.clicks import points_node
    from AutoLabelLib.scene.offscreen import working_window
    from AutoLabelLib.scene.render_three_d import show_surfaces
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.views import set_window
    from AutoLabelLib.scene.volumes import volume_from_image

    if working_window() is None:
        pytest.skip("needs OpenGL: a display, EGL or OSMesa")
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:3, 3] = 40, 40, -40
    index = np.moveaxis(np.indices((41, 41, 41)), 0, -1)
    places = index @ affine[:3, :3].T + affine[:3, 3]
    labels = np.zeros((41, 41, 41), np.uint8)
    for number, ball in enumerate(BALLS_RAS_MM, start=1):
        labels[np.linalg.norm(places - ball, axis=-1) < 8] = number
    values = np.where(labels, 0, -800).astype(np.int16)
    node = volume_from_image(Image(values[None], affine, "CT", unit="HU"), "balls")
    set_window(node, (2000.0, -500.0))
    segments = (Segment("one", 1, color=RED), Segment("two", 2, color=GREEN))
    show_surfaces(show_labelmap(Labelmap(labels[None], affine, segments), node))
    points_node("clicks", list(BALLS_RAS_MM), ["one", "two"])
    return node


def share_of(pixels: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    """Return where a picture is tinted with a colour: (height, width) of bool."""
    channel = int(np.argmax(color))
    others = pixels[..., [c for c in range(3) if c != channel]].max(axis=-1).astype(int)
    return pixels[..., channel].astype(int) - others > 25


def middle_of(mask: np.ndarray) -> tuple[float, float]:
    """Return column and row of a mask's middle, as shares of the picture's size."""
    rows, columns = np.nonzero(mask)
    return columns.mean() / mask.shape[1], rows.mean() / mask.shape[0]


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [  # where ball "one" (right of the middle by 20 mm, up by 10 mm) appears in a picture of 80 mm
        ("Axial", (0.25, 0.50)),
        ("Coronal", (0.25, 0.375)),
        ("Sagittal", (0.50, 0.375)),
    ],
)
def test_a_slice_shows_each_segment_where_radiologists_expect_it(
    volume_node: Any, orientation: str, expected: tuple[float, float]
) -> None:
    from AutoLabelLib.scene.render_slices import SliceView

    centers = {"Axial": (0.0, 0.0, 10.0), "Coronal": (0.0, 0.0, 0.0), "Sagittal": (20.0, 0.0, 0.0)}
    with SliceView(volume_node, (160, 160)) as view:
        pixels = view.render(centers[orientation], 80.0, orientation)
    assert pixels.shape == (160, 160, 3)
    assert pixels.dtype == np.uint8
    assert middle_of(share_of(pixels, RED)) == pytest.approx(expected, abs=0.03)
    fraction = share_of(pixels, RED).mean()
    assert fraction == pytest.approx(np.pi * 8**2 / 80**2, rel=0.2)


def test_a_slice_is_as_wide_as_asked_and_shows_the_window(volume_node: Any) -> None:
    from AutoLabelLib.scene.render_slices import SliceView

    with SliceView(volume_node, (200, 100)) as view:
        near = view.render(BALLS_RAS_MM[1], 40.0)
        far = view.render(BALLS_RAS_MM[1], 80.0)
    assert share_of(near, GREEN).sum() == pytest.approx(4 * share_of(far, GREEN).sum(), rel=0.15)
    background = np.median(near[:10, :10])
    assert background == pytest.approx(255 * (-800 + 1500) / 2000, abs=3)


def test_the_three_d_view_shows_both_segments(volume_node: Any) -> None:
    from AutoLabelLib.scene.render_three_d import render_three_d

    pixels = render_three_d((240, 180), (0.0, 300.0, 0.0), (0.0, 0.0, 0.0))
    assert pixels.shape == (180, 240, 3)
    red, green = middle_of(share_of(pixels, RED)), middle_of(share_of(pixels, GREEN))
    assert red[0] < 0.5 < green[0]  # seen from in front, the patient's right is on the left
    assert red[1] < 0.5 < green[1]


def test_rendering_leaves_the_scene_as_it_was(volume_node: Any) -> None:
    from AutoLabelLib.scene.contact_sheet import Closeup, contact_sheet

    scene = volume_node.GetScene()

    def node_ids() -> set[str]:
        nodes = scene.GetNodes()
        return {nodes.GetItemAsObject(n).GetID() for n in range(nodes.GetNumberOfItems())}

    closeup = Closeup("one", "ball", RED, BALLS_RAS_MM[0], 40.0, (("size", "16 mm"),), "0 %")
    contact_sheet(volume_node, [closeup], BALLS_RAS_MM[0], "title", "subtitle")
    before = node_ids()  # the first picture may make singletons that every view needs
    contact_sheet(volume_node, [closeup], BALLS_RAS_MM[0], "title", "subtitle")
    assert node_ids() == before
    assert not [name for name in before if "AutoLabelPicture" in name]


def test_a_contact_sheet_has_every_part_and_no_text_leaves_it(volume_node: Any) -> None:
    from AutoLabelLib.scene.contact_sheet import Closeup, contact_sheet

    facts = (("diameter", "16.0 mm"), ("measured", "2.145 ml"))
    closeups = [
        Closeup("one", "ball", RED, BALLS_RAS_MM[0], 40.0, facts, "+0.1 %"),
        Closeup("two", "ball", GREEN, BALLS_RAS_MM[1], 40.0, facts, "−0.1 %"),
    ]
    sheet = contact_sheet(volume_node, closeups, BALLS_RAS_MM[0], "A title", "A subtitle")
    assert sheet.shape[1] > sheet.shape[0] > 800
    border = np.concatenate([sheet[:, :8].reshape(-1, 3), sheet[:, -8:].reshape(-1, 3), sheet[-8:].reshape(-1, 3)])
    assert (border == border[0]).all()
    columns = share_of(sheet, RED).any(axis=0)
    assert columns[:788].any()  # 3D view and overview
    assert columns[804:].any()  # close-up and its caption
