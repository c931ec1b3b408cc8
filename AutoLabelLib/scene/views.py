"""What Slicer's views show: which volume, where, in which window; kept in the scene, so that a scene file opens so."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.headless import application_logic
from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer, scene_of

LUNG_WINDOW_HU = (1500.0, -600.0)
"""Width and centre of the window in which lungs are read."""

_SLICE_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}


def set_window(volume_node: Node, window: tuple[float, float]) -> None:
    """Show a volume in a window.

    Args:
        volume_node: The volume.
        window: Width and centre of the range of values that becomes black to white.
    """
    display_node = volume_node.GetDisplayNode()
    display_node.AutoWindowLevelOff()
    display_node.SetWindowLevel(*window)


def show_in_slice_views(volume_node: Node, center_ras_mm: Position | None = None) -> None:
    """Let Slicer's three slice views show a volume.

    Args:
        volume_node: The volume.
        center_ras_mm: Where they meet; None for the volume's middle.
    """
    for layout_name, orientation in _SLICE_VIEWS.items():
        logic = slice_logic(volume_node, layout_name)
        slice_node = logic.GetSliceNode()
        slice_node.SetOrientation(orientation)
        logic.FitSliceToAll()
        if center_ras_mm is not None:
            slice_node.JumpSlice(*center_ras_mm)


def slice_logic(volume_node: Node, layout_name: str) -> Any:
    """Return a vtkMRMLSliceLogic whose view, made if it is not there yet, shows a volume.

    Args:
        volume_node: The volume.
        layout_name: Name of the view, such as "Red".
    """
    slicer = load_slicer()
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application_logic())
    logic.SetMRMLScene(scene_of(volume_node))
    logic.AddSliceNode(layout_name)
    logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume_node.GetID())
    return logic


def volume_in_view() -> Node | None:
    """Return the volume that the user looks at, else the first of the scene; None if there is none."""
    scene = current_scene()
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    active = scene.GetNodeByID(selection.GetActiveVolumeID() or "") if selection is not None else None
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    all_nodes = [scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count)]
    volumes = [node for node in all_nodes if not node.IsA("vtkMRMLLabelMapVolumeNode")]
    return active if active in volumes else next(iter(volumes), None)


def jump_to_segment(segmentation_node: Node, segment_id: str) -> bool:
    """Bring the middle of a segment into the middle of every slice and 3D view; return False if it is empty.

    Args:
        segmentation_node: Segmentation.
        segment_id: The segment.
    """
    from AutoLabelLib.scene.segment_measures import center_ras_mm

    center = center_ras_mm(segmentation_node, segment_id)
    if center is None:
        return False
    jump_to(center, scene_of(segmentation_node))
    return True


def jump_to(position_ras_mm: Position, scene: Any = None) -> None:
    """Bring a position (RAS mm) into the middle of every slice and 3D view of a scene."""
    slicer, scene = load_slicer(), scene or current_scene()
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *position_ras_mm, slicer.vtkMRMLSliceNode.CenteredJumpSlice)
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLCameraNode")):
        _look_at(scene.GetNthNodeByClass(index, "vtkMRMLCameraNode"), position_ras_mm)


def _look_at(camera_node: Node, center_ras_mm: Position) -> None:
    """Let a camera look at a position from where it does now: same direction, same distance."""
    focal_point, position = camera_node.GetFocalPoint(), camera_node.GetPosition()
    offsets = (was - focal for was, focal in zip(position, focal_point, strict=True))
    moved = [new + offset for new, offset in zip(center_ras_mm, offsets, strict=True)]
    was_modifying = camera_node.StartModify()
    camera_node.SetFocalPoint(*center_ras_mm)
    camera_node.SetPosition(*moved)
    camera_node.ResetClippingRange()
    camera_node.EndModify(was_modifying)
