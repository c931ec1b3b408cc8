"""What the tags of segments tell, also those of another version."""

from __future__ import annotations

from typing import Any

import numpy as np

from AutoLabelLib.core.job import Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.core.provenance import segment_tags

SPEC = ModelSpec("liver_ct", "1.2.0", "segmentation", (Channel("image", "CT"),))


def reports_of(result: Result, scene: Any) -> Any:
    from AutoLabelLib.scene.provenance_report import segment_reports
    from AutoLabelLib.scene.segmentations import show_labelmap

    labelmap = Labelmap(np.ones((1, 3, 4, 5), np.uint8), np.eye(4), (Segment("Liver", 1, color=(1.0, 0.5, 0.0)),))
    return segment_reports(show_labelmap(labelmap, tags=segment_tags(result, SPEC)))


def test_everything_that_was_written_down_is_told(scene: Any) -> None:
    provenance = {
        "device": "cuda:0",
        "model": {"name": "liver_ct", "sha256": "ab12"},
        "options": {"overlap": 0.5},
        "prompts": Prompts(points=(Point((1.0, 2.0, 3.0)), Point((1.0, 2.0, 4.0)))).to_json(),
        "region": {"start_ijk": [0, 0, 0], "shape_ijk": [3, 2, 1]},
    }
    result = Result(
        "the job", warnings=("Mind | the gap.",), phase_seconds={"load": 0.5, "network": 1.0}, provenance=provenance
    )
    (report,) = reports_of(result, scene)
    assert (report.name, report.color) == ("Liver", (1.0, 0.5, 0.0))
    assert (report.model, report.job) == ("liver_ct 1.2.0", "the job")
    assert (report.seconds, report.phase_seconds) == (1.5, {"load": 0.5, "network": 1.0})
    assert report.warnings == ["Mind / the gap."]
    assert report.options == {"overlap": 0.5}
    assert report.prompt_counts == {"points": 2}
    assert report.region_voxels == (3, 2, 1)
    lines = report.text.splitlines()
    assert lines[:2] == ["Segment: Liver", "Model: liver_ct"]
    assert "ModelSha256: ab12" in lines


def test_a_segment_that_was_drawn_by_hand_tells_nothing(scene: Any) -> None:
    from AutoLabelLib.scene.provenance_report import segment_reports

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.GetSegmentation().AddEmptySegment("", "Mine")
    (report,) = segment_reports(node)
    assert (report.name, report.tags, report.model, report.seconds) == ("Mine", {}, "", None)
    assert (report.phase_seconds, report.warnings, report.prompt_counts, report.region_voxels) == ({}, [], {}, None)


def test_tags_that_a_person_changed_do_no_harm(scene: Any) -> None:
    from AutoLabelLib.scene.provenance_report import segment_reports

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.GetSegmentation().AddEmptySegment("", "Mine")
    segment = node.GetSegmentation().GetNthSegment(0)
    for key, value in {
        "Model": "liver_ct",
        "Seconds": "soon",
        "PhaseSeconds": "[1, 2]",
        "Warnings": "{",
        "Options": "3",
        "Prompts": "null",
        "Region": '{"shape_ijk": 7}',
    }.items():
        segment.SetTag(f"AutoLabel.{key}", value)
    (report,) = segment_reports(node)
    assert (report.model, report.seconds, report.phase_seconds) == ("liver_ct", None, {})
    assert (report.warnings, report.options, report.prompt_counts, report.region_voxels) == ([], {}, {}, None)
