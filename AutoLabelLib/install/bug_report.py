"""What helps with a bug, as one text without the names of people: not of patients, not of the user."""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from AutoLabelLib import __version__
from AutoLabelLib.client.logs import log_folder
from AutoLabelLib.install.checks import Check
from AutoLabelLib.install.packages import Package

_LOG_LINES = 60
_LOG_BYTES = 64 * 1024
# From here on a path says which code ran; before it, and in any other path, it may name people.
_CODE = re.compile(r".*?[\\/]((?:site-packages|dist-packages|AutoLabelLib|python3\.\d+|qt-scripted-modules)[\\/].*)")
_PATH = re.compile(r"""(?<![\w:/\\.…-])(?:[A-Za-z]:[\\/]|\\\\|/)[^\s"'<>|:*?]*[^\s"'<>|:*?.,;)\]]""")
_QUOTED_PATH = re.compile(r"""(["'])((?:[A-Za-z]:[\\/]|\\\\|/)[^"']*)\1""")


def bug_report(
    slicer: Mapping[str, str],
    packages: Iterable[Package],
    checks: Iterable[Check],
    log: Sequence[str] = (),
) -> str:
    """Return the report, ready to be pasted into an issue.

    Args:
        slicer: Facts about Slicer and the graphics card, by their names.
        packages: What is installed.
        checks: What was tried so far.
        log: Lines of the last installation.
    """
    parts = [
        f"AutoLabel {__version__}",
        f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}",
        *(f"{name}: {value}" for name, value in slicer.items() if value),
        "",
        "Packages",
        *(f"  {package.name} {package.version or '-'} ({package.state})" for package in packages),
    ]
    tried = [f"  {check.name}: {check.state}, {check.detail} {check.hint}".rstrip() for check in checks]
    parts += ["", "Checks", *(tried or ["  none was run"])]
    for title, lines in (("Last installation", log), ("End of the worker's log", worker_log_end())):
        if lines:
            parts += ["", title, *(f"  {line}" for line in lines[-_LOG_LINES:])]
    return without_names("\n".join(parts)) + "\n"


def worker_log_end() -> list[str]:
    """Return the last lines that the latest worker printed; none if there was no worker."""
    logs = sorted(log_folder().glob("worker-*.log"))
    if not logs:
        return []
    try:
        with logs[-1].open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LOG_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-_LOG_LINES:]


def without_names(text: str) -> str:
    """Return a text in which paths are shortened to what says which code ran, and the user's name is gone.

    The name of a folder or of a file of images can be the name of a patient.
    """
    text = text.replace(str(Path.home()), "/home")  # which may hold a space, where a path would seem to end
    text = _QUOTED_PATH.sub(lambda match: f"{match[1]}{_shortened(match[2])}{match[1]}", text)
    text = _PATH.sub(lambda match: _shortened(match[0]), text)
    for name in _names():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "<user>", text, flags=re.IGNORECASE)
    return text


def _shortened(path: str) -> str:
    code = _CODE.fullmatch(path)
    if code:
        return f"…/{code[1]}"
    return f"<path>{''.join(Path(path.replace(chr(92), '/')).suffixes[-2:])}" if re.search(r"[\\/].*\w", path) else path


def _names() -> list[str]:
    names = {Path.home().name}
    with suppress(OSError, KeyError, ImportError):  # nobody knows who runs this, as in some containers
        names.add(getpass.getuser())
    names.add(platform.node())
    # A short or everyday name would take words of the report with it, and says nothing about anybody.
    return sorted((name for name in names if len(name) > 2 and name not in {"root", "user", "home"}), key=len)
