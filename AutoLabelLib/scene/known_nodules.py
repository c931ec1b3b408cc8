"""A synthetic chest as nodes: the CT, and where its nodules are and how large they truly are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from AutoLabelLib.core.image import Image
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, current_scene
from AutoLabelLib.scene.volumes import volume_from_image

_WINDOW_HU, _LEVEL_HU = 1500, -600  # what radiologists look at lungs with
_COLOR = (1.0, 0.85, 0.2)
_GLYPH_SCALE, _TEXT_SCALE = 1.5, 2.5  # in percent of the view: small enough to leave the nodule to be seen


def chest_nodes(image: Image, nodules: Sequence[Mapping[str, Any]], name: str, scene: Any = None) -> tuple[Node, Node]:
    """Return a new volume node and a new markups node with a point in each nodule, which says the nodule's size.

    Args:
        image: The CT.
        nodules: For each its name, kind, center_ras_mm, diameter_mm and volume_ml.
        name: Of the volume node; the markups node is named after it.
        scene: Scene to add them to; None for the current one.
    """
    scene = scene or current_scene()
    volume_node = volume_from_image(image, name, scene)
    display_node = volume_node.GetDisplayNode()
    display_node.AutoWindowLevelOff()
    display_node.SetWindowLevel(_WINDOW_HU, _LEVEL_HU)
    markups_node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"{name}: nodules")
    markups_node.CreateDefaultDisplayNodes()
    for nodule in nodules:
        index = markups_node.AddControlPoint(list(nodule["center_ras_mm"]), _label(nodule))
        markups_node.SetNthControlPointDescription(index, str(nodule["kind"]))
    markups_node.SetLocked(True)  # a click on a nodule shall not drag its mark
    marks = markups_node.GetDisplayNode()
    marks.SetGlyphTypeFromString("CrossDot2D")
    marks.SetGlyphScale(_GLYPH_SCALE)
    marks.SetTextScale(_TEXT_SCALE)
    marks.Visibility3DOff()  # there is nothing beside them to be seen
    marks.SetColor(*_COLOR)
    marks.SetSelectedColor(*_COLOR)
    hierarchy.item_of(markups_node)
    return volume_node, markups_node


def _label(nodule: Mapping[str, Any]) -> str:
    return f"{nodule['name']}: {nodule['diameter_mm']:.1f} mm, {nodule['volume_ml']:.2f} ml"
