"""Pictures of panels, for people to judge: at a given width, in Slicer's light and dark looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.ctk_collapsible import ctkCollapsibleButton

_Role = QtGui.QPalette.ColorRole
_FONT = ("DejaVu Sans", 9)

_DARK = {
    _Role.Window: "#353535",
    _Role.WindowText: "#ffffff",
    _Role.Base: "#2a2a2a",
    _Role.AlternateBase: "#424242",
    _Role.ToolTipBase: "#353535",
    _Role.ToolTipText: "#ffffff",
    _Role.Text: "#ffffff",
    _Role.Button: "#353535",
    _Role.ButtonText: "#ffffff",
    _Role.BrightText: "#ff0000",
    _Role.Link: "#2a82da",
    _Role.Highlight: "#2a82da",
    _Role.HighlightedText: "#000000",
    _Role.PlaceholderText: "#9a9a9a",
    _Role.Mid: "#262626",
    _Role.Dark: "#1e1e1e",
    _Role.Shadow: "#141414",
}
_DISABLED = {_Role.WindowText: "#7f7f7f", _Role.Text: "#7f7f7f", _Role.ButtonText: "#7f7f7f"}
_LIGHT = {_Role.Window: "#efefef", _Role.Button: "#efefef", _Role.PlaceholderText: "#808080"}


def slicer_palette(dark: bool = False) -> QtGui.QPalette:
    """Return the colours of Slicer's light or dark style."""
    palette = QtGui.QPalette(QtGui.QColor("#353535" if dark else "#efefef"))
    for role, color in (_DARK if dark else _LIGHT).items():
        palette.setColor(role, QtGui.QColor(color))
    for role, color in _DISABLED.items() if dark else ():
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, role, QtGui.QColor(color))
    return palette


def save_picture(
    widget: Any, path: Path | str, width: int = 420, dark: bool = False, height: int | None = None, scale: float = 1.0
) -> Path:
    """Save a picture of a panel as Slicer would show it in its module panel; the panel is left as it was.

    Args:
        widget: The panel.
        path: PNG file to write.
        width: In pixels; Slicer's panel is about 420 wide at first, and 300 is narrow.
        dark: In Slicer's dark style.
        height: In pixels; None for as high as it wants to be.
        scale: Pixels of the picture for each of the screen.
    """
    native = widget.__dict__["_native"] if "_native" in vars(widget) else widget
    app = QtWidgets.QApplication.instance()
    assert isinstance(app, QtWidgets.QApplication)
    palette_before, font_before = app.palette(), app.font()
    app.setPalette(slicer_palette(dark))
    app.setFont(QtGui.QFont(*_FONT))
    try:
        _lay_out(native, width, height)
        picture = QtGui.QPixmap(native.size() * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(app.palette().color(_Role.Window))
        native.render(picture)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not picture.save(str(path), "PNG"):
            raise OSError(f"Could not write {path}")
    finally:
        app.setPalette(palette_before)
        app.setFont(font_before)
    return Path(path)


def _lay_out(native: QtWidgets.QWidget, width: int, height: int | None) -> None:
    """Give a panel its size; texts that wrap need several rounds until they have the height that they want."""
    native.show()
    for _ in range(4):
        wanted = native.heightForWidth(width) if native.hasHeightForWidth() else native.sizeHint().height()
        native.resize(width, height or max(wanted, native.minimumSizeHint().height()))
        QtCore.QCoreApplication.processEvents()


def cut_texts(widget: Any) -> list[str]:
    """Return the texts of labels, buttons and check boxes that do not fit into the room they have now."""
    native = widget.__dict__["_native"] if "_native" in vars(widget) else widget
    cut = []
    for child in native.findChildren(QtWidgets.QWidget):
        text = child.text() if isinstance(child, QtWidgets.QLabel | QtWidgets.QAbstractButton) else ""
        if not text or isinstance(child, ctkCollapsibleButton) or not child.isVisible():
            continue
        wanted = child.sizeHint()
        if isinstance(child, QtWidgets.QLabel) and child.wordWrap():
            wanted = QtCore.QSize(0, child.heightForWidth(child.width()))
        if wanted.width() > child.width() + 1 or wanted.height() > child.height() + 1:
            cut.append(f"{child.objectName()}: {text!r} wants {wanted.toTuple()}, has {child.size().toTuple()}")
    return cut
