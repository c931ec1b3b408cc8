"""What the segments of a segmentation say about how they were made: read from their tags, so a reopened scene tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from AutoLabelLib.core.provenance import PREFIX
from AutoLabelLib.scene.nodes import Node, check_class
from AutoLabelLib.scene.segments import tag_of

# Slicer's Python cannot list the tags of a segment, so they are asked for by name, in the order in which they are told.
_TOLD = (
    "Model", "ModelVersion", "ModelSha256", "Date", "Device", "Engine", "Seconds", "PhaseSeconds", "Region", "Prompts",
    "Options", "MirrorAxes", "Warnings", "LeftOut", "Versions", "Threads", "Job",
)  # fmt: skip


@dataclass(frozen=True)
class SegmentReport:
    """One segment and what made it.

    Attributes:
        segment_id: Its id in the segmentation.
        name: What a person reads.
        color: Red, green, blue, each from 0 to 1.
        tags: What AutoLabel wrote down, by name without its prefix; empty if it did not make the segment.
    """

    segment_id: str
    name: str
    color: tuple[float, float, float]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """Name and version of the model; "" if AutoLabel did not make the segment."""
        return " ".join(part for part in (self.tags.get("Model", ""), self.tags.get("ModelVersion", "")) if part)

    @property
    def job(self) -> str:
        """What the segments of one run have in common; "" where nobody wrote it down."""
        return self.tags.get("Job", "")

    @property
    def phase_seconds(self) -> dict[str, float]:
        """Duration per phase."""
        found = self._value("PhaseSeconds", {})
        return {str(name): float(seconds) for name, seconds in found.items()} if isinstance(found, dict) else {}

    @property
    def seconds(self) -> float | None:
        """How long it took; None where nobody wrote it down."""
        try:
            return float(self.tags["Seconds"])
        except (KeyError, ValueError):
            return None

    @property
    def warnings(self) -> list[str]:
        """What the user should know, one sentence each."""
        found = self._value("Warnings", [])
        return [str(warning) for warning in found] if isinstance(found, list) else []

    @property
    def options(self) -> dict[str, Any]:
        """How the model was run."""
        found = self._value("Options", {})
        return found if isinstance(found, dict) else {}

    @property
    def prompt_counts(self) -> dict[str, int]:
        """How many prompts of each kind were given, such as {"points": 2}; without the kinds that were not."""
        found = self._value("Prompts", {})
        return {kind: len(given) for kind, given in found.items() if given} if isinstance(found, dict) else {}

    @property
    def region_voxels(self) -> tuple[int, int, int] | None:
        """Size of the box that was segmented, in voxels; None if it was all of the volume."""
        found = self._value("Region", {})
        shape = found.get("shape_ijk") if isinstance(found, dict) else None
        return (int(shape[0]), int(shape[1]), int(shape[2])) if isinstance(shape, list) and len(shape) == 3 else None

    @property
    def text(self) -> str:
        """Everything that was written down, a line each, to be copied."""
        return "\n".join([f"Segment: {self.name}", *(f"{key}: {value}" for key, value in self.tags.items())])

    def _value(self, key: str, default: Any) -> Any:
        try:
            return json.loads(self.tags[key])
        except (KeyError, ValueError):  # another version wrote it, or a person
            return default


def segment_reports(segmentation_node: Node) -> list[SegmentReport]:
    """Return a report for each segment of a segmentation, in their order.

    Raises:
        InputError: If it is no segmentation.
    """
    check_class(segmentation_node, "vtkMRMLSegmentationNode")
    segmentation = segmentation_node.GetSegmentation()
    reports = []
    for segment_id in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        red, green, blue = segment.GetColor()
        found = {key: tag_of(segment, PREFIX + key) for key in _TOLD}
        tags = {key: value for key, value in found.items() if value} if found["Model"] else {}
        reports.append(SegmentReport(segment_id, segment.GetName(), (red, green, blue), tags))
    return reports
