"""One run of pip, followed without blocking the window.

Slicer's own functions differ in what they do to the window while pip works:

- slicer.util.pip_install (5.10) and PyTorchUtils' installTorch wait for each line that pip prints. While pip
  downloads a file of a gigabyte it prints none: the window freezes for minutes, and nothing can stop it. They also
  keep what pip printed to themselves, so that nobody can say why it failed.
- slicer.packaging.pip_ensure (5.11 and newer) opens a modal dialog that cannot be cancelled.
- slicer.packaging.pip_install with blocking=False (5.11 and newer) leaves the window free and passes each line on.

So the last one is used where it is. For the rest the same command is run here, in the same Python and
environment, as a child process that is polled and can be stopped. PyTorch comes as its extension installs it: by
light-the-torch, which chooses the build for the graphics card, with the arguments that the extension makes.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from AutoLabelLib.client.process import python_interpreter
from AutoLabelLib.core.errors import SetupError
from AutoLabelLib.install.child_process import following
from AutoLabelLib.install.packages import installed_versions
from AutoLabelLib.install.requirements import Requirement

Lines = Generator[str | None, None, tuple[int, list[str]]]
"""Yields each line that pip prints, and None when there is nothing new; returns its exit code and all lines."""

_LIGHT_THE_TORCH = "light-the-torch>=0.5"
_RAW_PROGRESS = Requirement("pip", "24.1")  # an older one does not know the word, and gives up


def child_pip(arguments: Sequence[str], constraints: Path, module: str = "pip") -> Lines:
    """Run pip, or a module that works like it, as a child process.

    Args:
        arguments: Such as ["install", "monai>=1.5"].
        constraints: File of the versions that must stay; also holds for light-the-torch, which is a pip inside.
        module: What to run.
    """
    environment = dict(os.environ) | {
        "PIP_CONSTRAINT": str(constraints),
        "PIP_NO_INPUT": "1",
        "PIP_NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8:replace",
    }
    if _RAW_PROGRESS.is_met_by(_installed("pip") or "0"):
        environment["PIP_PROGRESS_BAR"] = "raw"  # "Progress 1024 of 4096", also where there is no terminal
    printed: list[str] = []
    steps = following([python_interpreter(), "-m", module, *arguments], environment)
    try:
        while True:
            line = next(steps)
            if line is not None:
                printed.append(line)
            yield line
    except StopIteration as end:
        return end.value, printed
    finally:
        steps.close()


def slicer_pip(requirements: Sequence[str], constraints: Path) -> Lines:
    """Let slicer.packaging install packages. Stopping to listen does not stop it: Slicer gives no means to.

    Raises:
        SetupError: If another installation is under way.
    """
    import slicer.packaging

    printed: list[str] = []
    codes: list[int] = []
    try:
        slicer.packaging.pip_install(
            list(requirements),
            constraints=str(constraints),
            blocking=False,
            show_progress=False,
            requester="AutoLabel",
            logCallback=printed.append,
            completedCallback=codes.append,
        )
    except RuntimeError as problem:  # what it raises if one runs already, or if there is no PythonSlicer
        raise SetupError(
            f"Slicer cannot install packages now: {str(problem).rstrip('.')}.", "Try again later."
        ) from problem
    told = 0
    while not codes or told < len(printed):
        if told == len(printed):
            yield None
        else:
            told += 1
            yield printed[told - 1]
    return codes[0], printed


def torch_pip(oldest: str, constraints: Path) -> Lines:
    """Install PyTorch as the extension PyTorch does.

    Args:
        oldest: Oldest version that will do.
        constraints: File of the versions that must stay.
    """
    from PyTorchUtils import PyTorchUtilsLogic

    make_arguments = getattr(PyTorchUtilsLogic, "_getPipInstallArguments", None)
    if make_arguments is None:  # a version of the extension that we do not know
        return (yield from _torch_by_extension(PyTorchUtilsLogic, oldest, constraints))
    printed: list[str] = []
    if _installed("light-the-torch") is None:
        code, printed = yield from child_pip(["install", _LIGHT_THE_TORCH], constraints)
        if code != 0:
            return code, printed
    arguments = make_arguments(torchVersionRequirement=f">={oldest}")
    code, more = yield from child_pip(arguments, constraints, "light_the_torch")
    return code, [*printed, *more]


def _torch_by_extension(logic_class: Any, oldest: str, constraints: Path) -> Lines:
    """Call the extension's public function; the window does not answer until it returns."""
    yield "The extension PyTorch installs it now; until it is done, the window does not answer."
    yield None  # so that the line can be seen before
    before = os.environ.get("PIP_CONSTRAINT")
    os.environ["PIP_CONSTRAINT"] = str(constraints)
    try:
        torch = logic_class().installTorch(askConfirmation=False, torchVersionRequirement=f">={oldest}")
    except Exception as problem:  # whatever it raises: another extension's
        return 1, [f"ERROR: {problem}"]
    finally:
        if before is None:
            del os.environ["PIP_CONSTRAINT"]
        else:
            os.environ["PIP_CONSTRAINT"] = before
    return (0, []) if torch is not None else (1, ["ERROR: the extension PyTorch did not install it"])


def _installed(name: str) -> str | None:
    return installed_versions([name])[name]
