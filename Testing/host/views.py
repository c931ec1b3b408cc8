"""Slice and 3D views: real view nodes, slice logics and interactors, and no picture."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.observing import end_with_host
from Testing.host.qmrml_widgets import qMRMLWidget

VIEW_SIZE = (400, 400)


class _View(QtWidgets.QWidget):
    """The part of a view that is drawn into."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self._window = vtk.vtkGenericOpenGLRenderWindow()  # needs no display; nothing is drawn
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._style = vtk.vtkInteractorStyleUser()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.SetInteractorStyle(self._style)
        self._interactor.SetSize(*VIEW_SIZE)
        self._interactor.Enable()
        self.cursor_shown: QtGui.QCursor | None = None

    def renderWindow(self) -> Any:
        """Return the vtkRenderWindow."""
        return self._window

    def interactor(self) -> Any:
        """Return the vtkRenderWindowInteractor."""
        return self._interactor

    def interactorStyle(self) -> Any:
        """Return what handles the interactor's events."""
        return self._style

    def renderer(self) -> Any:
        """Return the vtkRenderer."""
        return self._renderer

    def scheduleRender(self) -> None:
        """Draw soon."""

    def forceRender(self) -> None:
        """Draw now."""

    def setDefaultViewCursor(self, cursor: QtGui.QCursor) -> None:
        """Set the shape of the mouse's arrow."""
        self.cursor_shown = cursor

    def unsetDefaultViewCursor(self) -> None:
        """Give the mouse back its arrow."""
        self.cursor_shown = None


class qMRMLSliceView(_View):
    """The part of a slice view that is drawn into."""

    def __init__(self, parent: QtWidgets.QWidget, logic: Any) -> None:
        super().__init__(parent)
        self._logic = logic

    def mrmlSliceNode(self) -> Any:
        """Return the vtkMRMLSliceNode."""
        return self._logic.GetSliceNode()

    def _through(self, matrix: Any, point: list[float]) -> list[float]:
        return list(matrix.MultiplyPoint((*point[:3], 1.0))[:3])

    def convertXYZToRAS(self, xyz: list[float]) -> list[float]:
        """Return a point of the view in RAS mm."""
        return self._through(self.mrmlSliceNode().GetXYToRAS(), xyz)

    def convertRASToXYZ(self, ras: list[float]) -> list[float]:
        """Return a point in RAS mm as one of the view."""
        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.mrmlSliceNode().GetXYToRAS(), inverse)
        return self._through(inverse, ras)

    def convertDeviceToXYZ(self, device: list[float]) -> list[float]:
        """Return a pixel, counted from the bottom, as a point of the view."""
        return [float(device[0]), float(device[1]), 0.0]


class qMRMLThreeDView(_View):
    """The part of a 3D view that is drawn into."""

    def __init__(self, parent: QtWidgets.QWidget, node: Any) -> None:
        super().__init__(parent)
        self._node = node
        self.focal_resets = 0

    def mrmlViewNode(self) -> Any:
        """Return the vtkMRMLViewNode."""
        return self._node

    def resetFocalPoint(self) -> None:
        """Look at the middle of what is shown."""
        self.focal_resets += 1

    def resetCamera(self) -> None:
        """Look at all of what is shown."""


class qMRMLSliceWidget(qMRMLWidget):
    """A slice view."""

    def __init__(self, name: str, orientation: str, application_logic: Any, scene: Any) -> None:
        super().__init__()
        self.setObjectName(f"qMRMLSliceWidget{name}")
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(scene)
        self._logic.AddSliceNode(name)
        node = self._logic.GetSliceNode()
        node.SetOrientation(orientation)
        node.SetDimensions(*VIEW_SIZE, 1)
        node.SetFieldOfView(*[float(size) for size in VIEW_SIZE], 1.0)
        self._view = qMRMLSliceView(self, self._logic)
        self.resize(*VIEW_SIZE)

    def sliceLogic(self) -> Any:
        """Return the vtkMRMLSliceLogic."""
        return self._logic

    def sliceView(self) -> Any:
        """Return what is drawn into."""
        return self._view

    def interactorStyle(self) -> Any:
        """Return what handles the interactor's events."""
        return self._view.interactorStyle()

    def mrmlSliceNode(self) -> Any:
        """Return the vtkMRMLSliceNode."""
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        """Return the node that says which volumes are shown."""
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:
        """Show all of the volume."""
        self._logic.FitSliceToBackground()


class qMRMLThreeDWidget(qMRMLWidget):
    """A 3D view."""

    def __init__(self, scene: Any) -> None:
        super().__init__()
        node = scene.AddNewNodeByClass("vtkMRMLViewNode", "View1")
        self._view = qMRMLThreeDView(self, node)
        self.resize(*VIEW_SIZE)

    def threeDView(self) -> Any:
        """Return what is drawn into."""
        return self._view

    def mrmlViewNode(self) -> Any:
        """Return the vtkMRMLViewNode."""
        return self._view.mrmlViewNode()


class qSlicerLayoutManager(QtCore.QObject):
    """Four views: axial (Red), sagittal (Yellow), coronal (Green) and 3D."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, application_logic: Any, scene: Any) -> None:
        super().__init__()
        names = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
        self._slices = {name: qMRMLSliceWidget(name, plane, application_logic, scene) for name, plane in names.items()}
        self._three_d = qMRMLThreeDWidget(scene)
        self._logics = vtk.vtkCollection()
        for widget in self._slices.values():
            self._logics.AddItem(widget.sliceLogic())
        application_logic.SetSliceLogics(self._logics)
        self._layout = 3  # four-up
        self._application_logic = application_logic
        end_with_host(self)

    def clear(self) -> None:
        """Let go of the scene."""
        self._application_logic.SetSliceLogics(None)
        self._logics.RemoveAllItems()
        for widget in self._slices.values():
            widget.sliceLogic().SetMRMLScene(None)

    def _layout_index(self) -> int:
        return self._layout

    def setLayout(self, index: int) -> None:
        """Show other views."""
        if index != self._layout:
            self._layout = index
            self.layoutChanged.emit(index)

    layout = QtCore.Property(int, _layout_index, setLayout)

    def sliceViewNames(self) -> list[str]:
        """Return the names of the slice views."""
        return list(self._slices)

    def sliceWidget(self, name: str) -> Any:
        """Return a slice view; None where there is none of that name."""
        return self._slices.get(name)

    def mrmlSliceLogics(self) -> Any:
        """Return the vtkCollection of the slice views' logics."""
        return self._logics

    def _three_d_count(self) -> int:
        return 1

    threeDViewCount = QtCore.Property(int, _three_d_count)

    def threeDWidget(self, index: int) -> Any:
        """Return a 3D view."""
        return self._three_d if index == 0 else None

    def resetSliceViews(self) -> None:
        """Show all of the volumes."""
        for widget in self._slices.values():
            widget.sliceLogic().FitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """Look at all of what is shown."""
        self._three_d.threeDView().resetFocalPoint()

    def viewport(self) -> None:
        """Return the frame around the views; the stand-in has none."""
