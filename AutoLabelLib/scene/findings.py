"""The findings table: one table node of the scene with a row per finding, which is saved and opened with the scene."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding, now
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.finding_renewal import places_of, renewed
from AutoLabelLib.scene.finding_rows import COLUMNS, FindingRow, cells_of, finding_of
from AutoLabelLib.scene.nodes import Node, check_class, current_scene, scene_of

ATTRIBUTE = "AutoLabel.Findings"
"""The attribute by which the table node is known."""

NAME = "Findings"

# Node references, because Slicer keeps them right when nodes get new ids as a scene is opened.
_VOLUME, _SEGMENTATION = "AutoLabel-volume-", "AutoLabel-segmentation-"


def find_table(scene: Any = None) -> Node | None:
    """Return the findings table of a scene; None if there is none yet."""
    scene = scene or current_scene()
    nodes = [
        scene.GetNthNodeByClass(n, "vtkMRMLTableNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLTableNode"))
    ]
    tables = [node for node in nodes if node.GetAttribute(ATTRIBUTE)]
    return _merged(tables) if tables else None


def findings_table(scene: Any = None) -> Node:
    """Return the findings table of a scene, which is made where there is none."""
    scene = scene or current_scene()
    table = find_table(scene)
    if table is None:
        table = scene.AddNewNodeByClass("vtkMRMLTableNode", NAME)
        table.SetAttribute(ATTRIBUTE, "1")
        table.SetUndoEnabled(True)
        hierarchy.item_of(table)
        _write(table, [])
    return table


def read_findings(table: Node) -> tuple[Finding, ...]:
    """Return the findings of a table, in its order."""
    return tuple(row.finding for row in read_rows(table))


def read_rows(table: Node) -> list[FindingRow]:
    """Return the rows of a table as the scene is now: segments by their present names, and whether they are gone.

    Raises:
        InputError: If it is no findings table, or a row of it holds no finding.
    """
    check_class(table, "vtkMRMLTableNode")
    return [_row(table, number) for number in range(table.GetNumberOfRows())]


def add_findings(
    findings: Sequence[Finding],
    volume_node: Node,
    segmentation_node: Node | None = None,
    segment_ids: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Put findings into the table of the volume's scene, and return them as they stand there.

    One segment has one row per model. A finding without a model, which is only measured, renews what was measured
    in each row of its segment; one with a model takes over a row that was only measured. What a person wrote, note
    and label, is never overwritten.

    Args:
        findings: What was found.
        volume_node: Where.
        segmentation_node: Segmentation that holds their segments; None for findings without one.
        segment_ids: For each finding the id of its segment; () looks them up by `Finding.segment`.
    """
    table = findings_table(scene_of(volume_node))
    rows = read_rows(table)
    ids = list(segment_ids) or [_segment_id(segmentation_node, finding.segment) for finding in findings]
    added = []
    for finding, segment_id in zip(findings, ids, strict=True):
        segmentation_id = segmentation_node.GetID() if segmentation_node is not None and segment_id else ""
        new = FindingRow(finding, volume_node.GetID(), segmentation_id, segment_id)
        places = places_of(rows, new)
        for place in places:
            rows[place] = renewed(rows[place], new)
        if not places:
            places = [len(rows)]
            rows.append(new)
        added.append(rows[places[0]].finding.id)
    _write(table, rows)
    found = {finding.id: finding for finding in read_findings(table)}
    return tuple(found[finding_id] for finding_id in added)


def edit_finding(
    table: Node, finding_id: str, *, note: str | None = None, label: str | None = None, author: str = ""
) -> None:
    """Write down what a person says of a finding, with who and when.

    Args:
        table: The findings table.
        finding_id: Of the finding.
        note: The new note; None leaves it.
        label: What the person calls it; "" or the model's label takes the model's. None leaves it.
        author: Who says so; "" for the login name.

    Raises:
        InputError: If there is no such finding.
    """

    def edited(row: FindingRow) -> FindingRow:
        finding = row.finding
        corrected = finding.corrected_label if label is None else "" if label == finding.label else label.strip()
        return replace(
            row,
            finding=replace(
                finding,
                note=finding.note if note is None else note.strip(),
                corrected_label=corrected,
                author=author or login_name(),
                edited=now(),
            ),
        )

    _change(table, finding_id, edited)


