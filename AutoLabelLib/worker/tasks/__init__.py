"""The tasks of the worker, one file each; a job's `task` is the file's name.

Each has `run(job: Job, context: TaskContext) -> Result`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext

# Listed, not discovered: a name that came over the wire must never choose what is imported.
TASKS = (
    "segmentation",
    "classification",
    "comparison",
    "evaluation",
    "training",
    "explanation",
    "features",
    "measurement",
    "diagnosis",
    "phantom",
)

RunTask = Callable[[Job, TaskContext], Result]


def load_task(name: str) -> RunTask:
    """Return the function that runs a task; heavy packages are imported here, not before.

    Raises:
        InputError: If there is no such task.
    """
    if name not in TASKS:
        raise InputError(f'The worker has no task "{name}".', f"It has: {', '.join(TASKS)}.")
    return cast(RunTask, importlib.import_module(f"AutoLabelLib.worker.tasks.{name}").run)
