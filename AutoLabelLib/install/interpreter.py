"""Another Python for the worker: one that has torch and MONAI already, such as that of a workstation's own tools."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from AutoLabelLib.api.stepwise import Steps
from AutoLabelLib.client import ProcessLauncher, Worker
from AutoLabelLib.core.errors import AutoLabelError, SetupError
from AutoLabelLib.core.job import Job, Progress
from AutoLabelLib.install.child_process import following
from AutoLabelLib.install.packages import needed_packages
from AutoLabelLib.install.requirements import FASTER, OLDEST_PYTHON, requirements

_SECONDS_TO_ANSWER = 120.0  # importing torch for the first time from a slow disk takes a minute
_MARK = "autolabel-probe:"
# Runs in whatever was chosen, so it is written for every Python there ever was.
_PROBE = """
import sys, json
facts = {"version": list(sys.version_info[:3]), "executable": sys.executable, "packages": {}, "broken": {}}
if sys.version_info >= (3, 8):
    from importlib import metadata
    for name in sys.argv[1:]:
        try:
            facts["packages"][name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            facts["packages"][name] = None
    for name in ("torch", "monai"):
        if facts["packages"].get(name):
            try:
                __import__(name)
            except BaseException as problem:
                facts["broken"][name] = "%s: %s" % (type(problem).__name__, problem)
print("MARK" + json.dumps(facts))
""".replace("MARK", _MARK)


def foreign_environment(startup: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a Python that is not Slicer's.

    Args:
        startup: slicer.util.startupEnvironment(): without the library paths that Slicer's launcher adds. What the
            user has set for Slicer's Python alone is still in it, and would lead another Python to Slicer's packages.
    """
    return {
        name: value
        for name, value in startup.items()
        if not name.upper().startswith(("PYTHON", "__PYVENV", "SLICER", "AUTOLABEL_WORKER"))
    }


def checking(path: str, environment: Mapping[str, str]) -> Steps:
    """Find out whether a Python can run the worker; nothing is changed.

    Args:
        path: Its executable.
        environment: What it is run with, see `foreign_environment`.

    Returns:
        executable, version, packages (version per package), and devices as the worker's diagnosis gives them.

    Raises:
        SetupError: If it cannot; the message says why, the hint what to do.
    """
    _check_file(path)
    yield Progress(0.0, "starting it")
    facts = yield from _probe(path, environment)
    _check_facts(path, facts)
    yield Progress(0.5, "starting the worker with it")
    values = yield from _diagnosis(path, environment)
    version = ".".join(map(str, facts["version"]))
    return {"executable": path, "version": version, "packages": facts["packages"], "devices": values["devices"]}


def _check_file(path: str) -> None:
    if not path.strip():
        raise SetupError("No Python was chosen.", "Choose the file python (python.exe on Windows) of an environment.")
    if Path(path).is_dir():
        raise SetupError(f'"{path}" is a folder.', "Choose the file python (python.exe on Windows) in it.")
    if not Path(path).is_file():
        raise SetupError(f'There is no file "{path}".', "Choose the file python (python.exe on Windows).")
    if sys.platform != "win32" and not os.access(path, os.X_OK):
        raise SetupError(f'"{path}" is no program.', "Choose the file python of an environment, in its folder bin.")


def _probe(path: str, environment: Mapping[str, str]) -> Generator[Progress | str | None, None, dict[str, Any]]:
    """Return what the interpreter says about itself."""
    names = [str(one.name) for one in (*requirements(), FASTER)]
    lines = following([path, "-c", _PROBE, *names], environment, _SECONDS_TO_ANSWER)
    answer = ""
    for line in lines:
        if line is not None and line.startswith(_MARK):
            answer = line.removeprefix(_MARK)
        yield None
    try:
        facts = json.loads(answer)
    except ValueError as problem:
        raise SetupError(
            f'"{path}" does not answer as a Python does.', "Choose the file python (python.exe on Windows)."
        ) from problem
    return dict(facts)


def _check_facts(path: str, facts: Mapping[str, Any]) -> None:
    version = ".".join(map(str, facts["version"]))
    if tuple(facts["version"]) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise SetupError(f"This is Python {version}, but the worker needs {oldest} or newer.", "Choose a newer one.")
    needed = [package for package in needed_packages(facts["packages"]) if not package.optional]
    lacking = [package for package in needed if package.state != "ok"]
    if lacking:
        wanted = " ".join(f'"{package.wanted}"' for package in lacking)
        raise SetupError(
            f"This Python lacks {', '.join(package.name for package in lacking)}.",
            f'In a terminal: "{path}" -m pip install {wanted}',
        )
    for name, problem in facts["broken"].items():
        first_line = (str(problem).splitlines() or [""])[0]
        raise SetupError(f"{name} is installed in this Python, but cannot be used: {first_line}", f"Reinstall {name}.")


def _diagnosis(path: str, environment: Mapping[str, str]) -> Generator[Progress | str | None, None, Mapping[str, Any]]:
    """Start a worker of its own with the interpreter and return its diagnosis."""
    worker = Worker(ProcessLauncher(path, environment=environment))
    try:
        handle = worker.submit(Job("diagnosis", options={"self_test": True}))
        while not handle.is_finished:
            worker.poll()
            yield None
        try:
            return handle.wait().values
        except AutoLabelError as error:
            raise SetupError(
                f"AutoLabel's worker does not run with this Python: {_without_path(error.message)}", error.hint
            ) from error
    finally:
        # It waits for the end of the process, which the window must not.
        threading.Thread(target=worker.stop, name="autolabel-stop", daemon=True).start()


def _without_path(text: str) -> str:
    return re.sub(r' with "[^"]*"', "", text)
