"""The 3D view of a scene as pixels, drawn by Slicer's own displayable managers."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.nodes import current_scene
from AutoLabelLib.scene.offscreen import Pixels, captured, new_window
from AutoLabelLib.scene.render_slices import displayable_managers

Color = tuple[float, float, float]

_LAYOUT_NAME = "AutoLabelPicture"
_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
)
_PEELS = 16  # translucent layers that are told apart
_VIEW_ANGLE_DEGREES = 24.0  # narrower than Slicer's 30: less distortion


def render_three_d(
    size_px: tuple[int, int],
    camera_ras_mm: Position,
    target_ras_mm: Position,
    background: tuple[Color, Color] = ((0.06, 0.07, 0.09), (0.16, 0.18, 0.22)),
    scene: Any = None,
) -> Pixels:
    """Return a scene as a 3D view shows it; the view's own nodes are gone from the scene afterwards.

    A segmentation appears if it has a closed surface (`show_surfaces`).

    Args:
        size_px: Width and height.
        camera_ras_mm: Where it is seen from.
        target_ras_mm: What is in the middle.
        background: Colours at the bottom and at the top, each from 0 to 1.
        scene: The scene; None for the current one.

    Raises:
        MissingDependency: If nothing can render here.
    """
    scene = scene or current_scene()
    window = new_window(size_px)
    view_node = _view_node(scene, background)
    camera_node = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    camera_node.SetLayoutName(_LAYOUT_NAME)
    renderer = window.GetRenderers().GetFirstRenderer()
    group = displayable_managers("vtkMRMLThreeDViewDisplayableManagerFactory", _MANAGERS, renderer)
    group.SetMRMLDisplayableNode(view_node)
    try:
        _aim(renderer, camera_ras_mm, target_ras_mm)
        renderer.SetUseDepthPeeling(True)
        renderer.SetMaximumNumberOfPeels(_PEELS)
        window.Render()  # labels find their places in the first pass
        return captured(window)
    finally:
        group.SetMRMLDisplayableNode(None)
        for node in (camera_node, view_node):
            scene.RemoveNode(node)
        window.Finalize()


def _view_node(scene: Any, background: tuple[Color, Color]) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLViewNode")
    node.SetLayoutName(_LAYOUT_NAME)
    node.SetBoxVisible(False)
    node.SetAxisLabelsVisible(False)
    node.SetOrientationMarkerType(node.OrientationMarkerTypeAxes)
    node.SetBackgroundColor(*background[0])
    node.SetBackgroundColor2(*background[1])
    node.SetUseDepthPeeling(True)
    return node


def _aim(renderer: Any, camera_ras_mm: Position, target_ras_mm: Position) -> None:
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(*target_ras_mm)
    camera.SetPosition(*camera_ras_mm)
    camera.SetViewUp(0, 0, 1)
    camera.SetViewAngle(_VIEW_ANGLE_DEGREES)
    renderer.ResetCameraClippingRange()


def show_surfaces(segmentation_node: Any, opacity: float = 1.0) -> None:
    """Let a segmentation appear in 3D views.

    Args:
        segmentation_node: The segmentation; it gets a closed surface if it has none.
        opacity: From 0 to 1.
    """
    segmentation_node.CreateClosedSurfaceRepresentation()
    display_node = segmentation_node.GetDisplayNode()
    display_node.SetPreferredDisplayRepresentationName3D("Closed surface")
    display_node.SetOpacity3D(opacity)
