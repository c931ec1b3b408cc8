"""What in a scene can be explained, and which heatmap explains what, in words that stay with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.core.provenance import PREFIX
from AutoLabelLib.scene.contribution_plots import chart_of, remove_contributions
from AutoLabelLib.scene.findings import find_table, read_rows
from AutoLabelLib.scene.heatmaps import heatmaps_of, remove_heatmap, source_of
from AutoLabelLib.scene.nodes import Node, scene_of

_SEGMENTATION_ROLE, _SEGMENT = f"{PREFIX}HeatmapSegmentation", f"{PREFIX}HeatmapSegment"
_EXPLAINS, _METHOD, _WORDS = f"{PREFIX}HeatmapFinding", f"{PREFIX}HeatmapMethod", f"{PREFIX}HeatmapWords"


@dataclass(frozen=True)
class Explainable:
    """A finding that its classifier can explain.

    Attributes:
        finding: As the findings table says it.
        spec: The classifier, in the version that made it.
        segmentation_id: Id of the node that holds its segment; "" for a finding without one.
        segment_id: Id of its segment; "" for a finding without one.
        is_region: Whether it is about a part of the volume that is no segment.
    """

    finding: Finding
    spec: ModelSpec
    segmentation_id: str = ""
    segment_id: str = ""
    is_region: bool = False

    @property
    def target(self) -> str:
        """The class that is explained: the most probable one."""
        probabilities = self.finding.class_probabilities
        return max(probabilities, key=lambda name: probabilities[name]) if probabilities else self.finding.label

    @property
    def box(self) -> Box:
        """Where the finding is."""
        center, half = np.array(self.finding.center_ras_mm), np.array(self.finding.size_mm) / 2
        return Box(tuple((center - half).tolist()), tuple((center + half).tolist()))


def explainable(volume_node: Node, specs: Mapping[str, ModelSpec]) -> list[Explainable]:
    """Return the findings in a volume that can be explained: their classifier and their segment are still there.

    Args:
        volume_node: The volume.
        specs: The installed classifiers by name.
    """
    table = find_table(scene_of(volume_node))
    by_title = {f"{spec.name} {spec.version}".strip(): spec for spec in specs.values()}
    found = []
    for row in read_rows(table) if table is not None else []:
        spec = by_title.get(row.finding.model)
        if spec is None or row.volume_id != volume_node.GetID() or row.is_segment_removed:
            continue
        if row.finding.segment and not row.segment_id:
            continue  # its segment was in no node of the scene
        is_region = not row.segment_id and not _covers(row.finding, volume_node)
        found.append(Explainable(row.finding, spec, row.segmentation_id, row.segment_id, is_region))
    return found


def note_explained(heatmap_node: Node, explained: Explainable, method: str, words: str) -> None:
    """Remember what a heatmap explains; it takes the place of one that explained the same in the same way.

    Args:
        heatmap_node: The heatmap.
        explained: The finding.
        method: How it was explained.
        words: What it means, for a person.
    """
    finding_id = explained.finding.id
    for old in heatmaps_of(source_of(heatmap_node)):
        if (old.GetAttribute(_EXPLAINS), old.GetAttribute(_METHOD)) == (finding_id, method):
            if (chart := chart_of(old)) is not None:
                remove_contributions(chart)
            remove_heatmap(old)
    for name, value in ((_EXPLAINS, finding_id), (_METHOD, method), (_WORDS, words)):
        heatmap_node.SetAttribute(name, value)
    if explained.segment_id:
        heatmap_node.SetNodeReferenceID(_SEGMENTATION_ROLE, explained.segmentation_id)
        heatmap_node.SetAttribute(_SEGMENT, explained.segment_id)


def fill_segment(heatmap_node: Node, is_filled: bool) -> None:
    """Show the segment that a heatmap explains filled, or as an outline, which lets the heat be seen."""
    segmentation = heatmap_node.GetNodeReference(_SEGMENTATION_ROLE)
    segment_id = heatmap_node.GetAttribute(_SEGMENT)
    if segmentation is None or segmentation.GetSegmentation().GetSegment(segment_id) is None:
        return
    segmentation.GetDisplayNode().SetSegmentVisibility2DFill(segment_id, is_filled)


def words_of(heatmap_node: Node) -> str:
    """Return what a heatmap means, for a person; "" if nobody said."""
    return heatmap_node.GetAttribute(_WORDS) or ""


def _covers(finding: Finding, volume_node: Node) -> bool:
    """Return whether a finding is as large as its volume."""
    bounds = [0.0] * 6
    volume_node.GetRASBounds(bounds)
    extent = np.array(bounds[1::2]) - np.array(bounds[0::2])
    return bool(np.all(np.array(finding.size_mm) >= extent - 2 * max(volume_node.GetSpacing())))
