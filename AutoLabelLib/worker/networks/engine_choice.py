"""Which engine runs a job: the fastest one of which it is known that it gives what plain float32 gives.

The choice depends on the model, the image and the amount of work, never on what ran before: the same job gives the same
bits in a fresh worker and in a warm one.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from AutoLabelLib.core import locations
from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import engines
from AutoLabelLib.worker.networks.engines import BF16, FP16, FP32, OPENVINO, OPENVINO_BF16, REDUCED, Engine
from AutoLabelLib.worker.networks.model_cache import LoadedModel
from AutoLabelLib.worker.networks.outputs import Outputs

# Compiling takes as long as about ten windows in float32, checking a reduced precision as long as two.
COMPILE_FROM_WINDOWS = 8
REDUCED_FROM_WINDOWS = 16

# What is promised is a Dice of 0.999 with plain float32. bfloat16 gave 0.9975 to 1 on structures of 1600 voxels, which
# one window cannot tell apart; so it must do better, on structures so large that the figure means something.
LEAST_DICE = 0.9995
EVIDENCE_VOXELS = 10_000

_EXACT_TOLERANCE = 1e-2  # of the logits' standard deviation; OpenVINO stays below 1e-3


def engine_for(
    model: LoadedModel,
    device: str,
    name: str,
    windows: int,
    probe: Callable[[], torch.Tensor],
    image_key: str,
    context: TaskContext,
) -> Engine:
    """Return the engine that shall run a job.

    Args:
        model: Keeps the engines that were made for it.
        device: Such as "cpu" or "cuda".
        name: One of `engines.ENGINES`, taken as it is; or "auto".
        windows: How many windows the job has.
        probe: Returns a window (1, C, I, J, K) of the image itself.
        image_key: Identifies the image, since a reduced precision is judged for each one.
        context: Receives a warning if an engine that should work does not.

    Raises:
        InputError: If the named engine does not exist on that device.
        MissingDependency: If the named engine is not installed.
    """
    window = probe()
    shape = tuple(window.shape[1:])
    if name != "auto":
        return _made(model, device, name, shape)
    for candidate in candidates(device, windows):
        key = (device, candidate, shape)
        if key in model.rejected:
            continue
        if candidate in REDUCED and not _is_precise_enough(model, device, candidate, window, image_key, context):
            continue
        try:
            engine = _made(model, device, candidate, shape)
        except AutoLabelError as problem:
            model.rejected[key] = problem.message
            context.warn(f"{problem.message} Another engine is used, which can be slower.")
            continue
        if candidate == OPENVINO and not _is_exact(model, engine, shape):
            model.rejected[key] = "It does not give what torch gives."
            context.warn("OpenVINO does not give what torch gives for this model; torch is used, which is slower.")
            continue
        return engine
    return _made(model, device, FP32, shape)


def candidates(device: str, windows: int) -> list[str]:
    """Return the engines to try for a number of windows, the fastest first; plain float32 is always the last."""
    if device == "cpu":
        reduced = engines.has_fast_bf16() and windows >= REDUCED_FROM_WINDOWS
        compiled = engines.has_openvino() and windows >= COMPILE_FROM_WINDOWS
        return [OPENVINO_BF16] * (reduced and compiled) + [OPENVINO] * compiled + [BF16] * reduced + [FP32]
    # float16 has three bits more than bfloat16 and agrees better; activations are normalised and do not overflow it.
    return [FP16] * (device.startswith("cuda") and windows >= REDUCED_FROM_WINDOWS) + [FP32]


def agreement_dice(values: torch.Tensor, exact: torch.Tensor, outputs: Outputs) -> tuple[float, int]:
    """Return the lowest Dice over segments of an engine's result against plain float32, and the smallest segment.

    Args:
        values: (C, I, J, K), from the engine.
        exact: (C, I, J, K), from plain float32.
        outputs: Meaning of the channels.

    Returns:
        Dice, and voxels of the smallest segment that is there; (1, 0) if there is none.
    """
    if not bool(torch.isfinite(values).all()):
        return 0.0, 0
    ours, truth = outputs.labels(values, False), outputs.labels(exact, False)
    lowest, smallest = 1.0, 0
    for segment in outputs.segments:
        a, b = (labels[segment.layer] == segment.label_value for labels in (ours, truth))
        total = int(a.sum()) + int(b.sum())
        if total:
            lowest = min(lowest, 2 * int((a & b).sum()) / total)
            smallest = min(smallest or total, total // 2)
    return lowest, smallest


def _made(model: LoadedModel, device: str, name: str, shape: tuple[int, ...]) -> Engine:
    # Only OpenVINO compiles for one shape.
    key = (device, name, shape if name in (OPENVINO, OPENVINO_BF16) else None)
    if key not in model.engines:
        # Named by the bundle's hash, so that it can only be what was made of exactly these files.
        kept_in = locations.user_data() / "compiled" / model.bundle.sha256[:16]
        model.engines[key] = engines.make(model.bundle.network, device, name, shape, kept_in)
    return model.engines[key]


def _is_exact(model: LoadedModel, engine: Engine, shape: tuple[int, ...]) -> bool:
    """Return whether an engine in float32 gives what torch gives; asked once, on noise, which needs no image."""
    key = (engine.device, engine.name, shape)
    if key not in model.approved:
        noise = torch.randn((1, *shape), generator=torch.Generator().manual_seed(0))
        exact = _made(model, "cpu", FP32, shape)(noise)
        difference = float((engine(noise) - exact).abs().max())
        if not difference <= _EXACT_TOLERANCE * float(exact.std()):
            return False
        model.approved.add(key)
    return True


def _is_precise_enough(
    model: LoadedModel, device: str, name: str, window: torch.Tensor, image_key: str, context: TaskContext
) -> bool:
    """Return whether a reduced precision can be trusted with an image."""
    # torch's answer holds for OpenVINO, too, and needs no compiling.
    if name == OPENVINO_BF16:
        name = BF16
    key = (device, name, tuple(window.shape), image_key)
    if key not in model.precision_dice:
        shape = tuple(window.shape[1:])
        exact = _made(model, device, FP32, shape)(window)[0]
        dice, smallest = 0.0, agreement_dice(exact, exact, model.bundle.outputs)[1]
        if smallest >= EVIDENCE_VOXELS:  # else it could prove nothing, and the second run is saved
            values = _made(model, device, name, shape)(window)[0]
            dice, _ = agreement_dice(values, exact, model.bundle.outputs)
        model.precision_dice[key] = dice
        context.log(f"{name} against fp32 in one window: Dice {dice:.5f}, smallest segment {smallest} voxels")
    return model.precision_dice[key] >= LEAST_DICE
