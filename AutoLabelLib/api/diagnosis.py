"""The verb `doctor`: what the worker finds on this machine."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.job import Job


def doctor(*, wait: bool = True, **options: Any) -> Any:
    """Return versions, devices and a self-test as the worker sees them.

    Args:
        wait: If False, return a `Pending` at once.
        **options: Of the worker's diagnosis task.

    Raises:
        WorkerError: If the worker cannot be started or does not answer.
    """
    handle = default_worker().submit(Job("diagnosis", options=options))
    pending: Pending[dict[str, Any]] = Pending(handle, lambda result: dict(result.values))
    return pending.handed_over(wait)
