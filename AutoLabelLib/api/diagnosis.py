"""The verb `doctor`: what the worker finds on this machine."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.client import default_worker
from AutoLabelLib.core.job import Job


def doctor(**options: Any) -> dict[str, Any]:
    """Return versions, devices and a self-test as the worker sees them.

    Args:
        **options: Of the worker's diagnosis task.

    Raises:
        WorkerError: If the worker cannot be started or does not answer.
    """
    return dict(default_worker().submit(Job("diagnosis", options=options)).wait().values)
