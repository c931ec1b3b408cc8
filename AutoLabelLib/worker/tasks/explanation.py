"""The task "explanation": where in the image is what speaks for a segment or for a class?

Options:
    device: "auto" (default), or "cpu", "cuda", "cuda:1", "mps".
    segment: Name of the segment of the job's labelmap that is explained or judged; by default its first that is not
        empty. Without a labelmap the model segments first, or, for a classifier, its segmenter at the prompts.
    target: What is explained: a segment of a segmentation model (default: the one of that name, or the largest), a
        class of a classifier (default: the one that it says).
    box: For a classifier: two opposite corners in RAS mm, to judge instead of the whole image.
    plot: Path of a PNG: the contributions of handcrafted features as bars.
    method, layer, steps, samples, noise, box_voxels, baseline, deletion, draws, seed: see
        `AutoLabelLib.worker.explanation.settings.Settings`.

The result's image is the heat, from 0 to 1, on the image's own grid; there is none for a classifier that looks at
features alone. Its labelmap is what was segmented, if that was done here.

Values of the result, all JSON:
    target: What was explained.
    probability: How likely the model says that it is; of a segment, the mean over its voxels.
    method, layer: How it was explained.
    deletion: The deletion curve, see `AutoLabelLib.worker.explanation.deletion.Deletion`; None if it was not wanted, or
        nothing is marked.
    contributions: For a model that reads handcrafted features: what each adds; see `contributions`.
"""

from __future__ import annotations

import platform
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import AutoLabelLib
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ContractError, InputError, ModelError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.worker import options
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.explanation import asked, classes, deletion, methods, settings
from AutoLabelLib.worker.explanation.asked import Asked
from AutoLabelLib.worker.explanation.contributions import Contribution, told
from AutoLabelLib.worker.explanation.pictures import bar_plot
from AutoLabelLib.worker.explanation.placing import placed
from AutoLabelLib.worker.explanation.settings import Settings
from AutoLabelLib.worker.explanation.subject import Subject
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.plain_words import is_out_of_memory

_OWN_OPTIONS = ("device", "segment", "target", "box", "plot")

CONTRIBUTIONS = "contributions"
"""The method of a model that looks at features alone."""


def run(job: Job, context: TaskContext) -> Result:
    """Explain what a model says.

    Raises:
        InputError: If there is no image, an option is not known, or there is nothing to be explained.
        ContractError: If image or prompts are not what the model takes.
        ModelError: If the model or the method cannot be used.
        OutOfMemory: If the work does not fit into memory.
        JobCancelled: If the user stopped it.
    """
    chosen = _settings(job)
    device = options.from_mapping({"device": job.options.get("device") or "auto"}).device
    if not job.images:
        raise InputError("An explanation needs an image.")
    image = job.images[0] if len(job.images) == 1 else stack_channels(job.images)
    spec = read_spec(Path(job.model_folder))
    _check_kind(spec)
    context.progress(0.0, "Asking the model")
    try:
        found = asked.ask(job, spec, image, device, context)
        values, heat = _explained(found, image, chosen, context)
        contributions = _contributions(found, chosen, context)
    except (MemoryError, RuntimeError) as problem:
        if is_out_of_memory(problem):
            raise memory_ladder.too_large() from problem
        if isinstance(problem, RuntimeError):
            raise ModelError(
                f'"{chosen.method}" does not work with the network of "{spec.name}": {problem}', "Try another method."
            ) from problem
        raise
    if contributions and job.options.get("plot"):
        bar_plot(Path(job.options["plot"]), contributions, found.target)
    values["contributions"] = [row.to_json() for row in contributions]
    context.progress(1.0, "Done")
    return Result(
        job.id,
        labelmaps=(found.segmented,) if found.segmented is not None else (),
        images=(heat,) if heat is not None else (),
        values=values,
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance=_provenance(job, spec, found, device, values),
    )


def _settings(job: Job) -> Settings:
    known = (*_OWN_OPTIONS, *settings.NAMES)
    unknown = sorted(set(job.options) - set(known))
    if unknown:
        raise InputError(f'An explanation has no option "{unknown[0]}".', f"It has: {', '.join(known)}.")
    return settings.from_mapping(job.options)


