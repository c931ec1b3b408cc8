from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.files.findings import read_findings, write_findings

FINDINGS = (
    Finding(
        (1.5, -2.0, 3.0),
        (4.0, 5.0, 6.0),
        0.75,
        "malignant",
        class_probabilities={"benign": 0.25, "malignant": 0.75},
        measurements={"long_axis_mm": 12.25678912, "mean_hu": -34.5},
        attributes={"spiculation": 3.5},
        segment='Nodule "1", left; ü',
        model="nodules 1.0",
        lines_ras_mm={"long_axis": ((0.0, 1.0, 2.0), (3.0, 4.0, 2.0))},
        note='=HYPERLINK("http://example.org";"click")\nsecond line',
        author="reader",
    ),
    Finding((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 1.0, "", measurements={"volume_ml": 3.0}, note="-1"),
)


def test_json_comes_back(tmp_path: Path) -> None:
    write_findings(tmp_path / "findings.json", FINDINGS)
    again = read_findings(tmp_path / "findings.json")
    assert again == FINDINGS
    assert [finding.id for finding in again] == [finding.id for finding in FINDINGS]
    assert "12.2" not in json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))["findings"][1]["sentence"]


def test_csv_is_for_spreadsheets(tmp_path: Path) -> None:
    write_findings(tmp_path / "findings.csv", FINDINGS)
    assert (tmp_path / "findings.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    with (tmp_path / "findings.csv").open(newline="", encoding="utf-8-sig") as stream:
        first, second = csv.DictReader(stream)
    assert first["segment"] == 'Nodule "1", left; ü'
    assert first["note"] == "'" + FINDINGS[0].note  # a text, not a formula
    assert second["note"] == "'-1"
    assert (first["mean_hu"], first["attribute: spiculation"], first["probability: benign"]) == ("-34.5", "3.5", "0.25")
    assert (first["probability"], second["probability"], second["long_axis_mm"]) == ("0.75", "", "")
    assert first["long_axis_mm"] == "12.2568"
    assert (first["center_a_mm"], first["label"], first["author"]) == ("-2.0", "malignant", "reader")


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="xlsx"):
        write_findings(tmp_path / "findings.xlsx", FINDINGS)
    with pytest.raises(FileError, match="does not exist"):
        write_findings(tmp_path / "nowhere" / "findings.csv", FINDINGS)
    (tmp_path / "other.json").write_text('{"cases": []}', encoding="utf-8")
    with pytest.raises(FileError, match="holds no findings"):
        read_findings(tmp_path / "other.json")
    with pytest.raises(FileError, match="cannot be read"):
        read_findings(tmp_path / "none.json")
