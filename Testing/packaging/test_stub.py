"""The stand-in for Slicer's CMake package has the traps of the real one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from Testing.packaging.conftest import SCRIPTED, Tools, modules_folder

_TOP = """cmake_minimum_required(VERSION 3.16.3...3.28)
project(Small)
set(EXTENSION_README_FILE ${CMAKE_CURRENT_LIST_FILE})
set(EXTENSION_LICENSE_FILE ${CMAKE_CURRENT_LIST_FILE})
find_package(Slicer REQUIRED)
include(${Slicer_USE_FILE})
add_subdirectory(Small)
add_subdirectory(SmallLib)
include(${Slicer_EXTENSION_GENERATE_CONFIG})
include(${Slicer_EXTENSION_CPACK})
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    files = {
        "CMakeLists.txt": _TOP,
        "Small/CMakeLists.txt": "slicerMacroBuildScriptedModule(NAME Small SCRIPTS Small ../Beside/beside.py)",
        "Small/Small.py": "",
        "SmallLib/CMakeLists.txt": "slicerMacroBuildScriptedModule(NAME SmallLib SCRIPTS __init__.py WITH_SUBDIR)",
        "SmallLib/__init__.py": "",
        "SmallLib/not_listed.py": "",
        "Beside/beside.py": "",
    }
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    return source


def test_what_lies_beside_the_module_is_built_but_not_installed(tools: Tools, small: Path, tmp_path: Path) -> None:
    tools.configure(small, tmp_path / "build")
    tools.build(tmp_path / "build")
    tools.install(tmp_path / "build", tmp_path / "installed")
    built, installed = tmp_path / "build" / SCRIPTED, modules_folder(tmp_path / "installed")
    assert (built.parent / "Beside" / "beside.py").exists()
    assert not list((tmp_path / "installed").rglob("beside.py"))
    names = sorted(path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file())
    assert names == ["Small.py", "Small.pyc", "SmallLib/__init__.py", "SmallLib/__init__.pyc"]


def test_a_file_that_is_not_there_ends_the_configuration(tools: Tools, small: Path, tmp_path: Path) -> None:
    (small / "Small" / "Small.py").unlink()
    command = [tools.cmake, "-S", small, "-B", tmp_path / "build", f"-DSlicer_DIR={tools.slicer}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "not there: Small.py" in done.stderr
