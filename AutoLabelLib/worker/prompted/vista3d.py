"""VISTA3D: classes that are named, in the whole volume, or what clicks point at, around the clicks.

Clicks can be about a named class, whose name then helps the network, or about anything at all. Some classes are made of
others, such as the lung of its lobes: they are found part by part, and cannot be pointed at as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import ContractError, InputError, ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.networks.engines import BF16, FP16, FP32
from AutoLabelLib.worker.networks.memory_ladder import Plan
from AutoLabelLib.worker.networks.model_cache import IMAGES, LoadedModel
from AutoLabelLib.worker.networks.outputs import SOFTMAX, Outputs
from AutoLabelLib.worker.options import SegmentationOptions
from AutoLabelLib.worker.prompted import vista3d_points
from AutoLabelLib.worker.prompted.logits_box import LogitsBox
from AutoLabelLib.worker.prompted.vista3d_wishes import Vista3dWishes
from AutoLabelLib.worker.segmentation import whole_volume
from AutoLabelLib.worker.segmentation.components import nearest_components, positive_positions_ras_mm


class NamedClasses(torch.nn.Module):
    """A VISTA3D network that is asked for some classes, as a network that only reads images.

    Its first output channel stands for none of them: a class is found where its logit is above 0 and the highest.
    """

    def __init__(self, network: torch.nn.Module, classes: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.classes: torch.Tensor
        self.register_buffer("classes", torch.tensor(classes)[:, None], persistent=False)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 1 + classes, I, J, K) of windows (B, 1, I, J, K)."""
        logits = self.network(windows, class_vector=self.classes, transpose=True)
        return torch.cat([torch.zeros_like(logits[:, :1]), logits], dim=1)


