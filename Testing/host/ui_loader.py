"""Qt's loader of .ui files, which also makes the stand-ins of ctk and qMRML widgets, and connects them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from PySide6 import QtCore, QtUiTools, QtWidgets

_widgets: dict[str, type] = {}


def register(*classes: type) -> None:
    """Let .ui files name these classes of widgets."""
    _widgets.update({known.__name__: known for known in classes})


class UiLoader(QtUiTools.QUiLoader):
    """QUiLoader."""

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        """Return a widget of a class.

        Raises:
            RuntimeError: If a panel uses a class that has no stand-in yet.
        """
        if class_name in _widgets:
            widget = _widgets[class_name](parent)
        elif class_name.startswith(("ctk", "qMRML", "qSlicer")):
            raise RuntimeError(f"The test host has no stand-in for the widget {class_name} yet")
        else:
            native = getattr(QtWidgets, class_name, None)
            widget = (
                native(parent) if class_name in _PLAIN and native else super().createWidget(class_name, parent, name)
            )
        widget.setObjectName(name)
        return widget

    def load(self, device: QtCore.QIODevice, parent: QtWidgets.QWidget | None = None) -> Any:
        """Return the widget that a .ui file describes."""
        root = ElementTree.fromstring(bytes(device.readAll()))
        connections = root.find("connections")
        if connections is not None:
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer, parent)
        if widget is None:
            raise RuntimeError(f"Could not load the .ui file: {self.errorString()}")
        for connection in [] if connections is None else connections.findall("connection"):
            _connect(widget, *[str(connection.findtext(part)) for part in ("sender", "signal", "receiver", "slot")])
        return widget


# Made here rather than by the loader, so that Python owns them from the start.
_PLAIN = {
    "QWidget",
    "QFrame",
    "QLabel",
    "QPushButton",
    "QToolButton",
    "QCheckBox",
    "QComboBox",
    "QLineEdit",
    "QSpinBox",
}


def _connect(root: QtWidgets.QWidget, sender: str, signal: str, receiver: str, slot: str) -> None:
    """Make a connection of a .ui file.

    Raises:
        RuntimeError: If it names something that is not there; Qt only prints that.
    """
    from Testing.host.pythonqt import wrap

    ends = []
    for name in (sender, receiver):
        child = root if root.objectName() == name else root.findChild(QtCore.QObject, name)
        if child is None:
            raise RuntimeError(f"A connection of the .ui file names {name}, which is not there")
        ends.append(wrap(child))
    target = getattr(ends[1], slot.partition("(")[0], None)
    if target is None or isinstance(target, str):
        target = getattr(ends[1].__dict__["_native"], slot.partition("(")[0], None)
    if target is None:
        raise RuntimeError(f"{receiver} ({ends[1].className()}) has no slot {slot}")
    ends[0].connect(signal, target)
