"""A process that is followed without blocking, and can be stopped with everything that it started."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path

from AutoLabelLib.client.process_tree import kill_tree
from AutoLabelLib.core.errors import SetupError

_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)

Lines = Generator[str | None, None, int]
"""Yields each line that a process prints, and None when there is nothing new; returns its exit code."""


def following(
    command: Sequence[str], environment: Mapping[str, str] | None = None, limit_seconds: float | None = None
) -> Lines:
    """Run a command and yield what it prints; closing the generator ends it.

    The output goes through a file: a pipe would need a thread to read it, and threads of Python get
    hardly any time while Slicer's window waits for the user.

    Args:
        command: The program and its arguments.
        environment: Its environment; None for this process's own.
        limit_seconds: How long it may take; None for ever.

    Raises:
        SetupError: If it cannot be started, or takes too long.
    """
    folder = Path(tempfile.mkdtemp(prefix="autolabel-"))
    try:
        with (folder / "output").open("wb") as sink, (folder / "output").open("rb") as output:
            process = _start(command, environment, sink)
            try:
                return (yield from _read(process, output, limit_seconds, command[0]))
            finally:
                kill_tree(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(command: Sequence[str], environment: Mapping[str, str] | None, sink: object) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=sink,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that it can be ended with all its children
            creationflags=_WINDOWS_FLAGS,
        )
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise SetupError(f'"{command[0]}" cannot be started: {why}.') from problem


def _read(process: subprocess.Popen[bytes], output: BufferedReader, limit_seconds: float | None, name: str) -> Lines:
    deadline = None if limit_seconds is None else time.monotonic() + limit_seconds
    rest = b""
    while True:
        code = process.poll()  # before reading: what is read after its end is all there is
        rest += output.read()
        *whole, rest = rest.replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield line.decode("utf-8", errors="replace")
        if code is not None:
            if rest:
                yield rest.decode("utf-8", errors="replace")
            return code
        if deadline is not None and time.monotonic() > deadline:
            raise SetupError(f'"{name}" did not finish within {limit_seconds:.0f} seconds and was stopped.')
        yield None
