"""What an effect of the Segment Editor does with the views: positions, and what it draws into them."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtGui

from Testing.host.views import qMRMLSliceWidget

_Logic = slicer.vtkSlicerSegmentEditorLogic


def _view(widget: Any) -> Any:
    return widget.sliceView() if isinstance(widget, qMRMLSliceWidget) else widget.threeDView()


class EffectViews:
    """Positions in slice views, and actors, cursors and renderers of all views."""

    def rasToXy(self, ras: QtGui.QVector3D, widget: qMRMLSliceWidget) -> QtCore.QPoint:
        """Return where a point in RAS mm is in a slice view."""
        xyz = widget.sliceView().convertRASToXYZ([ras.x(), ras.y(), ras.z()])
        return QtCore.QPoint(int(xyz[0]), int(xyz[1]))

    def xyzToRas(self, xyz: QtGui.QVector3D, widget: qMRMLSliceWidget) -> QtGui.QVector3D:
        """Return a point of a slice view in RAS mm."""
        return QtGui.QVector3D(*widget.sliceView().convertXYZToRAS([xyz.x(), xyz.y(), xyz.z()]))

    def xyToRas(self, xy: QtCore.QPoint, widget: qMRMLSliceWidget) -> QtGui.QVector3D:
        """Return a point of a slice view in RAS mm."""
        return self.xyzToRas(QtGui.QVector3D(xy.x(), xy.y(), 0.0), widget)

    def xyzToIjk(self, xyz: QtGui.QVector3D, widget: Any, image: Any, transform: Any = None) -> QtGui.QVector3D:
        """Return the voxel of an image at a point of a slice view."""
        ijk = _Logic.XyzToIjk([xyz.x(), xyz.y(), xyz.z()], widget.mrmlSliceNode(), image, transform)
        return QtGui.QVector3D(*ijk)

    def xyToIjk(self, xy: QtCore.QPoint, widget: Any, image: Any, transform: Any = None) -> QtGui.QVector3D:
        """Return the voxel of an image at a point of a slice view."""
        return self.xyzToIjk(QtGui.QVector3D(xy.x(), xy.y(), 0.0), widget, image, transform)

    def sliceSpacing(self, widget: Any) -> float:
        """Return the distance of slices in a view, in mm."""
        return float(_Logic.GetSliceSpacing(widget.mrmlSliceNode(), widget.sliceLogic()))

    def viewNode(self, widget: Any) -> Any:
        """Return a view's node."""
        return widget.mrmlSliceNode() if isinstance(widget, qMRMLSliceWidget) else widget.mrmlViewNode()

    def renderWindow(self, widget: Any) -> Any:
        """Return a view's vtkRenderWindow."""
        return _view(widget).renderWindow()

    def renderer(self, widget: Any) -> Any:
        """Return a view's vtkRenderer."""
        return _view(widget).renderer()

    def addActor2D(self, widget: Any, actor: Any) -> None:
        """Draw something into a view."""
        self.renderer(widget).AddViewProp(actor)

    addActor3D = addActor2D

    def removeActor2D(self, widget: Any, actor: Any) -> None:
        """Take something out of a view."""
        self.renderer(widget).RemoveViewProp(actor)

    removeActor3D = removeActor2D

    def scheduleRender(self, widget: Any) -> None:
        """Draw a view soon."""

    forceRender = scheduleRender

    def cursorOff(self, widget: Any) -> None:
        """Hide the mouse's arrow in a view."""
        _view(widget).setDefaultViewCursor(QtGui.QCursor(QtCore.Qt.CursorShape.BlankCursor))

    def cursorOn(self, widget: Any) -> None:
        """Show the mouse's arrow in a view."""
        _view(widget).unsetDefaultViewCursor()
