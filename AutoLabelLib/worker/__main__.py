"""`python -m AutoLabelLib.worker`: the process that computes. The client starts it; people do not.

The client says in environment variables where to connect and with which key; the command line would show the key to
every user of the machine.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.worker import log_file
from AutoLabelLib.worker.serve import serve
from AutoLabelLib.worker.tasks import RunTask

ADDRESS_VARIABLE = "AUTOLABEL_WORKER_ADDRESS"
KEY_VARIABLE = "AUTOLABEL_WORKER_KEY"


def main(tasks: Mapping[str, RunTask] | None = None, seconds_to_finish: float = 5.0) -> int:
    """Connect to the client that started this process and serve it; return the exit code.

    Args:
        tasks: Tasks by name beside those of worker/tasks.
        seconds_to_finish: How long a job may go on after the client has gone; a tile takes less.
    """
    address, key = os.environ.pop(ADDRESS_VARIABLE, ""), os.environ.pop(KEY_VARIABLE, "")
    if not address or not key:
        print("This process is started by AutoLabel itself; see `autolabel --help`.", file=sys.stderr)
        return 2
    log_file.set_up()
    _choose_threads()
    _volunteer_for_the_oom_killer()
    where = json.loads(address)
    try:
        connection = Client(tuple(where) if isinstance(where, list) else where, authkey=bytes.fromhex(key))
    except (OSError, EOFError, AuthenticationError) as problem:
        print(f"The client cannot be reached: {type(problem).__name__}.", file=sys.stderr)
        return 1
    serve(Channel(connection), tasks, on_close=lambda: _end_in(seconds_to_finish))
    return 0


def _choose_threads() -> None:
    """Let OpenMP use one thread per physical core, and let idle threads sleep; must run before torch is imported.

    Spinning threads beside another busy process made a step of 165 ms take 1021 ms.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("OMP_NUM_THREADS", str(_physical_cores()))


def _physical_cores() -> int:
    try:
        import psutil

        physical = psutil.cpu_count(logical=False)
    except ImportError:
        physical = None
    # A container or a batch system may allow fewer than the machine has.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(physical or allowed or 1, allowed or 1))


def _volunteer_for_the_oom_killer() -> None:
    """Let Linux end this process, and not Slicer, when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    except OSError:  # another system
        return


def _end_in(seconds: float) -> None:
    """End this process after a time, even if its main thread or a thread of a library does not want to."""

    def end() -> None:
        time.sleep(seconds)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)  # processes that a library has started end, too
        os._exit(1)

    threading.Thread(target=end, name="autolabel-end", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
