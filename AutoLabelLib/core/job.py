"""What is asked of the worker, and what comes back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Prompts


def new_job_id() -> str:
    """Return an identifier that no other job has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, eq=False)
class Job:
    """One request to the worker.

    Attributes:
        task: Name of the task, which is the name of its file in worker/tasks ("segmentation", "evaluation", …).
        model_folder: Path of the model's bundle; "" for a task without a model.
        images: Inputs; an image that the worker still holds is not sent again.
        labelmaps: Masks that a task starts from or compares.
        prompts: What the user pointed at, in RAS mm.
        options: Further choices, as JSON values; each task documents and checks its own.
        id: Identifier, made anew for each job.
    """

    task: str
    model_folder: str = ""
    images: tuple[Image, ...] = ()
    labelmaps: tuple[Labelmap, ...] = ()
    prompts: Prompts = field(default_factory=Prompts)
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_job_id)


@dataclass(frozen=True, eq=False)
class Result:
    """What a job produced, and how.

    Attributes:
        job_id: Identifier of the job.
        labelmaps: Segmentations, each on the grid of its input.
        images: Volumes, such as heatmaps.
        values: Whatever else there is, as JSON values (figures, tables, paths).
        warnings: What the user should know, one sentence each.
        phase_seconds: Duration per phase, such as {"load": 0.8, "network": 2.1}.
        provenance: Model and its hash, versions, device, engine, options, prompts: enough to do it again.
    """

    job_id: str
    labelmaps: tuple[Labelmap, ...] = ()
    images: tuple[Image, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    phase_seconds: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        fraction: From 0 to 1.
        message: What is being done, in plain words.
        eta_seconds: Estimated time to the end; None while nobody knows.
    """

    fraction: float
    message: str = ""
    eta_seconds: float | None = None
