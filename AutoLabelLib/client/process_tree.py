"""Ending a process with everything that it started, and saying in plain words how a process ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

_ILLEGAL_ACCESS_WINDOWS = 0xC0000005


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own session, and all its descendants; no harm if they are gone already.

    Killing the process alone is not enough: PythonSlicer is a launcher, and libraries start processes of their own.
    """
    descendants = _descendants(process.pid)
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for descendant in descendants:  # those that left the session
        with contextlib.suppress(OSError):
            os.kill(descendant, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    process.kill()
    process.wait()


def _descendants(pid: int) -> list[int]:
    try:
        import psutil
    except ImportError:
        return []
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def ending(code: int) -> str:
    """Return how a process ended, to be read after "the worker".

    Args:
        code: Exit code as `subprocess` gives it: negative for a signal.
    """
    # A launcher such as PythonSlicer reports the signal of the process below it as 128 + signal.
    number = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    if number == getattr(signal, "SIGKILL", 9):
        return "was killed (signal SIGKILL), which happens when the computer runs out of memory"
    if number:
        with contextlib.suppress(ValueError):
            return f"crashed (signal {signal.Signals(number).name})"
    if code & 0xFFFFFFFF == _ILLEGAL_ACCESS_WINDOWS:
        return "crashed (access violation)"
    return f"ended with exit code {code}" if code else "ended by itself"
