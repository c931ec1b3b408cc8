"""Task "phantom": a synthetic chest CT with nodules of known volume, made here so that the caller's window stays free.

It needs numpy and scipy alone, so it works where nothing else is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.phantom.chest import SHAPE_IJK, SPACING_MM, chest_phantom
from AutoLabelLib.worker.context import TaskContext

_OPTIONS = ("seed", "spacing_mm")
_FINEST_MM, _COARSEST_MM = 0.5, 3.0


def run(job: Job, context: TaskContext) -> Result:
    """Return the CT, the true segments, and what is known of each nodule: `values["nodules"]`.

    Options:
        seed: Another chest for each whole number; 0 by default.
        spacing_mm: Of the voxels, three numbers; those of the demonstration by default. The field of view stays.

    Raises:
        InputError: If an option is unknown or unusable.
    """
    unknown = sorted(set(job.options) - set(_OPTIONS))
    if unknown:
        raise InputError(f'A phantom has no option "{unknown[0]}".', f"It has: {', '.join(_OPTIONS)}.")
    seed, spacing_mm = _seed(job.options), _spacing_mm(job.options)
    shape = [round(n * mm / step) for n, mm, step in zip(SHAPE_IJK, SPACING_MM, spacing_mm, strict=True)]
    context.progress(0.02, "making a synthetic chest CT")
    with context.phase("render"):
        chest = chest_phantom(seed, shape_ijk=(shape[0], shape[1], shape[2]), spacing_mm=spacing_mm)
    context.progress(1.0, "sending it")
    nodules = [asdict(nodule) for nodule in chest.nodules]
    return Result(job.id, labelmaps=(chest.truth,), images=(chest.image,), values={"nodules": nodules})


def _seed(options: Mapping[str, Any]) -> int:
    seed = options.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"The seed must be a whole number of 0 or more, got {seed!r}.")
    return seed


def _spacing_mm(options: Mapping[str, Any]) -> tuple[float, float, float]:
    wanted = options.get("spacing_mm", SPACING_MM)
    try:
        right, anterior, superior = (float(step) for step in wanted)
    except (TypeError, ValueError):
        right = anterior = superior = 0.0
    if not all(_FINEST_MM <= step <= _COARSEST_MM for step in (right, anterior, superior)):
        raise InputError(f"spacing_mm must be three numbers from {_FINEST_MM} to {_COARSEST_MM}, got {wanted!r}.")
    return right, anterior, superior
