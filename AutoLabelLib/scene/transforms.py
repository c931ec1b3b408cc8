"""Parent transforms: matrices to and from VTK, and positions through linear and non-linear ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.prompt import Box, Lasso, Point, Position, Prompts, Scribble
from AutoLabelLib.scene.nodes import Node, load_slicer


def vtk_matrix(matrix: ArrayLike) -> Any:
    """Return a (4, 4) matrix as a vtkMatrix4x4."""
    import vtk

    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, dtype=np.float64).ravel().tolist())
    return result


def numpy_matrix(matrix: Any) -> NDArray[np.float64]:
    """Return a vtkMatrix4x4 as an array (4, 4)."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrix_between(source_node: Node, target_node: Node | None) -> NDArray[np.float64] | None:
    """Return what maps one node's local RAS to another's (4, 4), or None where a non-linear transform is in between.

    Nodes under the same parent transform differ by nothing, even if that transform is non-linear.

    Args:
        source_node: Transformable node.
        target_node: Transformable node; None for world.
    """
    import vtk

    transform, linear = transform_between(source_node, target_node), vtk.vtkTransform()
    if not load_slicer().vtkMRMLTransformNode.IsGeneralTransformLinear(transform, linear):
        return None
    return numpy_matrix(linear.GetMatrix())


def transform_between(source_node: Node, target_node: Node | None) -> Any:
    """Return the vtkGeneralTransform from one node's local RAS to another's; target None for world."""
    import vtk

    slicer = load_slicer()
    target = target_node.GetParentTransformNode() if target_node is not None else None
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(source_node.GetParentTransformNode(), target, transform)
    return transform


def local_from_world(node: Node, positions_ras_mm: ArrayLike) -> NDArray[np.float64]:
    """Return positions (..., 3) in a node's local RAS mm, given what the views show (world RAS mm)."""
    return _through(transform_between(node, None).GetInverse(), positions_ras_mm)


def world_from_local(node: Node, positions_ras_mm: ArrayLike) -> NDArray[np.float64]:
    """Return positions (..., 3) in world RAS mm, given a node's local RAS mm."""
    return _through(transform_between(node, None), positions_ras_mm)


def _through(transform: Any, positions_ras_mm: ArrayLike) -> NDArray[np.float64]:
    positions = np.asarray(positions_ras_mm, dtype=np.float64)
    moved = [transform.TransformPoint(position) for position in positions.reshape(-1, 3).tolist()]
    return np.array(moved, dtype=np.float64).reshape(positions.shape)


def prompts_for_image(prompts: Prompts, volume_node: Node) -> Prompts:
    """Return prompts given in world RAS in the frame of `image_from_volume(volume_node)`.

    The two differ only under a non-linear parent transform, where the image stays in the volume's local frame. A box
    becomes the smallest one around its moved corners.
    """
    if matrix_between(volume_node, None) is not None:
        return prompts

    def moved(positions: Any) -> Any:
        return local_from_world(volume_node, positions)

    boxes = []
    for box in prompts.boxes:
        sides = zip(box.low_ras_mm, box.high_ras_mm, strict=True)
        corners = moved(np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 3))
        boxes.append(Box(tuple(corners.min(axis=0)), tuple(corners.max(axis=0)), box.positive))
    return Prompts(
        tuple(Point(tuple(moved(point.position_ras_mm)), point.positive) for point in prompts.points),
        tuple(boxes),
        tuple(Scribble(tuple(map(tuple, moved(s.path_ras_mm))), s.positive) for s in prompts.scribbles),
        tuple(Lasso(tuple(map(tuple, moved(s.path_ras_mm))), s.positive) for s in prompts.lassos),
    )


def finding_in_world(finding: Finding, volume_node: Node) -> Finding:
    """Return a finding in the frame of `image_from_volume(volume_node)` where the views show it.

    As for prompts, that differs only under a non-linear parent transform; then place and lines follow, not the size.
    """
    if matrix_between(volume_node, None) is not None:
        return finding
    lines = {name: world_from_local(volume_node, line) for name, line in finding.lines_ras_mm.items()}
    return replace(
        finding,
        center_ras_mm=_position(world_from_local(volume_node, finding.center_ras_mm)),
        lines_ras_mm={name: (_position(start), _position(end)) for name, (start, end) in lines.items()},
    )


def _position(values: NDArray[np.float64]) -> Position:
    right, anterior, superior = values.tolist()
    return (right, anterior, superior)
