from __future__ import annotations

import io

from AutoLabelLib.cli.progress import progress_bar
from AutoLabelLib.core.job import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar() -> None:
    terminal = Terminal()
    with progress_bar("starting", terminal) as show:
        show(Progress(0.25, "window 1 of 4", 65.0))
        show(Progress(1.0, "done", 0.0))
    text = terminal.getvalue()
    assert "starting:   0%" in text
    assert "done: 100%" in text


def test_the_bar_never_runs_backwards() -> None:
    with progress_bar("starting", Terminal()) as show:
        show(Progress(0.5))
        show(Progress(0.25))


def test_a_file_gets_nothing() -> None:
    log = io.StringIO()
    with progress_bar("starting", log) as show:
        show(Progress(0.5, "half", 1.0))
    assert log.getvalue() == ""
