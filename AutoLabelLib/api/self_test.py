"""The verb `self_test`: whether a nodule of a phantom is found where it is."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.prompt import Point, Prompts

MODEL = "lung_nodule_ct"
_LEAST_DICE = 0.7  # the model reaches 0.95 and more here; far less means that something is broken


def self_test(*, wait: bool = True, **options: Any) -> Any:
    """Segment a nodule of known shape through the worker, and compare.

    Args:
        wait: If False, return a `Pending` at once.
        **options: Of the worker's segmentation task, such as device.

    Returns:
        A mapping: passed, dice (1 for perfect agreement), device, and phase_seconds (seconds per phase).

    Raises:
        ModelError: If the model that came with AutoLabel is missing or altered.
        WorkerError: If the computation failed.
    """
    from AutoLabelLib.phantom.single import single_nodule

    phantom = single_nodule()
    spec = catalogue.find(MODEL)
    prompts = Prompts(points=(Point(phantom.center_ras_mm),))

    def judge(result: Result) -> dict[str, Any]:
        found, true = result.labelmaps[0].array[0] > 0, phantom.truth.array[0] > 0
        dice = 2.0 * int((found & true).sum()) / max(int(found.sum()) + int(true.sum()), 1)
        return {
            "passed": dice >= _LEAST_DICE,
            "dice": dice,
            "device": str(result.provenance.get("device", "")),
            "phase_seconds": dict(result.phase_seconds),
        }

    spec.check(phantom.image, prompts)
    job = Job("segmentation", str(spec.folder), (phantom.image,), prompts=prompts, options=options)
    pending: Pending[dict[str, Any]] = Pending(default_worker().submit(job), judge)
    return pending.handed_over(wait)