def segment(
    image: Image,
    model: LoadedModel,
    prompts: Prompts,
    options: SegmentationOptions,
    start: ObjectMask | None,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return labels (1, I, J, K) on the image's own grid, and how they were made.

    Args:
        image: What to segment; fits the model's contract.
        model: The loaded model.
        prompts: Points; none for a search by name.
        options: Device, engine, overlap, and which structures.
        start: Mask to correct, on the image's grid; None for none.
        context: Receives progress per window.

    Raises:
        InputError: If nothing says where or what to look for.
        ContractError: If a structure cannot be asked for like that.
        OutOfMemory: If not even the smallest form fits into memory.
    """
    wishes = model.bundle.prompting
    assert isinstance(wishes, Vista3dWishes)
    asked = _asked(model.bundle.spec, wishes, prompts, options.structures)
    if prompts:
        return _pointed(image, model, prompts, asked[0], options, start, context)
    facts = {"structures": [segment.name for segment in asked]}
    return _named(image, model, wishes, asked, options, context, facts)


def _asked(
    spec: ModelSpec, wishes: Vista3dWishes, prompts: Prompts, structures: tuple[str, ...] | None
) -> list[Segment]:
    """Return the segments that are asked for, checked."""
    if structures is None and prompts:
        structures = (spec.segments[0].name,)
    asked = [segment for segment in spec.segments if structures is None or segment.name in structures]
    if structures is None:
        wholes = (spec.anything.label_value if spec.anything else 0, *wishes.parts)
        chosen = wishes.unasked or tuple(s.label_value for s in asked if s.label_value not in wholes)
        return [segment for segment in asked if segment.label_value in chosen]
    if not prompts and spec.anything in asked:
        raise InputError(f'"{spec.name}" needs a click to know which structure is meant.', "Or name structures.")
    if prompts and len(asked) > 1:
        raise ContractError("Clicks can be about one structure only.", "Choose one, or leave the clicks out.")
    parts = wishes.parts.get(asked[0].label_value, ()) if prompts else ()
    if parts:
        names = ", ".join(segment.name for segment in spec.segments if segment.label_value in parts)
        raise ContractError(f'"{asked[0].name}" cannot be pointed at as a whole.', f"Choose one of its parts: {names}.")
    return asked


def _named(
    image: Image,
    model: LoadedModel,
    wishes: Vista3dWishes,
    asked: Sequence[Segment],
    options: SegmentationOptions,
    context: TaskContext,
    facts: dict[str, Any],
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return named classes in the whole volume."""
    found = [(number, one) for one in asked for number in wishes.parts.get(one.label_value, (one.label_value,))]
    known = dict(reversed(found))  # what was asked for by itself first keeps its voxels
    classes = tuple(known)
    if model.variant is None or model.variant[0] != (classes, tuple(asked)):
        segments = tuple(known.values())
        bundle = replace(
            model.bundle,
            network=NamedClasses(model.bundle.network, classes),
            outputs=Outputs(segments, tuple(range(1, len(classes) + 1)), SOFTMAX),
            spec=replace(model.bundle.spec, prompts=(), prompting=""),
            prompting=None,
        )
        model.variant = ((classes, tuple(asked)), LoadedModel(bundle))
    # Its attention and its classes are not what compilers of networks have seen: torch runs it.
    engine = FP32 if options.engine == "auto" and options.device == "cpu" else options.engine
    chosen = replace(options, engine=engine, structures=None)
    labels, made = whole_volume.segment(image, model.variant[1], Prompts(), (), chosen, context)
    return labels, {**made, **facts}


def _pointed(
    image: Image,
    model: LoadedModel,
    prompts: Prompts,
    asked: Segment,
    options: SegmentationOptions,
    start: ObjectMask | None,
    context: TaskContext,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return what clicks point at."""
    bundle, patch = model.bundle, model.bundle.window.patch_voxels
    assert patch is not None
    is_class = asked != bundle.spec.anything
    if start is None and not is_class and not any(point.positive for point in prompts.points):
        raise InputError("There is nothing to take away from yet.", "Point at the structure itself first.")
    if options.engine not in ("auto", FP32, FP16, BF16):
        raise InputError(f'"{bundle.spec.name}" answers clicks with torch only.', "Choose the engine auto.")
    grid = bundle.preprocessing.grid_over(image)
    with context.phase("preprocess"):
        key = (image.fingerprint, bundle.sha256)
        volume = IMAGES.get(key, lambda: bundle.preprocessing.volume(image.array, grid))
        before = LogitsBox.empty() if start is None else LogitsBox.of_mask(start, grid)
    question = vista3d_points.Question(volume, grid, asked.label_value, is_class, before)
    digest = hash(before.logits.numpy().tobytes())
    half = options.engine in (FP16, BF16) or options.engine == "auto"

    def attempt(plan: Plan) -> tuple[LogitsBox, int]:
        with context.phase("load"):
            network = _network(model, plan)
        about = (*key, plan.device, plan.half, asked.name, digest, before.low_ijk.tobytes())
        return vista3d_points.answer(network, question, prompts.points, patch, about, plan, context)

    plan = Plan(options.device, options.engine, patch, half=half)
    (said, windows), plan = memory_ladder.climb(plan, attempt, context, may_shrink_patch=False)
    with context.phase("postprocess"):
        found = said.mask(grid)
        if start is None and not is_class:
            found = nearest_components(found, image.affine, positive_positions_ras_mm(prompts))
    if said.goes_on(grid.shape):
        context.warn("The structure goes on beyond what was looked at: click there, too.")
    labels = found[np.newaxis] * bundle.outputs.dtype(asked.label_value)
    facts = {"windows": windows, "engine": FP16 if plan.half and not plan.on_cpu else FP32, "device": plan.device}
    return labels, {**facts, "patch_voxels": list(patch), "structures": [asked.name]}


def _network(model: LoadedModel, plan: Plan) -> vista3d_points.PointedNetwork:
    """Return the network on the device of a plan."""
    if not hasattr(model.bundle.network, "convert_point_label"):
        raise ModelError(f'The network of "{model.bundle.spec.name}" cannot be told clicks.')
    key = (plan.device, "points", plan.half and not plan.on_cpu)
    if key not in model.engines:
        model.engines[key] = vista3d_points.PointedNetwork(model.bundle.network, plan)
    network = model.engines[key]
    assert isinstance(network, vista3d_points.PointedNetwork)
    return network