def login_name() -> str:
    """Return the name that the user has logged in with; "" where nobody knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without users, Windows without the variables
        return ""


def remove_finding(table: Node, finding_id: str) -> tuple[int, FindingRow]:
    """Take a row out and return its place and itself, with which `restore_finding` puts it back.

    Raises:
        InputError: If there is no such finding.
    """
    rows = read_rows(table)
    place = _place(rows, finding_id)
    row = rows.pop(place)
    _write(table, rows)
    return place, row


def restore_finding(table: Node, place: int, row: FindingRow) -> None:
    """Put a row that was removed back into its place."""
    rows = read_rows(table)
    rows.insert(min(place, len(rows)), row)
    _write(table, rows)


def refresh(table: Node) -> None:
    """Let the cells follow the scene: names of segments, and which are gone."""
    rows = read_rows(table)
    if [cells_of(row) for row in rows] != [_cells(table, number) for number in range(table.GetNumberOfRows())]:
        _write(table, rows)


def _segment_id(segmentation_node: Node | None, name: str) -> str:
    if segmentation_node is None or not name:
        return ""
    return str(segmentation_node.GetSegmentation().GetSegmentIdBySegmentName(name))


def _change(table: Node, finding_id: str, change: Callable[[FindingRow], FindingRow]) -> None:
    rows = read_rows(table)
    place = _place(rows, finding_id)
    rows[place] = change(rows[place])
    _write(table, rows)


def _place(rows: Sequence[FindingRow], finding_id: str) -> int:
    for place, row in enumerate(rows):
        if row.finding.id == finding_id:
            return place
    raise InputError("This finding is no longer in the table.", "It was deleted; choose another one.")


def _row(table: Node, number: int) -> FindingRow:
    cells = _cells(table, number)
    finding = finding_of(cells)
    volume, segmentation = (table.GetNodeReference(f"{role}{finding.id}") for role in (_VOLUME, _SEGMENTATION))
    segment = segmentation.GetSegmentation().GetSegment(cells["segment_id"]) if segmentation is not None else None
    if segment is not None and segment.GetName() != finding.segment:
        finding = replace(finding, segment=segment.GetName())
    return FindingRow(
        finding,
        volume.GetID() if volume is not None else "",
        segmentation.GetID() if segmentation is not None else "",
        cells["segment_id"],
        bool(cells["segment_id"]) and segment is None,
    )


def _cells(table: Node, number: int) -> dict[str, str]:
    columns = {name: table.GetTable().GetColumnByName(name) for name in COLUMNS}
    return {
        name: str(column.GetVariantValue(number).ToString()) for name, column in columns.items() if column is not None
    }


def _write(table: Node, rows: Sequence[FindingRow]) -> None:
    """Give the node a new table with these rows: one that Slicer keeps to undo to stays as it was."""
    import vtk

    cells = [cells_of(row) for row in rows]
    content = vtk.vtkTable()
    for name in COLUMNS:
        column = vtk.vtkStringArray()
        column.SetName(name)
        for row_cells in cells:
            column.InsertNextValue(row_cells[name])
        content.AddColumn(column)
    was_modifying = table.StartModify()
    try:
        for row in rows:
            for role, node_id in ((_VOLUME, row.volume_id), (_SEGMENTATION, row.segmentation_id)):
                if node_id:  # a node that is gone may come back: its removal can be undone
                    table.SetNodeReferenceID(f"{role}{row.finding.id}", node_id)
        table.SetAndObserveTable(content)
    finally:
        table.EndModify(was_modifying)


def _merged(tables: Sequence[Node]) -> Node:
    """Return the first table, with the rows of the others, of scenes that were opened into one; those are removed."""
    first, *others = tables
    for other in others:
        rows = read_rows(first)
        known = {row.finding.id for row in rows}
        _write(first, rows + [row for row in read_rows(other) if row.finding.id not in known])
        scene_of(first).RemoveNode(other)
    return first
