"""The line that follows the mouse while something is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import vtk

from AutoLabelLib.scene.mark_nodes import NEGATIVE_COLOR, POSITIVE_COLOR

_LINE_PIXELS = 2.0


class Trace:
    """A polyline over one view, in its pixels.

    Args:
        scripted_effect: Slicer's side of the effect, which knows the views' renderers.
        view_widget: The view.
        positive: Whether what is drawn is positive: green, else red.
    """

    def __init__(self, scripted_effect: Any, view_widget: Any, positive: bool) -> None:
        self._effect, self._view_widget = scripted_effect, view_widget
        self._line = vtk.vtkPolyData()
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(self._line)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(*(POSITIVE_COLOR if positive else NEGATIVE_COLOR))
        self._actor.GetProperty().SetLineWidth(_LINE_PIXELS)
        scripted_effect.addActor2D(view_widget, self._actor)

    def draw(self, corners_xy: Iterable[Sequence[float]]) -> None:
        """Show a line through corners (N, 2)."""
        points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
        for x, y in corners_xy:
            points.InsertNextPoint(float(x), float(y), 0.0)
        lines.InsertNextCell(points.GetNumberOfPoints())
        for index in range(points.GetNumberOfPoints()):
            lines.InsertCellPoint(index)
        self._line.SetPoints(points)
        self._line.SetLines(lines)
        self._effect.scheduleRender(self._view_widget)

    def remove(self) -> None:
        """Take the line away."""
        self._effect.removeActor2D(self._view_widget, self._actor)
