"""Findings as CSV, for people and their spreadsheets, and as JSON, from which they can be read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import sentence
from AutoLabelLib.files import formats
from AutoLabelLib.files.tables import write_csv, write_json

SUFFIXES = (".csv", ".json")


def write_findings(path: str | Path, findings: Sequence[Finding]) -> None:
    """Write findings in the format that the path's ending names; on failure, what was there stays.

    Nothing of the scene goes into the file, neither names of volumes nor paths: a volume may be called by its patient.

    Args:
        path: Ending in .csv or .json.
        findings: In the order in which they are written.

    Raises:
        FileError: If it cannot be written, or has another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise formats.unknown_format(path, SUFFIXES)
    if path.suffix.lower() == ".csv":
        write_csv(path, [finding_row(finding) for finding in findings], for_spreadsheets=True)
    else:
        written = [{"sentence": sentence(finding), **finding.to_json()} for finding in findings]
        write_json(path, {"findings": written})


def read_findings(path: str | Path) -> tuple[Finding, ...]:
    """Return the findings that `write_findings` wrote as JSON.

    Raises:
        FileError: If it cannot be read, or holds no findings.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        rows = [{key: value for key, value in row.items() if key != "sentence"} for row in content["findings"]]
        return tuple(Finding.from_json(row) for row in rows)
    except OSError as error:
        raise FileError(f'"{path}" cannot be read: {error.strerror}.', "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as problem:
        raise FileError(
            f'"{Path(path).name}" holds no findings.', "Choose a file that was exported as JSON."
        ) from problem


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a finding as one row of a table, with a column for each number."""
    return {
        "finding": sentence(finding),
        "label": finding.final_label,
        "probability": _told(finding.score) if finding.model else None,
        "uncertain": finding.uncertain,
        "segment": finding.segment,
        "structure": finding.structure,
        "note": finding.note,
        "author": finding.author,
        "edited": finding.edited,
        **{name: _told(value) for name, value in finding.measurements.items()},
        **{f"attribute: {name}": _told(value) for name, value in finding.attributes.items()},
        **{f"probability: {name}": _told(value) for name, value in finding.class_probabilities.items()},
        "label of the model": finding.label,
        "model": finding.model,
        "created": finding.created,
        **dict(zip(("center_r_mm", "center_a_mm", "center_s_mm"), map(_told, finding.center_ras_mm), strict=True)),
        "id": finding.id,
    }


def _told(value: float) -> float:
    """Return a number with the digits that a person wants to read; the JSON file has all."""
    return float(f"{value:.6g}")
