"""Rows of figures to a table node."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, current_scene

Cell = str | bool | int | float | None


def table_from_rows(
    name: str, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str] = (), scene: Any = None
) -> Node:
    """Return a new table node with one row per mapping.

    A column of whole numbers becomes integers, one with fractions doubles (NaN where a cell is None), all else
    text. Values that are neither are written as text, too.

    Args:
        name: Name of the node.
        rows: Cells by column name; what a row lacks stays empty.
        columns: Which columns, in order; () takes all that occur.
        scene: Scene to add it to; None for the current one.
    """
    chosen = list(columns) or list(dict.fromkeys(key for row in rows for key in row))
    node = (scene or current_scene()).AddNewNodeByClass("vtkMRMLTableNode", name)
    was_modifying = node.StartModify()
    try:
        for column in chosen:
            node.AddColumn(_column(column, [row.get(column) for row in rows]))
    finally:
        node.EndModify(was_modifying)
    hierarchy.item_of(node)
    return node


def _column(name: str, cells: Sequence[Cell]) -> Any:
    import vtk

    given = [cell for cell in cells if cell is not None]
    numeric = bool(given) and all(isinstance(cell, Real) and not isinstance(cell, bool) for cell in given)
    whole = len(given) == len(cells) and all(isinstance(cell, Integral) and abs(int(cell)) < 2**31 for cell in given)
    column: Any = vtk.vtkStringArray()
    if numeric:
        column = vtk.vtkIntArray() if whole else vtk.vtkDoubleArray()
    column.SetName(name)
    for cell in cells:
        if numeric:
            column.InsertNextValue(math.nan if cell is None else int(cell) if whole else float(cell))
        else:
            column.InsertNextValue("" if cell is None else str(cell))
    return column
