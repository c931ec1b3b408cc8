"""An installed extension has every file, and works from where it lies."""

from __future__ import annotations

import json
import re
import sys
import tarfile
from pathlib import Path

import pytest

from Testing.packaging.conftest import ROOT, Extension, Tools, modules_folder, run

NOT_FOR_SLICER = {"CMakeLists.txt", "ExtensionsIndex", "Screenshots"}
"""What of Resources/ is for the build and for the web."""

_LOOK_AROUND = """
import json, sys
import AutoLabelLib
from AutoLabelLib.core.locations import resources
print(json.dumps({
    "package": AutoLabelLib.__file__,
    "models": [spec.name for spec in AutoLabelLib.models()],
    "resources": str(resources()),
    "heavy": sorted({"torch", "monai", "scipy", "SimpleITK", "pydicom"} & set(sys.modules)),
}))
"""


def tracked(folder: str) -> list[str]:
    """Return the files of a folder that are in the repository, from its top; skips outside of a git checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, to tell our files from others")
    return [name for name in run("git", "-C", ROOT, "ls-files", folder).splitlines() if (ROOT / name).exists()]


def wanted() -> list[str]:
    """Return what must lie in the folder of the scripted modules."""
    modules = [Path(name).name for name in tracked("AutoLabel") if name.endswith(".py")]
    library = [name for name in tracked("AutoLabelLib") if name.endswith(".py")]
    resources = [name for name in tracked("Resources") if Path(name).parts[1] not in NOT_FOR_SLICER]
    return [*modules, *library, *resources]


@pytest.mark.parametrize("tree", [0, 1], ids=["build tree", "installed"])
def test_every_file_is_there(extension: Extension, tree: int) -> None:
    missing = [name for name in wanted() if not (extension.trees[tree] / name).is_file()]
    assert not missing


def test_nothing_else_is_there(extension: Extension) -> None:
    installed = modules_folder(extension.installed)
    there = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    compiled = {f"{name}c" for name in wanted() if name.endswith(".py")}
    not_committed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "Resources").rglob("*")}
    assert not there - set(wanted()) - compiled - not_committed


@pytest.mark.parametrize("tree", [0, 1], ids=["build tree", "installed"])
def test_python_finds_package_models_and_resources(extension: Extension, tree: int, tmp_path: Path) -> None:
    folder = extension.trees[tree]
    said = run(sys.executable, "-P", "-c", _LOOK_AROUND, PYTHONPATH=str(folder), AUTOLABEL_HOME=str(tmp_path))
    found = json.loads(said)
    assert Path(found["package"]).parent == folder / "AutoLabelLib"
    assert Path(found["resources"]) == folder / "Resources"
    assert {Path(name).parts[2] for name in wanted() if name.startswith("Resources/Models/")} == set(found["models"])
    assert not found["heavy"]


def test_the_extensions_manager_gets_a_description(extension: Extension) -> None:
    text = next(extension.installed.rglob("AutoLabel.s4ext")).read_text(encoding="utf-8")
    said = dict(line.split(" ", 1) for line in text.splitlines())
    assert said["category"] == "Segmentation"
    assert said["depends"] == "PyTorch"
    assert len(said["description"].split()) > 8
    for field in ("iconurl", "screenshoturls"):
        for url in said[field].split():
            name = re.fullmatch(r"https://raw\.githubusercontent\.com/[\w-]+/Slicer\w+/main/(.+\.png)", url)
            assert name is not None and (ROOT / name.group(1)).is_file(), url


def test_ctest_knows_the_tests(extension: Extension, tools: Tools) -> None:
    ctest = Path(tools.cmake).with_name("ctest")
    listed = re.findall(r"Test +#\d+: (\S+)", run(ctest, "--test-dir", extension.build, "-N"))
    assert {"py_AutoLabel", "py_AutoLabelInSlicerTest", "py_nomainwindow_qSlicerAutoLabelModuleGenericTest"} <= set(
        listed
    )


def test_the_tests_pass_in_the_build_tree(extension: Extension, tools: Tools) -> None:
    """Slicer runs them in the application; here they run in its stand-in, on the build tree's modules."""
    for package in ("slicer", "PySide6"):
        pytest.importorskip(package, reason="needs the test host: pip install 'autolabel[test]'")
    ctest = Path(tools.cmake).with_name("ctest")
    run(ctest, "--test-dir", extension.build, "--output-on-failure", OMP_NUM_THREADS="1")


def test_a_package_holds_what_was_installed(extension: Extension, tools: Tools, tmp_path: Path) -> None:
    cpack = Path(tools.cmake).with_name("cpack")
    run(cpack, "--config", extension.build / "CPackConfig.cmake", "-B", tmp_path)
    with tarfile.open(next(tmp_path.glob("*-AutoLabel.tar.gz"))) as package:
        packed = {Path(*Path(member.name).parts[1:]).as_posix() for member in package.getmembers() if member.isfile()}
    everything = extension.installed.rglob("*")
    assert packed == {path.relative_to(extension.installed).as_posix() for path in everything if path.is_file()}
