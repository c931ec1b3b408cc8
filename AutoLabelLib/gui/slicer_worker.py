"""The worker as Slicer runs it: on Slicer's own Python, or on one that the user chose."""

from __future__ import annotations

import threading

import slicer

from AutoLabelLib.client import ProcessLauncher, Worker, default_worker, has_chosen_worker, set_default_worker
from AutoLabelLib.gui.settings import Settings
from AutoLabelLib.install.interpreter import foreign_environment

_in_use: dict[str, Worker] = {}  # at most one: by the interpreter that it runs on, "" for Slicer's own


def use_slicer_worker(settings: Settings, *, replace: bool = False) -> None:
    """Let every job from now on run where the user's settings say.

    The process starts with its first job. It gets the environment that Slicer itself was started with: the
    library paths that Slicer's launcher adds are for Slicer, and PythonSlicer adds them again for itself.

    Args:
        settings: The user's own choices.
        replace: Whether to end a worker that somebody else has set, such as a script; else that one stays.
    """
    interpreter = settings.worker_interpreter
    if has_chosen_worker():
        is_ours = default_worker() in _in_use.values()
        if (is_ours and interpreter in _in_use) or not (is_ours or replace):
            return
    startup = slicer.util.startupEnvironment()
    environment = foreign_environment(startup) if interpreter else startup
    end_worker()
    worker = Worker(ProcessLauncher(interpreter or None, environment=environment))
    set_default_worker(worker)
    _in_use.clear()
    _in_use[interpreter] = worker


def end_worker() -> None:
    """End the worker in the background; the next job starts it anew, with what is installed by then."""
    # Not here and now: it waits for the end of the process, which the window must not.
    threading.Thread(target=default_worker().stop, name="autolabel-stop", daemon=True).start()
