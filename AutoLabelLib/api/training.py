"""The verb `train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.job import Job, Progress


def train(
    recipe: str | Path,
    cases: str | Path,
    output: str | Path,
    *,
    resume: bool = False,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Any:
    """Train a model and return the folder of its bundle and its figures, as a mapping.

    Args:
        recipe: Name of a recipe in Resources/Recipes, or path of a recipe file (JSON).
        cases: Case list (CSV or JSON): image, label, and optionally group (patient) and split.
        output: Folder for checkpoints, curves and the bundle; made if it is not there.
        resume: Continue from the newest checkpoint in the output folder.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        **options: Of the worker's training task, such as epochs or device.

    Raises:
        InputError: If the case list or recipe cannot be used.
        JobCancelled: If it was stopped; the checkpoint stays and `resume` goes on from it.
    """
    paths = {"recipe": str(recipe), "cases": str(Path(cases).resolve()), "output": str(Path(output).resolve())}
    job = Job("training", options={**paths, "resume": resume, **options})
    pending: Pending[Any] = Pending(default_worker().submit(job), lambda result: dict(result.values))
    return pending.handed_over(wait, on_progress)
