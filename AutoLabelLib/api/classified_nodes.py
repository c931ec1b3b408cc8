"""What a classifier said of a volume node, put into the scene: findings table, tags, and a new segment at a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from AutoLabelLib.api.classification import Classified, findings_of
from AutoLabelLib.api.segment_choice import ChosenSegments
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.job import Result
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.provenance import segment_tags
from AutoLabelLib.scene.class_tags import tag_segment
from AutoLabelLib.scene.findings import add_findings, findings_table
from AutoLabelLib.scene.nodes import resolve
from AutoLabelLib.scene.segmentations import show_labelmap
from AutoLabelLib.scene.transforms import finding_in_world
from AutoLabelLib.scene.volumes import VolumeGrid, grid_of


def finish_for_nodes(
    spec: ModelSpec,
    volume_node: Any,
    segmentation_node: Any,
    chosen: ChosenSegments | None,
    remarks: tuple[str, ...] = (),
) -> Callable[[Result], Classified]:
    """Return what writes a result into the scene later; ids are held, because nodes may be gone by then.

    Args:
        spec: The classifier.
        volume_node: What is classified.
        segmentation_node: What was given as the segmentation: its node, or something else, or None.
        chosen: The segments that are judged; None where they are yet to be made, or none are.
        remarks: What the user should know beside the worker's warnings.
    """
    holder = segmentation_node if hasattr(segmentation_node, "GetSegmentation") else None
    names = {node.GetID(): node.GetName() for node in (volume_node, holder) if node is not None}
    volume_id, *segmentation_ids = names
    grid = grid_of(volume_node)

    def finish(result: Result) -> Classified:
        volume, *segmentations = (resolve(node_id, name=names[node_id]) for node_id in (volume_id, *segmentation_ids))
        segmentation: Any = segmentations[0] if segmentations else None
        segment_ids = list(chosen.segment_ids) if chosen is not None else []
        if result.labelmaps:
            segmentation, segment_ids = _shown(result, spec, volume, segmentation, grid)
        findings = tuple(finding_in_world(finding, volume) for finding in findings_of(result))
        own_ids = [segment_ids[number] for number in result.values["segments"]] if segment_ids else []
        if own_ids:
            findings = tuple(
                replace(finding, segment=segmentation.GetSegmentation().GetSegment(own).GetName(), id=finding.id)
                for finding, own in zip(findings, own_ids, strict=True)
            )
            for finding, own in zip(findings, own_ids, strict=True):
                tag_segment(segmentation, own, finding)
        # Segments that are no node's are known by their names only.
        added = add_findings(findings, volume, segmentation if own_ids else None, own_ids)
        return Classified(
            added,
            result,
            remarks + result.warnings,
            segmentation_node=segmentation,
            table_node=findings_table(volume.GetScene()),
        )

    return finish


def _shown(
    result: Result, spec: ModelSpec, volume_node: Any, segmentation_node: Any, grid: VolumeGrid
) -> tuple[Any, list[str]]:
    """Return the segmentation node that shows what was segmented at a click, and the ids of the new segments."""
    before = _ids(segmentation_node)
    tags = segment_tags(result, catalogue.find(spec.segmenter))
    segmentation_node = show_labelmap(
        result.labelmaps[0],
        volume_node,
        segmentation_node=segmentation_node,
        same_name="add",
        grid=grid,
        tags=tags,
    )
    return segmentation_node, [one for one in _ids(segmentation_node) if one not in before]


def _ids(segmentation_node: Any) -> list[str]:
    return [] if segmentation_node is None else list(segmentation_node.GetSegmentation().GetSegmentIDs())
