"""The `qt` module: every class of Qt's core, gui and widgets, with PythonQt's habits."""

from __future__ import annotations

import enum
import types
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host import dialogs
from Testing.host.enums import enum_value
from Testing.host.pythonqt import EnumClass, wrapper_class
from Testing.host.ui_loader import UiLoader

# What only one of Qt 5.15 and 6 has, or what PythonQt does otherwise than PySide6.
_REFUSED = {"Signal", "Slot", "Property", "QRegExp", "QTextCodec", "SignalInstance", "ClassInfo"}


class _QtNamespace:
    """`qt.Qt`: the enumerators that belong to no class."""

    def __getattr__(self, name: str) -> Any:
        member = getattr(QtCore.Qt, name)
        if isinstance(member, enum.Enum):
            return enum_value(member)
        return EnumClass(member) if isinstance(member, type) else member


class QtModule(types.ModuleType):
    """A module whose classes are made when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in _REFUSED:
            for source in (QtWidgets, QtGui, QtCore):
                native = getattr(source, name, None)
                if isinstance(native, type) and issubclass(native, shiboken6.Object):
                    setattr(self, name, wrapper_class(native))
                    return wrapper_class(native)
        raise AttributeError(f"module 'qt' has no attribute '{name}'")


def make_qt() -> types.ModuleType:
    """Return a new `qt` module."""
    module = QtModule("qt", "Qt with PythonQt's habits")
    module.Qt = _QtNamespace()  # type: ignore[attr-defined]
    module.QMessageBox = wrapper_class(dialogs.QMessageBox)  # type: ignore[attr-defined]
    module.QFileDialog = wrapper_class(dialogs.QFileDialog)  # type: ignore[attr-defined]
    module.QUiLoader = wrapper_class(UiLoader)  # type: ignore[attr-defined]
    return module
