"""A picture of an explanation: three slices through the hottest place, as they are and with heat over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.heatmaps import bring_to_front, hide, is_shown, source_of
from AutoLabelLib.scene.lettering import write_text
from AutoLabelLib.scene.nodes import Node
from AutoLabelLib.scene.offscreen import Pixels
from AutoLabelLib.scene.render_slices import SliceView
from AutoLabelLib.scene.transforms import world_from_local
from AutoLabelLib.scene.views import set_window
from AutoLabelLib.scene.volumes import grid_of
from AutoLabelLib.scene.voxels import view_of

_TILE_PX, _GAP_PX, _HEADER_PX = 320, 8, 106
_ORIENTATIONS = ("Axial", "Sagittal", "Coronal")
_PAPER, _INK, _FAINT_INK = (0.065, 0.075, 0.095), (0.93, 0.94, 0.96), (0.62, 0.66, 0.72)
_TITLE_PX, _SUBTITLE_PX, _LINE_PX = 24, 17, 25
_HOT = 0.5
_ENOUGH_PLACES = 4096
_LEAST_WIDTH_MM = 40.0
_AROUND = 2.5  # the picture shows so many times what is hot
_WINDOW_PERCENT = (1.0, 99.0)


def heatmap_picture(heatmap_node: Node, title: str, subtitle: str = "") -> Pixels:
    """Return the picture.

    Args:
        heatmap_node: Made by `heatmaps.show_heatmap`.
        title: First line.
        subtitle: One or two further lines.

    Raises:
        InputError: If the volume that was explained is gone.
        MissingDependency: If nothing can render here.
    """
    source = source_of(heatmap_node)
    if source is None:
        raise InputError("The volume that this heatmap belongs to is gone.", "Load it again, and explain it anew.")
    center, width_mm = _hot_place(heatmap_node)
    tiles: list[list[Pixels]] = [[], []]
    was_shown = is_shown(heatmap_node)
    with SliceView(source, (_TILE_PX, _TILE_PX)) as view:
        for row, show in zip(tiles, (hide, bring_to_front), strict=True):
            show(heatmap_node)
            row += [view.render(center, width_mm, orientation, ruler=True) for orientation in _ORIENTATIONS]
    if not was_shown:
        hide(heatmap_node)
    return _sheet(tiles, title, subtitle)


def set_fitting_window(volume_node: Node) -> None:
    """Show a volume in a window that holds nearly all of its values."""
    values = view_of(volume_node.GetImageData())[0]
    low, high = np.percentile(values[::2, ::2, ::2], _WINDOW_PERCENT)
    set_window(volume_node, (float(max(high - low, 1e-6)), float((low + high) / 2)))


def _hot_place(heatmap_node: Node) -> tuple[Position, float]:
    """Return the middle of what is hot in world RAS mm, and how wide a picture shows it well."""
    heat = view_of(heatmap_node.GetImageData())[0]
    hottest = float(heat.max())
    index = np.argwhere(heat >= _HOT * hottest) if hottest > 0 else np.argwhere(np.ones_like(heat, dtype=bool))
    places = world_from_local(
        heatmap_node, ras_from_index(grid_of(heatmap_node).local_affine, index[:: len(index) // 4096 + 1])
    )
    middle = places.mean(axis=0)
    nearest = places[np.argmin(((places - middle) ** 2).sum(axis=1))]
    width_mm = max(_LEAST_WIDTH_MM, _AROUND * float(np.ptp(places, axis=0).max()))
    return (float(nearest[0]), float(nearest[1]), float(nearest[2])), width_mm


def _sheet(tiles: Sequence[Sequence[Pixels]], title: str, subtitle: str) -> Pixels:
    step = _TILE_PX + _GAP_PX
    sheet = np.empty((_HEADER_PX + len(tiles) * step, _GAP_PX + len(_ORIENTATIONS) * step, 3), np.uint8)
    sheet[:] = np.rint(255 * np.asarray(_PAPER))
    write_text(sheet, title, (_GAP_PX + 4, 12), _TITLE_PX, _INK, bold=True)
    for number, line in enumerate(subtitle.splitlines()):
        write_text(sheet, line, (_GAP_PX + 4, 46 + number * _LINE_PX), _SUBTITLE_PX, _FAINT_INK)
    for row, pictures in enumerate(tiles):
        for column, picture in enumerate(pictures):
            top, left = _HEADER_PX + row * step, _GAP_PX + column * step
            sheet[top : top + _TILE_PX, left : left + _TILE_PX] = picture
    return sheet
