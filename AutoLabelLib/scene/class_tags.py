"""What a classifier said of a segment, as tags that a segmentation node or a .seg.nrrd file keeps for it."""

from __future__ import annotations

import json

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.provenance import PREFIX
from AutoLabelLib.scene import segments
from AutoLabelLib.scene.nodes import Node

CLASS = f"{PREFIX}Class"
PROBABILITY = f"{PREFIX}ClassProbability"
PROBABILITIES = f"{PREFIX}ClassProbabilities"
RATINGS = f"{PREFIX}ClassRatings"
UNCERTAIN = f"{PREFIX}ClassUncertain"
MODEL = f"{PREFIX}ClassModel"


def class_tags(finding: Finding) -> dict[str, str]:
    """Return the tags of a classified finding; a text that says nothing is left out."""
    tags = {
        CLASS: finding.label,
        PROBABILITY: f"{finding.score:.4f}",
        PROBABILITIES: json.dumps({name: round(value, 4) for name, value in finding.class_probabilities.items()}),
        RATINGS: json.dumps(dict(finding.attributes)) if finding.attributes else "",
        UNCERTAIN: finding.uncertain,
        MODEL: finding.model,
    }
    # Slicer's files end a tag at a bar and a header line at a line break.
    return {key: " ".join(value.replace("|", "/").split()) for key, value in tags.items()}


def tag_segment(segmentation_node: Node, segment_id: str, finding: Finding) -> None:
    """Write down on a segment what a classifier said of it, instead of what one said before."""
    vtk_segment = segmentation_node.GetSegmentation().GetSegment(segment_id)
    if vtk_segment is not None:  # it may have been deleted meanwhile
        segments.exchange_tags(vtk_segment, {key: value or None for key, value in class_tags(finding).items()})
