"""What Slicer's views show: which volume, where, in which window; kept in the scene, so that a scene file opens so."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.headless import application_logic
from AutoLabelLib.scene.nodes import Node, load_slicer, scene_of

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
