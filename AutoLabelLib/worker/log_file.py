"""The worker's log: whatever it prints, and Python's logging, in a file of limited size.

The client opens the file and gives it to the process as its standard output and error, so that even a crash of the
interpreter leaves its words there, and nothing that prints can reach the channel.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import stat
import sys
import threading
import time

LIMIT_BYTES = 20 * 2**20
_LOOK_EVERY_SECONDS = 5.0


def set_up() -> None:
    """Let logging, warnings and crashes write to standard error, and keep the file behind it small."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(True)
    faulthandler.enable()
    if stat.S_ISREG(os.fstat(1).st_mode):
        threading.Thread(target=_keep_small, name="autolabel-log", daemon=True).start()


def _keep_small() -> None:
    while True:
        cut(1, LIMIT_BYTES)
        time.sleep(_LOOK_EVERY_SECONDS)


def cut(descriptor: int, limit_bytes: int) -> bool:
    """Empty a file that has grown beyond a limit; return whether it had. The file must be open for appending."""
    if os.fstat(descriptor).st_size <= limit_bytes:
        return False
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"... the log had reached its limit; what came before was dropped ...\n")
    return True
