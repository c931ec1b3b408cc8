from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from AutoLabelLib.core import locations
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.install import requirements as needed
from AutoLabelLib.install.requirements import FASTER, Requirement, requirements

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_says_what_pyproject_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [str(one) for one in requirements()] == project["dependencies"]
    assert str(FASTER) in project["optional-dependencies"]["fast"]


def test_slicers_own_reader_understands_the_file() -> None:
    # slicer.packaging.load_requirements takes every line that is not empty and starts with neither # nor -.
    lines = (ROOT / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    taken = [line.strip() for line in lines if line.strip() and not line.strip().startswith(("#", "-"))]
    assert taken == [str(one) for one in requirements()]


@pytest.mark.parametrize(
    ("version", "is_met"),
    [("2.6", True), ("2.6.0", True), ("2.13.0+cu126", True), ("2.5.9", False), ("3", True), ("2.6.0rc1", True)],
)
def test_versions_are_compared_as_numbers(version: str, is_met: bool) -> None:
    assert Requirement("torch", "2.6").is_met_by(version) is is_met


def test_the_simpleitk_that_slicer_builds_itself_is_new_enough() -> None:
    assert Requirement("SimpleITK", "2.4").is_met_by("2.5.0rc2.dev907")


def test_one_requirement_by_its_name() -> None:
    assert needed.requirement("torch").name == "torch"


@pytest.mark.parametrize("line", ["torch", "torch>=2.6  # why", "torch==2.6", "-r other.txt"])
def test_a_line_that_is_not_understood_is_named(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text(f"numpy>=2.0\n{line}\n")
    monkeypatch.setattr(needed, "resources", lambda: tmp_path)
    with pytest.raises(FileError, match="cannot be understood"):
        requirements()


def test_a_missing_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed, "resources", lambda: tmp_path)
    with pytest.raises(FileError, match="cannot be read"):
        requirements()
    assert locations.resources() != tmp_path
