"""The files that workers print into, in the user's own folder; only the latest are kept."""

from __future__ import annotations

import os
import time
from io import BufferedWriter
from pathlib import Path

from AutoLabelLib.core.locations import user_data

_KEPT = 10
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


def log_folder() -> Path:
    """Return the folder of the logs."""
    return user_data() / "logs"


def open_log() -> tuple[BufferedWriter, str]:
    """Return a new log file, open, readable by its owner alone, and its path; where none can be made, a sink and ""."""
    folder = log_folder()
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}"
    path = folder / f"worker-{stamp}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = os.fdopen(os.open(path, _FLAGS, 0o600), "ab")
    except OSError:
        return Path(os.devnull).open("ab"), ""
    _forget_old(folder)
    return log, str(path)


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.glob("worker-*.log"))[:-_KEPT]:  # their names sort by time
        try:
            old.unlink()
        except OSError:  # another program reads it (Windows): next time
            continue
