"""What is installed is what is there: nothing in a list that is missing, nothing in the tree that no list names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "AutoLabelLib"


def test_slicer_installs_every_file_of_the_package() -> None:
    cmake = (PACKAGE / "CMakeLists.txt").read_text(encoding="utf-8")
    scripts = re.search(r"SCRIPTS\n(.*?)\n  RESOURCES", cmake, re.DOTALL)
    assert scripts is not None
    listed = scripts.group(1).split()
    assert listed == sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_pip_installs_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(project["tool"]["setuptools"]["packages"]) == there | {"AutoLabelLib.resources"}


def test_pip_installs_every_resource_that_slicer_gets() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["AutoLabelLib.resources"]
    packed = {path for pattern in patterns for path in (ROOT / "Resources").glob(pattern)}
    folders = re.search(r"set\(folders (.+)\)", (ROOT / "Resources" / "CMakeLists.txt").read_text(encoding="utf-8"))
    assert folders is not None
    for folder in folders.group(1).split():
        assert {path for path in (ROOT / "Resources" / folder).rglob("*") if path.is_file()} <= packed


def test_every_constraint_is_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in wanted}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in pins if "==" in line}
    assert pinned - {"vtk", "shiboken6"} <= names  # they come with slicer-core and PySide6
    assert names - {"autolabel"} <= pinned
