"""Surfaces that are no segments, as model nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer

_SIDES = 8


def model_from_tubes(
    name: str,
    starts_ras_mm: ArrayLike,
    ends_ras_mm: ArrayLike,
    radii_mm: ArrayLike,
    color: tuple[float, float, float],
    scene: Any = None,
) -> Node:
    """Return a new model node with a round tube for each of some pieces of line.

    Args:
        name: Name of the node.
        starts_ras_mm: (N, 3).
        ends_ras_mm: (N, 3).
        radii_mm: (N,).
        color: Each from 0 to 1.
        scene: Scene to add it to; None for the current one.
    """
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    load_slicer()
    ends = np.stack([np.asarray(starts_ras_mm, np.float32), np.asarray(ends_ras_mm, np.float32)], axis=1)
    radii = np.repeat(np.asarray(radii_mm, np.float32), 2)
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(ends.reshape(-1, 3), deep=True))
    lines = vtk.vtkPolyData()
    lines.SetPoints(points)
    lines.SetLines(_pairs(len(ends)))
    scalars = numpy_to_vtk(radii, deep=True)
    scalars.SetName("Radius")
    lines.GetPointData().SetScalars(scalars)
    tubes = vtk.vtkTubeFilter()
    tubes.SetInputData(lines)
    tubes.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tubes.SetNumberOfSides(_SIDES)
    tubes.CappingOn()
    tubes.Update()
    surface = tubes.GetOutput()
    surface.GetPointData().SetActiveScalars("")
    node = (scene or current_scene()).AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObserveMesh(surface)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetColor(*color)
    return node


def _pairs(count: int) -> Any:
    """Return a vtkCellArray of lines, each between one point and the next."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtkIdTypeArray

    cells = vtk.vtkCellArray()
    cells.SetData(2, numpy_to_vtkIdTypeArray(np.arange(2 * count, dtype=np.int64), deep=True))
    return cells
