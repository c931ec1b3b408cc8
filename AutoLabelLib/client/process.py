"""The worker as a process of its own: start it, let it connect, end it.

The client listens on a Unix socket in a private folder (a named pipe on Windows) and gives the process the address
and a random key in its environment. Once it has connected, nobody else can.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from AutoLabelLib.client.logs import open_log
from AutoLabelLib.client.process_tree import ending, kill_tree
from AutoLabelLib.core.errors import WorkerCrashed, WorkerTimeout
from AutoLabelLib.protocol.channel import Channel

_MODULE = ("-m", "AutoLabelLib.worker")
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
# Where packages are installed, those of this Python would hide those of another interpreter.
_SOURCE_FOLDER = "" if _PACKAGE_PARENT.name in ("site-packages", "dist-packages") else str(_PACKAGE_PARENT)
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def python_interpreter() -> str:
    """Return the Python to run the worker with; inside Slicer that is PythonSlicer, not `sys.executable`."""
    if Path(sys.executable).stem.lower().startswith("python"):
        return sys.executable
    folders = os.pathsep.join([str(Path(sys.executable).parent), *sys.path, os.environ.get("PATH", "")])
    return shutil.which("PythonSlicer", path=folders) or sys.executable


class WorkerProcess:
    """A running worker process, connected.

    Args:
        process: The process, leader of its own session.
        channel: The link to it.
        log_path: File that holds what it printed; "" where none could be made.
    """

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, log_path: str) -> None:
        self._process = process
        self.channel = channel
        self.log_path = log_path

    def is_alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def end(self, timeout_seconds: float) -> str:
        """Wait for the end of the process, then kill it and all that it started; return how it ended."""
        try:
            code = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            kill_tree(self._process)
            return "had to be killed"
        kill_tree(self._process)  # its children may have outlived it
        return ending(code)


class ProcessLauncher:
    """Starts worker processes.

    Args:
        interpreter: Python to run; by default this one, or PythonSlicer inside Slicer.
        arguments: What to run; by default the worker's module.
        environment: The process's environment, such as slicer.util.startupEnvironment(); by default this one's.
    """

    def __init__(
        self,
        interpreter: str | None = None,
        arguments: Sequence[str] = _MODULE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = [interpreter or python_interpreter(), *arguments]
        self._environment = environment

    def __call__(self, timeout_seconds: float) -> WorkerProcess:
        """Start a worker and wait until it has connected.

        Raises:
            WorkerCrashed: If it cannot be started or ends before it has connected.
            WorkerTimeout: If it does not connect in time.
        """
        key = secrets.token_bytes(32)
        with _listen(key) as listener:
            process, log_path = self._start(listener.address, key)
            try:
                connection = _accept(listener, process, timeout_seconds, log_path)
            except BaseException:
                kill_tree(process)
                raise
        return WorkerProcess(process, Channel(connection), log_path)

    def _start(self, address: object, key: bytes) -> tuple[subprocess.Popen[bytes], str]:
        environment = dict(os.environ if self._environment is None else self._environment)
        paths = [_SOURCE_FOLDER, environment.get("PYTHONPATH", "")]
        environment |= {
            "AUTOLABEL_WORKER_ADDRESS": json.dumps(address),
            "AUTOLABEL_WORKER_KEY": key.hex(),
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "PYTHONSAFEPATH": "1",  # the current folder is not ours: a numpy.py, or another AutoLabelLib, may lie in it
            "PYTHONUNBUFFERED": "1",  # so that the last words before a crash reach the log
            "PYTHONIOENCODING": "utf-8:replace",
        }
        log, log_path = open_log()
        try:
            with log:
                process = subprocess.Popen(
                    self._command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that Ctrl+C is not for it, and it can be killed with all its children
                    creationflags=_WINDOWS_FLAGS,
                )
        except OSError as problem:
            raise WorkerCrashed(
                f'The worker cannot be started with "{self._command[0]}": {problem.strerror}.',
                "Give the path of a Python interpreter.",
            ) from problem
        return process, log_path


def _listen(key: bytes) -> Listener:
    try:
        return Listener(authkey=key)
    except OSError:  # the path of the temporary folder is too long for a Unix socket, or the folder cannot be written
        return Listener(("127.0.0.1", 0), authkey=key)


def _accept(listener: Listener, process: subprocess.Popen[bytes], timeout_seconds: float, log_path: str) -> Connection:
    """Return the connection of the process; `Listener.accept` itself knows no time-out."""
    accepted: queue.SimpleQueue[Connection] = queue.SimpleQueue()
    given_up = threading.Event()
    thread = threading.Thread(target=_accept_one, args=(listener, accepted, given_up), daemon=True)
    thread.start()
    deadline = time.monotonic() + timeout_seconds
    try:
        while time.monotonic() < deadline:
            try:
                return accepted.get(timeout=0.05)
            except queue.Empty:
                code = process.poll()
            if code is not None:
                raise WorkerCrashed(f"The worker {ending(code)} before it was ready.", _see(log_path))
        raise WorkerTimeout(f"The worker was not ready within {timeout_seconds:.0f} seconds.", _see(log_path))
    finally:
        given_up.set()
        if thread.is_alive():
            _knock(listener)


def _accept_one(listener: Listener, accepted: queue.SimpleQueue[Connection], given_up: threading.Event) -> None:
    while not given_up.is_set():
        try:
            accepted.put(listener.accept())
            return
        except (AuthenticationError, EOFError, OSError):  # a stranger, or somebody who went away: wait for the next
            continue


def _knock(listener: Listener) -> None:
    """Connect and go away at once, so that a thread that waits in `accept` wakes up."""
    try:
        Client(listener.address).close()
    except (OSError, EOFError):
        return


def _see(log_path: str) -> str:
    return f"Its log may tell more: {log_path}" if log_path else ""
