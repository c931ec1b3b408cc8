"""Pictures of panels, for people to judge: at a given width, in Slicer's light and dark looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.ctk_collapsible import ctkCollapsibleButton
from Testing.host.slicer_style import slicer_palette


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
    palette_before = app.palette()
    app.setPalette(slicer_palette(dark))
    try:
        _lay_out(native, width, height)
        picture = QtGui.QPixmap(native.size() * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(app.palette().color(QtGui.QPalette.ColorRole.Window))
        native.render(picture)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not picture.save(str(path), "PNG"):
            raise OSError(f"Could not write {path}")
    finally:
        app.setPalette(palette_before)
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
