"""The findings table in a real scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding, new_finding_id
from AutoLabelLib.scene.finding_axes import axes_of, hide_axes, show_axes
from AutoLabelLib.scene.findings import (
    ATTRIBUTE,
    add_findings,
    edit_finding,
    find_table,
    findings_table,
    read_findings,
    read_rows,
    refresh,
    remove_finding,
    restore_finding,
)
from AutoLabelLib.scene.scene_files import write_scene
from AutoLabelLib.scene.segmentations import show_labelmap
from Testing.slicer_scene import GRIDS, add_volume, lopsided_labelmap, opened

LINES = {"long_axis": ((1.0, 2.0, 3.0), (4.5, 2.0, 3.0)), "short_axis": ((2.0, 1.0, 3.0), (2.0, 3.5, 3.0))}
MEASURED = Finding(
    (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), 1.0, "", measurements={"long_axis_mm": 3.5}, segment="L", lines_ras_mm=LINES
)
CLASSIFIED = Finding(
    (1.0, 2.0, 3.0),
    (4.0, 5.0, 6.0),
    0.875,
    "malignant",
    class_probabilities={"benign; tab\there": 0.125, 'mal="ignant"': 0.875},
    attributes={"spiculation": 3.25},
    uncertain="It is larger than any that the model has seen.",
    segment="L",
    model="nodules 1.0",
)


def like(finding: Finding, **changes: Any) -> Finding:
    """Return another finding that differs by some changes."""
    return replace(finding, id=new_finding_id(), **changes)


@pytest.fixture
def nodes(scene: Any) -> tuple[Any, Any]:
    """A volume and a segmentation of it."""
    volume_node = add_volume(GRIDS["oblique"])
    return volume_node, show_labelmap(lopsided_labelmap(GRIDS["oblique"]), volume_node)


def test_findings_come_back_as_they_were(scene: Any, nodes: tuple[Any, Any]) -> None:
    added = add_findings([MEASURED, like(CLASSIFIED, segment="corner")], *nodes)
    table = find_table(scene)
    assert read_findings(table) == added == (MEASURED, like(CLASSIFIED, segment="corner"))
    rows = read_rows(table)
    assert [row.segment_id for row in rows] == [
        nodes[1].GetSegmentation().GetSegmentIdBySegmentName(name) for name in ("L", "corner")
    ]
    assert {row.volume_id for row in rows} == {nodes[0].GetID()}
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1


def test_there_is_one_table(scene: Any) -> None:
    assert find_table(scene) is None
    table = findings_table(scene)
    assert findings_table(scene) is table
    assert read_findings(table) == ()


def test_a_segment_has_one_row_per_model(scene: Any, nodes: tuple[Any, Any]) -> None:
    (measured,) = add_findings([MEASURED], *nodes)
    (classified,) = add_findings([CLASSIFIED], *nodes)
    assert classified.id == measured.id
    assert (classified.label, classified.measurements) == ("malignant", MEASURED.measurements)
    add_findings([like(CLASSIFIED, model="other 2.0", label="round")], *nodes)
    add_findings([like(MEASURED, measurements={"long_axis_mm": 7.0})], *nodes)
    found = read_findings(find_table(scene))
    assert [(finding.label, finding.measurements["long_axis_mm"]) for finding in found] == [
        ("malignant", 7.0),
        ("round", 7.0),
    ]


def test_what_a_person_wrote_is_never_overwritten(scene: Any, nodes: tuple[Any, Any]) -> None:
    (finding,) = add_findings([CLASSIFIED], *nodes)
    table = find_table(scene)
    note = 'Seen before: "stable"\n\tsince 2019; \\n = 5'
    edit_finding(table, finding.id, note=note, label="benign", author="jd")
    (again,) = add_findings([like(CLASSIFIED, score=0.95, label="malignant")], *nodes)
    assert (again.note, again.final_label, again.author) == (note, "benign", "jd")
    assert (again.label, again.score) == ("malignant", 0.95)
    assert again.edited
    edit_finding(table, finding.id, label="malignant")
    assert read_findings(table)[0].corrected_label == ""
    assert read_findings(table)[0].note == note
    with pytest.raises(InputError, match="no longer"):
        edit_finding(table, "unknown", note="x")


def test_a_label_that_is_changed_in_the_table_itself_is_a_persons(scene: Any, nodes: tuple[Any, Any]) -> None:
    add_findings([CLASSIFIED], *nodes)
    table = find_table(scene)
    table.SetCellText(0, table.GetColumnIndex("label"), "scar")
    (finding,) = read_findings(table)
    assert (finding.label, finding.corrected_label) == ("malignant", "scar")


def test_rows_of_removed_segments_say_so(scene: Any, nodes: tuple[Any, Any]) -> None:
    add_findings([MEASURED, like(MEASURED, segment="corner")], *nodes)
    table, segmentation = find_table(scene), nodes[1].GetSegmentation()
    segmentation.GetSegment(segmentation.GetSegmentIdBySegmentName("corner")).SetName("Corner, left")
    segmentation.RemoveSegment(segmentation.GetSegmentIdBySegmentName("L"))
    refresh(table)
    assert [(row.finding.segment, row.is_segment_removed) for row in read_rows(table)] == [
        ("L", True),
        ("Corner, left", False),
    ]
    assert [table.GetCellText(n, table.GetColumnIndex("state")) for n in (0, 1)] == ["segment removed", ""]
    scene.RemoveNode(nodes[1])
    assert all(row.is_segment_removed for row in read_rows(table))


def test_a_row_can_be_removed_and_put_back(scene: Any, nodes: tuple[Any, Any]) -> None:
    added = add_findings([MEASURED, like(CLASSIFIED, segment="corner")], *nodes)
    table = find_table(scene)
    place, row = remove_finding(table, added[0].id)
    assert read_findings(table) == added[1:]
    restore_finding(table, place, row)
    assert read_findings(table) == added
    assert [found.id for found in read_findings(table)] == [finding.id for finding in added]


def test_a_whole_volume_has_one_row_per_model(scene: Any, nodes: tuple[Any, Any]) -> None:
    whole = like(CLASSIFIED, segment="")
    add_findings([whole], nodes[0])
    add_findings([like(whole, score=0.5)], nodes[0])
    add_findings([like(whole, center_ras_mm=(9.0, 9.0, 9.0))], nodes[0])
    assert [finding.score for finding in read_findings(find_table(scene))] == [0.5, 0.875]
    assert not any(row.is_segment_removed for row in read_rows(find_table(scene)))


def test_it_survives_a_scene_file(scene: Any, nodes: tuple[Any, Any], tmp_path: Path) -> None:
    added = add_findings([CLASSIFIED, like(MEASURED, segment="corner")], *nodes)
    edit_finding(find_table(scene), added[1].id, note='a "quoted"\ttab\nline, ü = ×; \\', label="007", author="0815")
    expected = read_findings(find_table(scene))
    write_scene(tmp_path / "case.mrb")
    again = opened(tmp_path / "case.mrb", tmp_path / "cache")
    table = find_table(again)
    assert table.GetAttribute(ATTRIBUTE)
    assert read_findings(table) == expected
    assert [finding.id for finding in read_findings(table)] == [finding.id for finding in expected]
    assert not any(row.is_segment_removed for row in read_rows(table))
    assert read_rows(table)[0].segmentation_id == again.GetFirstNodeByClass("vtkMRMLSegmentationNode").GetID()


def test_tables_of_two_scenes_become_one(scene: Any, nodes: tuple[Any, Any]) -> None:
    (first,) = add_findings([MEASURED], *nodes)
    add_findings([like(MEASURED, segment="corner")], *nodes)
    table, other = find_table(scene), scene.AddNewNodeByClass("vtkMRMLTableNode", "Findings")
    other.Copy(table)
    edit_finding(other, first.id, note="of the other")
    remove_finding(table, first.id)
    assert find_table(scene) is table
    assert [finding.note for finding in read_findings(table)] == ["", "of the other"]
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 1


def test_an_edit_can_be_undone_by_the_scene(scene: Any, nodes: tuple[Any, Any]) -> None:
    (finding,) = add_findings([MEASURED], *nodes)
    scene.SetUndoOn()
    scene.SaveStateForUndo()
    edit_finding(find_table(scene), finding.id, note="oops")
    scene.Undo()
    assert read_findings(find_table(scene)) == (finding,)
    scene.Redo()
    assert read_findings(find_table(scene))[0].note == "oops"


def test_axes_are_shown_once_and_hidden(scene: Any, nodes: tuple[Any, Any]) -> None:
    (finding,) = add_findings([MEASURED], *nodes)
    long_axis, _ = show_axes([finding])
    assert long_axis.GetMeasurement("length").GetValue() == pytest.approx(3.5)
    assert long_axis.GetNthControlPointPositionWorld(1) == pytest.approx(LINES["long_axis"][1])
    assert long_axis.GetNthControlPointLabel(0) == "3.5 mm"
    assert long_axis.GetLocked()
    moved = replace(finding, lines_ras_mm={"long_axis": ((0.0, 0.0, 0.0), (2.0, 0.0, 0.0))})
    assert show_axes([moved]) == [long_axis]
    assert len(axes_of(finding.id)) == 1
    assert long_axis.GetLineLengthWorld() == pytest.approx(2.0)
    hide_axes([finding.id])
    assert axes_of(finding.id) == []
