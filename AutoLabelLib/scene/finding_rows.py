"""One row of the findings table: a finding in cells that a person can read, and that survive Slicer's table files.

Slicer writes tables as text with tabs between cells and reads them back without regard for tabs, line breaks and
quotes in a cell, so these are written in other characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import sentence

SEGMENT_REMOVED = "segment removed"

COLUMNS = (
    *("finding", "label", "probability", "uncertain", "segment", "note", "author", "edited", "state", "structure"),
    *("measurements", "attributes", "class_probabilities", "label_of_model", "model", "created"),
    *("center_ras_mm", "size_mm", "lines_ras_mm", "segment_id", "id"),
)

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': "\\q", "=": "\\e", ";": "\\s"}
_UNESCAPED = {escape[1]: character for character, escape in _ESCAPES.items()}
_IN_TEXT = r'[\\\n\r\t"]'
_IN_NAME = r'[\\\n\r\t"=;]'


@dataclass(frozen=True)
class FindingRow:
    """A finding in the scene.

    Attributes:
        finding: The finding.
        volume_id: Id of the volume node that it was found in; "" if that is gone.
        segmentation_id: Id of the segmentation node that holds its segment; "" if that is gone, or there is none.
        segment_id: Id of its segment there; "" for a finding without one.
        is_segment_removed: Whether it had a segment that is gone.
    """

    finding: Finding
    volume_id: str = ""
    segmentation_id: str = ""
    segment_id: str = ""
    is_segment_removed: bool = False


def cells_of(row: FindingRow) -> dict[str, str]:
    """Return the cells of a row by their columns."""
    finding = row.finding
    texts = {
        "finding": sentence(finding),
        "label": finding.final_label,
        "probability": f"{finding.score:.6g}" if finding.model else "",
        "uncertain": finding.uncertain,
        "segment": finding.segment,
        "note": finding.note,
        "author": finding.author,
        "edited": finding.edited,
        "state": SEGMENT_REMOVED if row.is_segment_removed else "",
        "structure": finding.structure,
        "label_of_model": finding.label,
        "model": finding.model,
        "created": finding.created,
        "segment_id": row.segment_id,
        "id": finding.id,
    }
    lines = {name: (*start, *end) for name, (start, end) in finding.lines_ras_mm.items()}
    return {name: _escaped(text) for name, text in texts.items()} | {
        "measurements": _listed(finding.measurements),
        "attributes": _listed(finding.attributes),
        "class_probabilities": _listed(finding.class_probabilities),
        "center_ras_mm": _numbers(finding.center_ras_mm),
        "size_mm": _numbers(finding.size_mm),
        "lines_ras_mm": _listed({name: _numbers(ends) for name, ends in lines.items()}),
    }


def finding_of(cells: Mapping[str, str]) -> Finding:
    """Return the finding of a row; a label that was changed in the table itself is a person's.

    Raises:
        InputError: If the cells hold no finding.
    """
    texts = {name: _unescaped(cells.get(name, "")) for name in COLUMNS}
    try:
        lines = {name: _floats(ends) for name, ends in _read(cells.get("lines_ras_mm", "")).items()}
        return Finding.from_json(
            {
                "center_ras_mm": _floats(cells["center_ras_mm"]),
                "size_mm": _floats(cells["size_mm"]),
                "score": float(texts["probability"] or 1.0),
                "label": texts["label_of_model"],
                "corrected_label": texts["label"] if texts["label"] != texts["label_of_model"] else "",
                **{name: _read_numbers(cells.get(name, "")) for name in _MAPPINGS},
                "lines_ras_mm": {name: (ends[:3], ends[3:]) for name, ends in lines.items()},
                **{name: texts[name] for name in _TEXTS},
            }
        )
    except (KeyError, ValueError) as problem:
        raise InputError(f"A row of the findings table cannot be read: {problem}.") from problem


_MAPPINGS = ("measurements", "attributes", "class_probabilities")
_TEXTS = ("uncertain", "segment", "structure", "model", "note", "author", "created", "edited", "id")


def _escaped(text: str, characters: str = _IN_TEXT) -> str:
    return re.sub(characters, lambda found: _ESCAPES[found.group()], text.strip())


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _UNESCAPED.get(found.group(1), found.group(1)), text)


def _listed(values: Mapping[str, Any]) -> str:
    """Return "name=value; name=value"."""
    return "; ".join(
        f"{_escaped(name, _IN_NAME)}={value if isinstance(value, str) else repr(float(value))}"
        for name, value in values.items()
    )


def _read(text: str) -> dict[str, str]:
    parts = (part.split("=", 1) for part in text.split(";") if part.strip())
    return {_unescaped(name.strip()): value for name, value in parts}


def _read_numbers(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in _read(text).items()}


def _numbers(values: Any) -> str:
    return " ".join(repr(float(value)) for value in values)


def _floats(text: str) -> tuple[float, ...]:
    return tuple(float(value) for value in text.split())
