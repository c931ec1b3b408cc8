"""What choices look like: inside and outside as the marks in the views, and a chosen button as what is selected."""

from __future__ import annotations

from typing import Any

import qt

from AutoLabelLib.scene.mark_nodes import NEGATIVE_COLOR, POSITIVE_COLOR

_SIZE, _RIM, _PEN = 16, 3, 3


def sign_icon(positive: bool) -> Any:
    """Return the picture of a sign, as a QIcon."""
    red, green, blue = (int(255 * part) for part in (POSITIVE_COLOR if positive else NEGATIVE_COLOR))
    color = qt.QColor(red, green, blue)
    picture = qt.QPixmap(_SIZE, _SIZE)
    picture.fill(qt.QColor(0, 0, 0, 0))
    painter = qt.QPainter(picture)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    if positive:
        painter.setPen(qt.Qt.NoPen)
        painter.setBrush(qt.QBrush(color))
        painter.drawEllipse(_RIM, _RIM, _SIZE - 2 * _RIM, _SIZE - 2 * _RIM)
    else:
        pen = qt.QPen(color)
        pen.setWidth(_PEN)
        painter.setPen(pen)
        painter.drawLine(_RIM + 1, _RIM + 1, _SIZE - _RIM - 2, _SIZE - _RIM - 2)
        painter.drawLine(_RIM + 1, _SIZE - _RIM - 2, _SIZE - _RIM - 2, _RIM + 1)
    painter.end()
    return qt.QIcon(picture)


def show_chosen(button: Any, chosen: bool) -> None:
    """Let a checkable button stand out if it is checked: in dark colours a pressed button can hardly be told."""
    button.checked = chosen
    if not chosen:
        button.setPalette(qt.QPalette())  # that of the window, whatever it becomes
        return
    palette = qt.QPalette(button.parent().palette)
    palette.setColor(qt.QPalette.Button, palette.color(qt.QPalette.Highlight))
    palette.setColor(qt.QPalette.ButtonText, palette.color(qt.QPalette.HighlightedText))
    button.setPalette(palette)
