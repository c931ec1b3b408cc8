"""Stand-ins for the widgets of Slicer that the panels use, bound to the real scene."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.ctk_numbers import ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from Testing.host.properties import kept


class qMRMLWidget(QtWidgets.QWidget):
    """A panel that hands the scene on to what its .ui file connects."""

    mrmlSceneChanged = QtCore.Signal(object)
    SIGNATURES = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Hand a scene on."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qSlicerWidget(qMRMLWidget):
    """A panel of the application."""


class qMRMLSliderWidget(ctkSliderWidget):
    """A slider that may know a unit."""

    quantity = kept(str, "quantity", "")
    unitAwareProperties = kept(int, "unitAwareProperties", 0)

    def setMRMLScene(self, scene: Any) -> None:
        """Take the units of a scene; the stand-in has none."""


class qMRMLSpinBox(ctkDoubleSpinBox):
    """A box for a number that may know a unit."""

    quantity = kept(str, "quantity", "")
    unitAwareProperties = kept(int, "unitAwareProperties", 0)

    def setMRMLScene(self, scene: Any) -> None:
        """Take the units of a scene; the stand-in has none."""


class qMRMLRangeWidget(ctkRangeWidget):
    """A range that may know a unit."""

    def setMRMLScene(self, scene: Any) -> None:
        """Take the units of a scene; the stand-in has none."""
