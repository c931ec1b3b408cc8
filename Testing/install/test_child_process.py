from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from AutoLabelLib.core.errors import SetupError
from AutoLabelLib.install.child_process import Lines, following


def python(code: str, limit_seconds: float | None = None) -> Lines:
    return following([sys.executable, "-u", "-c", code], dict(os.environ), limit_seconds)


def run(lines: Lines) -> tuple[list[str], int]:
    printed = []
    while True:
        try:
            line = next(lines)
        except StopIteration as end:
            return printed, end.value
        if line is None:
            time.sleep(0.01)
        else:
            printed.append(line)


def test_every_line_and_the_exit_code_arrive() -> None:
    code = "import sys; print('one'); print('zwei ü', file=sys.stderr); print('no end', end=''); sys.exit(3)"
    assert run(python(code)) == (["one", "zwei ü", "no end"], 3)


def test_nothing_new_does_not_block() -> None:
    lines = python("import time; time.sleep(30)")
    started = time.monotonic()
    assert [next(lines) for _ in range(5)] == [None] * 5
    assert time.monotonic() - started < 5
    lines.close()


def test_closing_ends_the_process_and_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    lines = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    until = time.monotonic() + 20
    while not (note.exists() and note.read_text()) and time.monotonic() < until:
        next(lines)
        time.sleep(0.02)
    pid = int(note.read_text())
    lines.close()
    until = time.monotonic() + 5
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_time_limit_holds() -> None:
    with pytest.raises(SetupError, match="did not finish within"):
        run(python("import time; time.sleep(60)", 0.3))


def test_what_is_no_program_cannot_be_started(tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("no program")
    with pytest.raises(SetupError, match="cannot be started"):
        run(following([str(file)]))
