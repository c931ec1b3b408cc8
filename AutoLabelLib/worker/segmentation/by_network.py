"""Segmentation by a network: loaded, shown the image in the way that it wants, its answer cleaned and named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import ContractError, InputError, ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.core.words import listed
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import model_cache
from AutoLabelLib.worker.networks.bundle import Bundle
from AutoLabelLib.worker.networks.model_cache import LoadedModel
from AutoLabelLib.worker.options import SegmentationOptions
from AutoLabelLib.worker.prompted import vista3d
from AutoLabelLib.worker.prompted.vista3d_wishes import Vista3dWishes
from AutoLabelLib.worker.segmentation import around_prompt, start_mask, whole_volume
from AutoLabelLib.worker.segmentation.components import keep_largest


def segment(
    job: Job, spec: ModelSpec, image: Image, choices: SegmentationOptions, context: TaskContext
) -> tuple[Labelmap, dict[str, Any]]:
    """Return what a network segments, on the image's grid, and how.

    Args:
        job: With the model's folder, prompts, and at most one mask to correct.
        spec: The model's contract.
        image: Fits it.
        choices: Device, engine, and which structures.
        context: Receives progress per window.

    Raises:
        ModelError: If the model cannot be used.
        OutOfMemory: If the work does not fit into memory in any form.
    """
    context.progress(0.0, "Loading the model")
    with context.phase("load"):
        model = model_cache.load(spec)
        sha256 = model.bundle.sha256
        if choices.network is not None:
            model = model.only(choices.network)
    bundle = model.bundle
    for name in bundle.preprocessing.left_out:
        context.log(f"{name} of the bundle's preprocessing is left out")
    mirror_axes = _mirror_axes(bundle, choices)
    labels, facts = _corrected(image, model, job, mirror_axes, choices, context)
    with context.phase("postprocess"):
        labels = _cleaned(labels, bundle)
    model_cache.MODELS.shrink()  # engines may have been added to the model
    labels, segments = _only(labels, spec, choices.structures or facts.get("structures"))
    left_out = list(bundle.preprocessing.left_out)
    facts = {"sha256": sha256, "mirror_axes": list(mirror_axes), "left_out": left_out, **facts}
    return Labelmap(labels, image.affine, segments), facts


def _corrected(
    image: Image,
    model: LoadedModel,
    job: Job,
    mirror_axes: tuple[int, ...],
    choices: SegmentationOptions,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return labels (layers, I, J, K) and how they were made; a mask to start from stays where no prompt is."""
    start = ObjectMask.of_labelmap(job.labelmaps[0] if job.labelmaps else None, image)
    if start.is_empty:
        return _seen(image, model, job.prompts, mirror_axes, choices, None, context)
    spec = model.bundle.spec
    asked = _one_segment(spec, choices.structures)
    labels, facts = _seen(image, model, job.prompts, mirror_axes, choices, start, context)
    with context.phase("postprocess"):
        seen = labels[asked.layer] == asked.label_value
        mask = start_mask.corrected(start, seen, job.prompts, image, context)
        labels = np.zeros_like(labels)
        labels[asked.layer][mask] = asked.label_value
    return labels, {**facts, "started_from_mask": True, "structures": [asked.name]}


def _seen(
    image: Image,
    model: LoadedModel,
    prompts: Prompts,
    mirror_axes: tuple[int, ...],
    choices: SegmentationOptions,
    start: ObjectMask | None,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return what a network sees, told prompts and, as well as it can be told, a mask to start from."""
    bundle = model.bundle
    if isinstance(bundle.prompting, Vista3dWishes):
        return vista3d.segment(image, model, prompts, choices, start, context)
    if start is not None:
        prompts = start_mask.with_start(prompts, start, image)
    if bundle.spec.needs_prompt:
        return around_prompt.segment(image, model, prompts, mirror_axes, choices, context, start)
    return whole_volume.segment(image, model, prompts, mirror_axes, choices, context)


def _one_segment(spec: ModelSpec, structures: tuple[str, ...] | None) -> Segment:
    """Return the segment that a mask to start from is of."""
    if structures is None and spec.anything is not None:
        return spec.anything
    asked = [segment for segment in spec.segments if structures is None or segment.name in structures]
    if len(asked) != 1:
        names = listed([segment.name for segment in spec.segments])
        raise ContractError("It is not clear which structure the mask to start from is of.", f"Choose one of: {names}.")
    return asked[0]


def _only(
    labels: NDArray[Any], spec: ModelSpec, structures: Sequence[str] | None
) -> tuple[NDArray[Any], tuple[Segment, ...]]:
    """Return labels (layers, I, J, K) of those segments alone that were asked for, and the segments."""
    if structures is None:
        return labels, spec.segments
    segments = tuple(segment for segment in spec.segments if segment.name in structures)
    for layer, values in enumerate(labels):
        others = [s.label_value for s in spec.segments if s.layer == layer and s not in segments]
        if others:
            values[np.isin(values, others)] = 0
    return labels, segments


def _mirror_axes(bundle: Bundle, choices: SegmentationOptions) -> tuple[int, ...]:
    if choices.mirror and not bundle.mirror_axes:
        raise InputError(f'"{bundle.spec.name}" does not name an axis along which it can be mirrored.')
    return () if choices.mirror is False else bundle.mirror_axes


def _cleaned(labels: NDArray[Any], bundle: Bundle) -> NDArray[Any]:
    """Return labels (layers, I, J, K) after the transforms on labels that the bundle asks for."""
    for transform in bundle.label_transforms:
        key = transform.keys[0]
        if type(transform).__name__ == "KeepLargestConnectedComponentd":  # MONAI's own needs scikit-image
            wish = transform.converter
            values, rank, count = wish.applied_labels, wish.connectivity, wish.num_components
            labels = keep_largest(labels, values, count=count, together=not wish.independent, rank=rank or 3)
            continue
        try:
            result = transform({key: torch.from_numpy(labels.astype(np.int32))})[key]
        except (RuntimeError, ValueError, TypeError, KeyError) as problem:
            raise ModelError(
                f"The bundle's postprocessing step {type(transform).__name__} failed: {problem}"
            ) from problem
        labels = np.asarray(result).astype(labels.dtype)
    return labels
