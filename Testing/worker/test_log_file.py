"""The worker's log does not grow without end."""

from __future__ import annotations

import os
from pathlib import Path

from AutoLabelLib.worker import log_file


def test_a_log_beyond_its_limit_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "worker.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(descriptor, b"old\n" * 100)
        assert not log_file.cut(descriptor, 400)
        assert log_file.cut(descriptor, 399)
        os.write(descriptor, b"new\n")
    finally:
        os.close(descriptor)
    text = path.read_text()
    assert "old" not in text
    assert text.startswith("... the log had reached its limit")
    assert text.endswith("new\n")
