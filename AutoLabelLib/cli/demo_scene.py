"""The demonstration as a Slicer scene, and the picture of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from AutoLabelLib.cli.demonstration import Demonstration, Measurement
from AutoLabelLib.core.labelmap import Labelmap

if TYPE_CHECKING:
    from AutoLabelLib.core.model import ModelSpec

_LUNG_COLOR, _VESSEL_COLOR = (0.72, 0.80, 0.92), (0.62, 0.36, 0.38)
_LUNG_OPACITY, _VESSEL_OPACITY = 0.13, 0.4
_SMALLEST_VESSEL_MM = 0.8  # radius; thinner ones would hide the nodules in the 3D view
_CLOSEUP_MM = 38.0
_HEAT = "What speaks for the class"


def build_scene(demonstration: Demonstration) -> Any:
    """Put a demonstration into a new scene, and return the node of its volume."""
    from AutoLabelLib.scene.clicks import points_node
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.views import LUNG_WINDOW_HU, set_window, show_in_slice_views
    from AutoLabelLib.scene.volumes import volume_from_image

    headless_scene(fresh=True)
    volume_node = volume_from_image(demonstration.phantom.image, "Synthetic chest CT")
    set_window(volume_node, LUNG_WINDOW_HU)
    segmentation_node = _show_nodules(demonstration, volume_node)
    _show_reasons(demonstration, volume_node, segmentation_node)
    _show_surroundings(demonstration)
    points_node(
        "Clicks",
        [measurement.click_ras_mm for measurement in demonstration.measurements],
        [measurement.name for measurement in demonstration.measurements],
    )
    show_in_slice_views(volume_node, _largest(demonstration).click_ras_mm)
    return volume_node


def _show_nodules(demonstration: Demonstration, volume_node: Any) -> Any:
    from AutoLabelLib.scene.render_three_d import show_surfaces
    from AutoLabelLib.scene.segmentations import show_labelmap

    labelmap = demonstration.labelmap
    node: Any = None
    for segment in labelmap.segments:  # one by one, because each was made by another click and has its own tags
        alone = Labelmap(labelmap.array[segment.layer][None], labelmap.affine, (replace(segment, layer=0),))
        tags = demonstration.tags.get(segment.name, {})
        node = show_labelmap(alone, volume_node, "Nodules", segmentation_node=node, same_name="add", tags=tags)
    display_node = node.GetDisplayNode()
    display_node.SetOpacity2DFill(0.22)
    display_node.SetSliceIntersectionThickness(2)
    show_surfaces(node)
    return node


def _show_reasons(demonstration: Demonstration, volume_node: Any, segmentation_node: Any) -> None:
    """Put what the nodules were called into the findings table and onto the segments; add the heat, not shown yet."""
    from AutoLabelLib.scene.class_tags import tag_segment
    from AutoLabelLib.scene.findings import add_findings
    from AutoLabelLib.scene.heatmaps import hide, show_heatmap

    segmentation = segmentation_node.GetSegmentation()
    for finding in add_findings(tuple(demonstration.findings.values()), volume_node, segmentation_node):
        tag_segment(segmentation_node, segmentation.GetSegmentIdBySegmentName(finding.segment), finding)
    if demonstration.heat is not None:
        hide(show_heatmap(volume_node, demonstration.heat, _HEAT))


def _show_surroundings(demonstration: Demonstration) -> None:
    """Show the lungs and their vessels in the 3D view, as the phantom knows them."""
    from AutoLabelLib.scene.models import model_from_tubes
    from AutoLabelLib.scene.render_three_d import show_surfaces
    from AutoLabelLib.scene.segmentations import show_labelmap

    lungs = demonstration.phantom.lungs
    colored = replace(lungs, segments=tuple(replace(segment, color=_LUNG_COLOR) for segment in lungs.segments))
    node = show_labelmap(colored, name="Lungs (known from the phantom)")
    node.GetDisplayNode().SetVisibility2D(False)
    show_surfaces(node, _LUNG_OPACITY)
    tubes = [tree.tubes_in_lungs(_SMALLEST_VESSEL_MM) for tree in demonstration.phantom.vessels]
    starts, ends, radii = (np.concatenate([tube[part] for tube in tubes]) for part in range(3))
    vessels = model_from_tubes("Vessels (known from the phantom)", starts, ends, radii, _VESSEL_COLOR)
    vessels.GetDisplayNode().SetOpacity(_VESSEL_OPACITY)


def picture(demonstration: Demonstration, volume_node: Any, spec: ModelSpec) -> bytes:
    """Return the picture of a scene that `build_scene` made, as the content of a PNG file.

    Raises:
        MissingDependency: If nothing can render here.
    """
    from AutoLabelLib.cli.demo_reasons import verdict
    from AutoLabelLib.scene.contact_sheet import Closeup, contact_sheet
    from AutoLabelLib.scene.heatmaps import heatmaps_of
    from AutoLabelLib.scene.offscreen import png

    colors = {segment.name: segment.color for segment in demonstration.labelmap.segments}
    centers = {nodule.name: nodule.center_ras_mm for nodule in demonstration.phantom.nodules}
    closeups = [
        Closeup(
            row.name,
            row.kind,
            colors[row.name],
            centers[row.name],
            _CLOSEUP_MM,
            _facts(row),
            _signed_percent(row.error_percent),
            verdict(demonstration.findings.get(row.name)),
        )
        for row in demonstration.measurements
    ]
    return png(
        contact_sheet(
            volume_node,
            closeups,
            _largest(demonstration).click_ras_mm,
            "AutoLabel demo: one click per nodule, measured against the truth, classified and explained",
            "A synthetic chest CT: no patient, so that no class is right. Drawn by Slicer's own views. "
            + ", ".join([f"{spec.name} {spec.version}", *_classifiers(demonstration)]),
            next(iter(heatmaps_of(volume_node)), None),
        )
    )


def _classifiers(demonstration: Demonstration) -> list[str]:
    return list(dict.fromkeys(finding.model for finding in demonstration.findings.values()))


def _facts(row: Measurement) -> tuple[tuple[str, str], ...]:
    return (
        ("diameter", f"{row.diameter_mm:.1f} mm"),
        ("true", f"{row.true_ml:.3f} ml"),
        ("measured", f"{row.measured_ml:.3f} ml"),
    )


def _signed_percent(value: float) -> str:
    return f"{value:+.1f} %".replace("-", "−")


def _largest(demonstration: Demonstration) -> Measurement:
    return max(demonstration.measurements, key=lambda row: row.true_ml)
