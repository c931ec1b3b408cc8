"""The task "segmentation": an image goes in, named segments come out on the image's own grid.

Options: see `AutoLabelLib.worker.options.SegmentationOptions`. With the option crop, the result's labelmap is a box of
the image's grid, and the result's value start_ijk says where the box begins.
"""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

import AutoLabelLib
from AutoLabelLib.core.affine import cropped_affine, index_from_ras
from AutoLabelLib.core.bundle import read_spec, verify
from AutoLabelLib.core.crop import IndexBox, cropped_labelmap, found_box, pasted_labelmap
from AutoLabelLib.core.errors import ContractError, InputError, ModelError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.words import listed
from AutoLabelLib.worker import options
from AutoLabelLib.worker.classical import load_method
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.networks.bundle import identity
from AutoLabelLib.worker.plain_words import is_out_of_memory
from AutoLabelLib.worker.segmentation import by_network

_PACKAGES = ("torch", "monai", "numpy", "openvino")


def run(job: Job, context: TaskContext) -> Result:
    """Segment one image, or several on one grid as the channels of one.

    Args:
        job: Names the model; holds one image per channel or one image with all channels, prompts and options.
        context: Receives progress per window; a cancelled job ends within one.

    Raises:
        InputError: If there is no image, or an option is not known.
        UnsupportedVolumeError: If the image cannot be used (one slice, NaN).
        ContractError: If image or prompts are not what the model takes.
        ModelError: If the model cannot be used.
        OutOfMemory: If the work does not fit into memory in any form.
        JobCancelled: If the user stopped it.
    """
    choices = options.from_mapping(job.options)
    if not job.images:
        raise InputError("A segmentation needs an image.")
    image = job.images[0] if len(job.images) == 1 else stack_channels(job.images)
    spec = read_spec(Path(job.model_folder))
    _check_structures(spec, choices)
    if spec.task != "segmentation":
        raise ContractError(f'"{spec.name}" is a model for {spec.task}, not for segmentation.')
    for warning in spec.check(image, job.prompts):
        context.warn(warning)
    try:
        way = _by_method if spec.method else by_network.segment
        labelmap, facts = way(job, spec, image, choices, context)
    except (MemoryError, RuntimeError) as problem:
        if is_out_of_memory(problem):
            raise memory_ladder.too_large() from problem
        if isinstance(problem, RuntimeError):
            raise ModelError(f'The model "{spec.name}" failed: {problem}') from problem
        raise
    values: dict[str, Any] = {}
    if choices.crop:
        labelmap = cropped_labelmap(labelmap, found_box(labelmap.array))
        start = np.rint(index_from_ras(image.affine, labelmap.affine[:3, 3]))
        values["start_ijk"] = [int(index) for index in start]
    return Result(
        job_id=job.id,
        labelmaps=(labelmap,),
        values=values,
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance=_provenance(job, spec, choices, facts),
    )


def _check_structures(spec: ModelSpec, choices: options.SegmentationOptions) -> None:
    names = [segment.name for segment in spec.segments]
    unknown = [name for name in choices.structures or () if name not in names]
    if unknown:
        raise ContractError(f'"{spec.name}" has no structure "{unknown[0]}".', f"It has: {listed(names)}.")


def _by_method(
    job: Job, spec: ModelSpec, image: Image, choices: options.SegmentationOptions, context: TaskContext
) -> tuple[Labelmap, dict[str, Any]]:
    """Return what a method without a network segments, as a box of the image's grid or on all of it, and how."""
    assert spec.folder is not None
    verify(spec)
    start = job.labelmaps[0] if job.labelmaps else None
    with context.phase("solver"):
        found, facts = load_method(spec.method)(image, job.prompts, start, context)
    low_i, low_j, low_k = (int(n) for n in found.start_ijk)
    size_i, size_j, size_k = found.mask.shape
    array = found.mask.astype(np.uint8)[np.newaxis] * np.uint8(spec.segments[0].label_value)
    if found.is_empty:
        context.warn("Nothing was found.")
        array, size_i, size_j, size_k = np.zeros((1, 1, 1, 1), np.uint8), 1, 1, 1
    labelmap = Labelmap(array, cropped_affine(image.affine, found.start_ijk), spec.segments)
    if not choices.crop:
        labelmap = pasted_labelmap(labelmap, IndexBox((low_i, low_j, low_k), (size_i, size_j, size_k)), image)
    return labelmap, {"sha256": identity(spec.folder), **facts}


def _provenance(
    job: Job, spec: ModelSpec, choices: options.SegmentationOptions, facts: dict[str, Any]
) -> dict[str, Any]:
    """Return what is needed to do it again; JSON values only."""
    facts, how = dict(facts), asdict(choices)
    del how["crop"]  # says how the answer travels, not how it was made
    return {
        "model": {"name": spec.name, "version": spec.version, "sha256": facts.pop("sha256")},
        "versions": {"autolabel": AutoLabelLib.__version__, "python": platform.python_version(), **_versions()},
        "threads": torch.get_num_threads(),
        "options": how,
        "prompts": job.prompts.to_json(),
        **facts,
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
