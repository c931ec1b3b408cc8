"""A model without a needed prompt goes over a whole volume."""

from __future__ import annotations

import time
from typing import Any

import torch
from numpy.typing import NDArray

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import engine_choice, memory_ladder
from AutoLabelLib.worker.networks.engines import FP16, FP32
from AutoLabelLib.worker.networks.grid import ModelGrid
from AutoLabelLib.worker.networks.memory_ladder import Plan
from AutoLabelLib.worker.networks.model_cache import IMAGES, LoadedModel
from AutoLabelLib.worker.networks.passes import Passes
from AutoLabelLib.worker.options import SegmentationOptions
from AutoLabelLib.worker.prompted.deepedit import DeepEdit
from AutoLabelLib.worker.segmentation import sliding_window
from AutoLabelLib.worker.segmentation.guidance import guidance_channels
from AutoLabelLib.worker.segmentation.projection import LabelProjection

_GPU_BATCH = 4


def segment(
    image: Image,
    model: LoadedModel,
    prompts: Prompts,
    mirror_axes: tuple[int, ...],
    options: SegmentationOptions,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return labels (layers, I, J, K) on the image's own grid, and how they were made.

    Args:
        image: What to segment; fits the model's contract.
        model: The loaded model.
        prompts: Drawn into the guidance channels of a model that understands prompts.
        mirror_axes: Spatial axes along which mirror images are averaged.
        options: Device, engine, overlap, batch.
        context: Receives progress per window.

    Raises:
        OutOfMemory: If not even the smallest form fits into memory.
        ModelError: If the network fails.
    """
    bundle = model.bundle
    wishes = bundle.preprocessing
    grid = wishes.grid_over(image)
    with context.phase("preprocess"):
        key = (image.fingerprint, bundle.sha256)
        volume = IMAGES.get(key, lambda: wishes.volume(image.array, grid))
        if isinstance(bundle.prompting, DeepEdit):
            volume = bundle.prompting.guided(volume, prompts, grid.affine, options.structures)
        elif bundle.spec.prompts:
            guidance = guidance_channels(prompts, grid.affine, grid.shape, bundle.guidance_sigma_mm)
            volume = torch.cat([volume, torch.from_numpy(guidance)])
    batch = options.batch or (1 if options.device == "cpu" else _GPU_BATCH)
    plan = Plan(options.device, options.engine, bundle.window.patch_for(grid.shape), batch)
    overlap = bundle.window.overlap if options.overlap is None else options.overlap

    def attempt(plan: Plan) -> tuple[NDArray[Any], dict[str, Any]]:
        return _attempt(plan, volume, grid, model, mirror_axes, overlap, image.fingerprint, context)

    (labels, facts), plan = memory_ladder.climb(plan, attempt, context)
    return labels, {**facts, "device": plan.device, "patch_voxels": list(plan.patch_voxels), "overlap": overlap}


def _attempt(
    plan: Plan,
    volume: torch.Tensor,
    grid: ModelGrid,
    model: LoadedModel,
    mirror_axes: tuple[int, ...],
    overlap: float,
    image_key: str,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    bundle = model.bundle
    fill = bundle.window.fill
    windows = sliding_window.window_count(grid.shape, plan.patch_voxels, overlap)
    with context.phase("load"):
        engine = engine_choice.engine_for(
            model,
            plan.device,
            FP16 if plan.half and not plan.on_cpu and plan.engine in ("auto", FP32) else plan.engine,
            windows * 2 ** len(mirror_axes),
            lambda: sliding_window.central_window(volume, plan.patch_voxels, fill),
            image_key,
            context,
        )
    passes = Passes(engine, bundle.outputs, mirror_axes, bundle.spec.name, context)
    axis = sliding_window.band_axis(grid.shape, plan.patch_voxels)
    projection = LabelProjection(grid, bundle.outputs, axis, passes.are_probabilities)

    def on_window(done: int, total: int) -> None:
        context.progress(done / total, f"Window {min(done + 1, total)} of {total}")
        memory_ladder.fault(plan)

    started, network_before = time.monotonic(), context.phase_seconds.get("network", 0.0)
    sliding_window.slide(
        volume,
        passes,
        plan.patch_voxels,
        projection.add,
        axis=axis,
        overlap=overlap,
        mode=bundle.window.mode,
        fill=fill,
        batch=plan.batch,
        sums_on="cpu" if plan.sums_on_cpu else None,
        sums_dtype=torch.float16 if plan.half else None,
        on_window=on_window,
    )
    labels = projection.finish()
    network = context.phase_seconds.get("network", 0.0) - network_before
    seconds = context.phase_seconds
    seconds["postprocess"] = seconds.get("postprocess", 0.0) + time.monotonic() - started - network
    return labels, {"engine": engine.name, "windows": windows}
