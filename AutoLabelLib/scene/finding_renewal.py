"""Which rows of the findings table a new finding is about, and what it changes in them: never what a person wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from AutoLabelLib.scene.finding_rows import FindingRow

_SAME_PLACE_MM = 1e-3


def places_of(rows: Sequence[FindingRow], new: FindingRow) -> list[int]:
    """Return the rows that a new finding belongs to; none if it needs a row of its own.

    A finding without a model, which is only measured, belongs to every row about the same; one with a model to the
    row of that model, or to one that was only measured.
    """
    places = [place for place, row in enumerate(rows) if _is_about_the_same(row, new)]
    if not new.finding.model:
        return places
    for wanted in (new.finding.model, ""):
        if found := [place for place in places if rows[place].finding.model == wanted]:
            return found[:1]
    return []


def renewed(row: FindingRow, new: FindingRow) -> FindingRow:
    """Return a row with what is new in a finding; a person's words and its id stay."""
    old, found = row.finding, new.finding
    judged = found if found.model else old
    measured = found if found.measurements else old
    finding = replace(
        judged,
        center_ras_mm=found.center_ras_mm,
        size_mm=found.size_mm,
        measurements=measured.measurements,
        lines_ras_mm=measured.lines_ras_mm,
        structure=found.structure or old.structure,
        segment=found.segment,
        created=found.created or old.created,
        **{name: getattr(old, name) for name in ("note", "corrected_label", "author", "edited", "id")},
    )
    return replace(new, finding=finding)


def _is_about_the_same(row: FindingRow, new: FindingRow) -> bool:
    if row.finding.id == new.finding.id:
        return True
    if new.segment_id or row.segment_id:
        return (row.segmentation_id, row.segment_id) == (new.segmentation_id, new.segment_id)
    one, other = row.finding, new.finding
    apart = [
        abs(a - b) for a, b in zip(one.center_ras_mm + one.size_mm, other.center_ras_mm + other.size_mm, strict=True)
    ]
    return row.volume_id == new.volume_id and max(apart) < _SAME_PLACE_MM
