from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.core.errors import JobCancelled, SetupError
from AutoLabelLib.install import interpreter
from AutoLabelLib.install.interpreter import checking, foreign_environment
from AutoLabelLib.install.requirements import requirements

FINE: dict[str, str | None] = {one.name: "9999" for one in requirements()}


def check(path: Path | str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    return stepwise("check", checking(str(path), environment or dict(os.environ))).wait(120)


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Makes a program that prints something, and hangs if it is told to."""
    if sys.platform == "win32":
        pytest.skip("the stand-in is a script with a first line that Windows does not read")

    def make(text: str = "", seconds: float = 0.0) -> Path:
        path = tmp_path / "python"
        path.write_text(f"#!{sys.executable}\nimport time\nprint({text!r}, flush=True)\ntime.sleep({seconds})\n")
        path.chmod(0o755)
        return path

    return make


def answer(version: tuple[int, int, int] = (3, 12, 1), **facts: Any) -> str:
    given = {"version": version, "executable": "python", "packages": FINE, "broken": {}} | facts
    return f"a banner\n{interpreter._MARK}{json.dumps(given)}"


def test_this_python_is_good_enough() -> None:
    found = check(sys.executable)
    assert found["version"].startswith("3.")
    assert found["packages"]["torch"]
    assert found["devices"][0]["name"] == "cpu"
    assert found["executable"] == sys.executable


def test_a_file_that_is_missing_or_no_program_is_named(tmp_path: Path) -> None:
    for path, told in (("", "No Python was chosen"), (tmp_path, "is a folder"), (tmp_path / "x", "There is no file")):
        with pytest.raises(SetupError, match=told):
            check(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permission")
def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("text")
    with pytest.raises(SetupError, match="is no program"):
        check(path)
    path.chmod(0o755)
    with pytest.raises(SetupError, match=r"cannot be started|does not answer"):
        check(path)


def test_another_program_is_no_python(program: Any) -> None:
    with pytest.raises(SetupError, match="does not answer as a Python does"):
        check(program("hello"))


def test_an_old_python_is_refused(program: Any) -> None:
    with pytest.raises(SetupError, match=r"Python 3\.8\.1, but the worker needs 3\.11"):
        check(program(answer((3, 8, 1))))


def test_what_it_lacks_is_named_with_the_command_that_gets_it(program: Any) -> None:
    path = program(answer(packages=FINE | {"torch": None, "monai": "1.0"}))
    with pytest.raises(SetupError, match=r"lacks torch, monai.*-m pip install \"torch>=2\.6\" \"monai>=1\.5\""):
        check(path)


def test_what_cannot_be_imported_is_said(program: Any) -> None:
    path = program(answer(broken={"torch": "OSError: libcudart.so.12: cannot open\nmore"}))
    with pytest.raises(SetupError, match=r"torch is installed .* libcudart\.so\.12: cannot open Reinstall torch"):
        check(path)


def test_a_python_whose_worker_does_not_start(program: Any) -> None:
    with pytest.raises(SetupError, match="worker does not run with this Python"):
        check(program(answer()))


def test_a_program_that_hangs_is_stopped(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_SECONDS_TO_ANSWER", 0.5)
    with pytest.raises(SetupError, match="did not finish within"):
        check(program("hello", 60))


def test_it_can_be_cancelled(program: Any) -> None:
    pending = stepwise("check", checking(str(program("hello", 60)), dict(os.environ)))
    pending.handle.poll()
    pending.cancel()
    with pytest.raises(JobCancelled):
        pending.wait(5)


def test_slicers_python_variables_do_not_leak() -> None:
    startup = {"PYTHONHOME": "/slicer", "PYTHONPATH": "/slicer/lib", "PYTHONNOUSERSITE": "1", "PATH": "/usr/bin"}
    assert foreign_environment(startup | {"HOME": "/h", "__PYVENV_LAUNCHER__": "x"}) == {
        "PATH": "/usr/bin",
        "HOME": "/h",
    }
