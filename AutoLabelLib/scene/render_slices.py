"""Slices of a scene as pixels, drawn by Slicer's own slice pipeline and displayable managers."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from AutoLabelLib.core.prompt import Position
from AutoLabelLib.scene.headless import application_logic
from AutoLabelLib.scene.nodes import Node, load_slicer, scene_of
from AutoLabelLib.scene.offscreen import Pixels, captured, new_window
from AutoLabelLib.scene.views import slice_logic

_LAYOUT_NAME = "AutoLabelPicture"
_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
)


class SliceView:
    """A slice view that nobody sees: what a scene's nodes look like in it. To be used in a `with` statement.

    Segments, markups and models appear as their display nodes say. Its own nodes are gone from the scene afterwards.

    Args:
        volume_node: What is shown beneath.
        size_px: Width and height.

    Raises:
        MissingDependency: If nothing can render here.
    """

    def __init__(self, volume_node: Node, size_px: tuple[int, int]) -> None:
        self._size_px = size_px
        self._scene = scene_of(volume_node)
        self._window = new_window(size_px)
        self._logic = slice_logic(volume_node, _LAYOUT_NAME)
        self._node = self._logic.GetSliceNode()
        self._node.SetDimensions(*size_px, 1)
        renderer = self._window.GetRenderers().GetFirstRenderer()
        # The image comes first: what is drawn after it is blended over it, what was drawn before is not.
        renderer.AddViewProp(_image_actor(self._logic))
        self._group = displayable_managers("vtkMRMLSliceViewDisplayableManagerFactory", _MANAGERS, renderer)
        self._group.SetMRMLDisplayableNode(self._node)

    def __enter__(self) -> SliceView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._group.SetMRMLDisplayableNode(None)
        logic = self._logic
        made = [logic.GetSliceModelNode(), logic.GetSliceModelTransformNode(), logic.GetSliceModelDisplayNode()]
        made += [logic.GetSliceCompositeNode(), logic.GetSliceDisplayNode(), self._node]
        logic.SetMRMLScene(None)  # first, or it would make anew what is taken from it
        for node in made:
            if node is not None and self._scene.IsNodePresent(node):
                self._scene.RemoveNode(node)
        self._window.Finalize()

    def render(
        self, center_ras_mm: Position, width_mm: float, orientation: str = "Axial", ruler: bool = False
    ) -> Pixels:
        """Return a slice.

        Args:
            center_ras_mm: What is in the middle of the picture.
            width_mm: How much of the body the picture's width shows.
            orientation: "Axial", "Sagittal" or "Coronal", each as radiologists look at it.
            ruler: Whether to draw a scale.
        """
        width_px, height_px = self._size_px
        self._node.SetOrientation(orientation)
        self._node.SetRulerType(self._node.RulerTypeThin if ruler else self._node.RulerTypeNone)
        self._node.SetFieldOfView(width_mm, width_mm * height_px / width_px, self._node.GetFieldOfView()[2])
        self._node.JumpSliceByCentering(*center_ras_mm)
        return captured(self._window)


def _image_actor(logic: Any) -> Any:
    """Return what draws a slice logic's blended image."""
    import vtk

    mapper = vtk.vtkImageMapper()
    mapper.SetColorWindow(255)  # the logic has applied the volume's own window
    mapper.SetColorLevel(127.5)
    mapper.SetInputConnection(logic.GetImageDataConnection())
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    return actor


def displayable_managers(factory_class: str, manager_classes: tuple[str, ...], renderer: Any) -> Any:
    """Return a vtkMRMLDisplayableManagerGroup that draws into a renderer.

    Inside the Slicer application its own factory already knows the managers.
    """
    factory = getattr(load_slicer(), factory_class).GetInstance()
    factory.SetMRMLApplicationLogic(application_logic())
    for manager_class in manager_classes:
        if not factory.IsDisplayableManagerRegistered(manager_class):
            factory.RegisterDisplayableManager(manager_class)
    return factory.InstantiateDisplayableManagers(renderer)
