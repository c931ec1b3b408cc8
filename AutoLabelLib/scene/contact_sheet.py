"""One picture of a scene: the 3D view, an overview slice, and a close-up of each finding with its figures and heat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.clicks import hidden_labels
from AutoLabelLib.scene.heatmaps import bring_to_front, hide
from AutoLabelLib.scene.lettering import Color, text_width_px, write_text
from AutoLabelLib.scene.nodes import Node, scene_of
from AutoLabelLib.scene.offscreen import Pixels
from AutoLabelLib.scene.render_slices import SliceView
from AutoLabelLib.scene.render_three_d import render_three_d
from AutoLabelLib.scene.volumes import grid_of

_MARGIN, _GAP, _HEADER = 28, 16, 96
_SEAM = 4  # between a close-up and the same with heat
_THREE_D_SIZE, _TILE, _CAPTION = (760, 560), 240, 208
_COLUMNS, _ROWS = 2, 4
_PAPER, _INK, _FAINT_INK = (0.065, 0.075, 0.095), (0.93, 0.94, 0.96), (0.62, 0.66, 0.72)
_BODY_PX, _NUMBER_PX, _TITLE_PX, _SUBTITLE_PX = 19, 24, 31, 19
_LINE_PX = 29

CAPACITY = _COLUMNS * _ROWS
"""How many close-ups a sheet has room for."""


@dataclass(frozen=True)
class Closeup:
    """A finding that is shown enlarged.

    Attributes:
        name: Its short name.
        kind: What it is, in a word.
        color: Of its segment, each from 0 to 1.
        center_ras_mm: What the picture is centred on.
        width_mm: How much of the body the picture shows.
        facts: What is written beside it: names and values.
        emphasis: A line below, in larger letters; "" for none.
        verdict: The last line, what a classifier calls it; "" for none.
    """

    name: str
    kind: str
    color: Color
    center_ras_mm: Position
    width_mm: float
    facts: tuple[tuple[str, str], ...]
    emphasis: str = ""
    verdict: str = ""


def contact_sheet(
    volume_node: Node,
    closeups: Sequence[Closeup],
    overview_ras_mm: Position,
    title: str,
    subtitle: str,
    heatmap_node: Node | None = None,
) -> Pixels:
    """Return the picture.

    Args:
        volume_node: What the slices show beneath segments and markups.
        closeups: At most `CAPACITY`.
        overview_ras_mm: A point of the coronal overview slice.
        title: First line.
        subtitle: Second line.
        heatmap_node: Heat that is shown over the volume in a second close-up; None for none.

    Raises:
        MissingDependency: If nothing can render here.
    """
    pictures = _TILE if heatmap_node is None else 2 * _TILE + _SEAM
    column = pictures + _CAPTION + _GAP
    width = 2 * _MARGIN + _THREE_D_SIZE[0] + _GAP + _COLUMNS * column
    height = _HEADER + _ROWS * (_TILE + _GAP) - _GAP + _MARGIN
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = np.rint(255 * np.asarray(_PAPER))
    write_text(sheet, title, (_MARGIN, 20), _TITLE_PX, _INK, bold=True)
    write_text(sheet, subtitle, (_MARGIN, 58), _SUBTITLE_PX, _FAINT_INK)
    _paste(sheet, _body(volume_node), (_MARGIN, _HEADER))
    below = _HEADER + _THREE_D_SIZE[1] + _GAP
    overview_size = (_THREE_D_SIZE[0], height - _MARGIN - below)
    _paste(sheet, _overview(volume_node, overview_ras_mm, overview_size), (_MARGIN, below))
    first = _MARGIN + _THREE_D_SIZE[0] + _GAP
    with SliceView(volume_node, (_TILE, _TILE)) as view, hidden_labels(scene_of(volume_node)):
        for number, closeup in enumerate(closeups[:CAPACITY]):
            left, top = first + number % _COLUMNS * column, _HEADER + number // _COLUMNS * (_TILE + _GAP)
            _paste(sheet, view.render(closeup.center_ras_mm, closeup.width_mm), (left, top))
            if heatmap_node is not None:
                _paste(sheet, _heated(view, heatmap_node, closeup), (left + _TILE + _SEAM, top))
            _write_caption(sheet, closeup, (left + pictures + _GAP, top + 6))
    return sheet


def _heated(view: SliceView, heatmap_node: Node, closeup: Closeup) -> Pixels:
    bring_to_front(heatmap_node)
    try:
        return view.render(closeup.center_ras_mm, closeup.width_mm)
    finally:
        hide(heatmap_node)


def _body(volume_node: Node) -> Pixels:
    """Return the 3D view from in front and a little from above."""
    low, high = _bounds(volume_node)
    middle = (low + high) / 2
    distance = 2.2 * (high - low)[2] + (high - low)[1] / 2
    camera = middle + distance * np.array([-0.03, 0.99, 0.13])
    return render_three_d(_THREE_D_SIZE, _position(camera), _position(middle))


def _overview(volume_node: Node, point_ras_mm: Position, size_px: tuple[int, int]) -> Pixels:
    low, high = _bounds(volume_node)
    middle = (low + high) / 2
    width_mm = max((high - low)[0], (high - low)[2] * size_px[0] / size_px[1])
    center = (middle[0], point_ras_mm[1], middle[2])
    with SliceView(volume_node, size_px) as view:
        return view.render(_position(center), float(width_mm), "Coronal")


def _bounds(volume_node: Node) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest RAS mm of a volume's voxel centres."""
    grid = grid_of(volume_node)
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.spatial_shape) - 1)
    places = corners @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


def _position(values: np.ndarray | tuple[float, ...]) -> Position:
    return (float(values[0]), float(values[1]), float(values[2]))


def _paste(sheet: Pixels, picture: Pixels, left_top_px: tuple[int, int]) -> None:
    left, top = left_top_px
    sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture


def _write_caption(sheet: Pixels, closeup: Closeup, left_top_px: tuple[int, int]) -> None:
    left, top = left_top_px
    right = left + _CAPTION - _GAP
    name_width = write_text(sheet, closeup.name, (left, top), _TITLE_PX, closeup.color, bold=True)
    write_text(sheet, closeup.kind, (left + name_width + 10, top + 9), _BODY_PX, closeup.color)
    top += 48
    for name, value in closeup.facts:
        write_text(sheet, name, (left, top), _BODY_PX, _FAINT_INK)
        write_text(sheet, value, (right - text_width_px(value, _BODY_PX), top), _BODY_PX, _INK)
        top += _LINE_PX
    if closeup.emphasis:
        width = text_width_px(closeup.emphasis, _NUMBER_PX, bold=True)
        write_text(sheet, closeup.emphasis, (right - width, top + 8), _NUMBER_PX, _INK, bold=True)
        top += _LINE_PX + 8
    if closeup.verdict:
        width = text_width_px(closeup.verdict, _BODY_PX, bold=True)
        write_text(sheet, closeup.verdict, (right - width, top + 12), _BODY_PX, closeup.color, bold=True)
