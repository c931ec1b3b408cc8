"""The application's main window, without what is in it: a place for messages, and the selector of modules."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets


class ModuleSelector(QtWidgets.QWidget):
    """Chooses the module that is shown."""

    moduleSelected = QtCore.Signal(str)

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self._selected = ""

    def selectModule(self, name: str) -> None:
        """Leave the module that is shown, and enter another."""
        import slicer

        if name == self._selected:
            return
        before = slicer.app.moduleManager().module(self._selected)
        if before is not None:
            before.widgetRepresentation().exit()
        self._selected = name
        module = slicer.app.moduleManager().module(name)
        if module is not None:
            module.widgetRepresentation().show()
            module.widgetRepresentation().enter()
        self.moduleSelected.emit(name)

    def _name(self) -> str:
        return self._selected

    selectedModule = QtCore.Property(str, _name)


class qSlicerMainWindow(QtWidgets.QMainWindow):
    """The main window."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._selector = ModuleSelector(self)

    def moduleSelector(self) -> Any:
        """Return the selector of modules."""
        return self._selector