def _check_kind(spec: ModelSpec) -> None:
    if spec.method and spec.task != "classification":
        raise ContractError(
            f'"{spec.name}" has no network that could be explained: it is a method.',
            "What it does follows from the prompts and the image's edges alone.",
        )
    if spec.task not in ("segmentation", "classification"):
        raise ContractError(f'"{spec.name}" is a model for {spec.task}, which cannot be explained yet.')


def _explained(
    found: Asked, image: Image, chosen: Settings, context: TaskContext
) -> tuple[dict[str, Any], Image | None]:
    """Return the result's values and the heat on the image's own grid; None for a model that looks at features."""
    subject = found.subject
    values: dict[str, Any] = {"target": found.target, "probability": found.probability(), "deletion": None}
    if subject is None:
        return {**values, "method": CONTRIBUTIONS, "layer": ""}, None
    _count_passes(subject, chosen, context)
    with context.phase("explain"):
        replaced_by = subject.baseline(chosen.baseline)
        heat = subject.heat(partial(methods.relevance, settings=chosen), replaced_by)
    values |= {"method": chosen.method, "layer": _layer(subject, chosen)}
    if not heat.any():
        context.warn(
            f'Nothing in the image speaks for "{subject.target}" in the eyes of {chosen.method}; '
            "try another method or another layer."
        )
    elif chosen.deletion:
        with context.phase("deletion"):
            checked = deletion.deletion(subject, heat, replaced_by, chosen.draws, chosen.seed)
        values["deletion"] = checked.to_json()
        if checked.drop <= checked.random_drop:
            context.warn(
                "Taking out what is marked lowers the probability no more than taking out as much elsewhere: do not "
                "rely on this explanation, and try another method."
            )
    with context.phase("place"):
        array = placed(heat, subject.affine, image.affine, image.spatial_shape)
    return values, Image(np.clip(array, 0, 1)[np.newaxis], image.affine, channel_names=("heat",))


def _contributions(found: Asked, chosen: Settings, context: TaskContext) -> list[Contribution]:
    """Return what each handcrafted feature adds, for a classifier that reads some; [] for any other model."""
    if found.classified is None or found.classified.prepared.features is None:
        return []
    classifier, prepared, target = found.classified.classifier, found.classified.prepared, found.classified.target
    with context.phase("features"):
        context.progress(0.99, "Asking what the features add")
        effects, typical = classes.feature_effects(classifier, prepared, target, chosen.seed)
    return told(classifier.contract.features, classes.measured(prepared), typical, effects, target)


def _count_passes(subject: Subject, chosen: Settings, context: TaskContext) -> None:
    """Let every pass of a network report how far the job is, and end it if it is cancelled."""
    total = 2 * len(subject.looks) + sum(methods.passes(chosen, look.shape) for look in subject.looks)
    explaining = total
    if chosen.deletion:
        total += deletion.passes(chosen.draws, len(subject.looks))
    done = 0

    def on_pass(count: int) -> None:
        nonlocal done
        step = "Looking at what matters" if done < explaining else "Checking it by deletion"
        context.progress(min(0.99, done / total), step)
        done += count

    for look in subject.looks:
        look.scored.on_pass = on_pass


def _layer(subject: Subject, chosen: Settings) -> str:
    if chosen.method not in (settings.GRADCAM, settings.GRADCAM_PP):
        return ""
    look = subject.looks[0]
    return methods.layer_of(look.scored, subject.window(subject.image, look), chosen.layer)


def _provenance(job: Job, spec: ModelSpec, found: Asked, device: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return what is needed to do it again; JSON values only."""
    return {
        "model": {"name": spec.name, "version": spec.version, "sha256": found.sha256},
        "versions": {
            "autolabel": AutoLabelLib.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "device": device,
        "options": {
            **{name: value for name, value in job.options.items() if name != "plot"},
            **{name: values[name] for name in ("target", "method", "layer")},
        },
        "prompts": job.prompts.to_json(),
    }
