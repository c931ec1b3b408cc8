"""`slicer.packaging`, which installs nothing: a test says what is missing and what fails, and reads what was asked."""

from __future__ import annotations

import re
import subprocess
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer


@dataclass
class Packages:
    """What is missing, and what happens when it is installed.

    Attributes:
        missing: Names of packages that are not installed.
        fails: Whether pip fails.
        output: Lines that pip prints.
        installed: What was asked to be installed, in order.
        constraints: The constraints files that were given.
        options: The other options of each installation.
    """

    missing: set[str] = field(default_factory=set)
    fails: bool = False
    output: list[str] = field(default_factory=list)
    installed: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)


packages = Packages()


def reset() -> None:
    """Nothing is missing, nothing fails, nothing was asked."""
    packages.__init__()  # type: ignore[misc]


class Requirement:
    """A requirement by its text."""

    def __init__(self, text: str) -> None:
        if "#" in text:
            raise ValueError(f"Expected end or semicolon (after version specifier)\n    {text}")
        self.text = text.strip()
        self.name = re.split(r"[\[<>=!~; ]", self.text)[0]

    def __str__(self) -> str:
        return self.text


def load_requirements(path: str | Path) -> list[Requirement]:
    """Return the requirements in a file; as Slicer's own, it fails on a comment behind one."""
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def _requirements(given: Any) -> list[Requirement]:
    if isinstance(given, Requirement):
        return [given]
    texts = given.split() if isinstance(given, str) else given
    return [text if isinstance(text, Requirement) else Requirement(text) for text in texts]


def pip_check(requirements: Any) -> bool:
    """Return whether all of these are installed."""
    return not any(known.name.lower() in packages.missing for known in _requirements(requirements))


def pip_install(
    requirements: Any,
    constraints: Any = None,
    no_deps_requirements: Any = None,
    skip_packages: Any = None,
    blocking: bool = True,
    show_progress: bool = True,
    requester: str | None = None,
    logCallback: Any = None,
    completedCallback: Any = None,
) -> None:
    """Do as if packages were installed."""
    import qt

    texts = [str(known) for known in _requirements(requirements)] + [
        str(k) for k in _requirements(no_deps_requirements or [])
    ]
    packages.installed += texts
    if constraints is not None:
        packages.constraints.append(str(constraints))
    packages.options.append({"blocking": blocking, "requester": requester, "skip_packages": skip_packages})

    def done() -> None:
        for line in packages.output if logCallback else []:
            logCallback(line)
        if not packages.fails:
            packages.missing -= {known.name.lower() for known in _requirements(texts)}
        if completedCallback:
            completedCallback(int(packages.fails))

    if not blocking:
        qt.QTimer.singleShot(0, done)
        return
    done()
    if packages.fails:
        raise subprocess.CalledProcessError(1, ["python", "-m", "pip", "install", *texts])


def pip_ensure(
    requirements: Any,
    constraints: Any = None,
    skip_packages: Any = None,
    prompt_install: bool = True,
    prompt_restart: bool = True,
    requester: str | None = None,
    skip_in_testing: bool = True,
    show_progress: bool = True,
) -> None:
    """Install what is missing of these, after the user agreed.

    Raises:
        RuntimeError: If the user did not.
    """
    missing = [known for known in _requirements(requirements) if not pip_check(known)]
    if not missing or (skip_in_testing and slicer.app.testingEnabled()):
        return
    if prompt_install and not slicer.util.confirmOkCancelDisplay(
        f"{len(missing)} Python packages need to be installed.", f"{requester} - Install Python Packages"
    ):
        raise RuntimeError("User declined package installation")
    pip_install(
        missing, constraints=constraints, skip_packages=skip_packages, show_progress=show_progress, requester=requester
    )


def make_module() -> types.ModuleType:
    """Return a new `slicer.packaging` module."""
    module: Any = types.ModuleType("slicer.packaging", __doc__)
    for member in (Requirement, load_requirements, pip_check, pip_ensure, pip_install):
        setattr(module, member.__name__, member)
    module.isPipInstallInProgress = lambda: False
    return module
