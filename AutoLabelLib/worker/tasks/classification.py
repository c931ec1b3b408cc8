"""The task "classification": what the objects in an image are, or the whole image, with probabilities and doubts.

The job holds an image, and a labelmap whose segments are judged; without one, a prompt, at which the model's segmenter
finds the object first; without either, the whole image is judged.

Options:
    device: "auto" (default), or "cpu", "cuda", "cuda:1", "mps".
    segments: Names of the segments to judge; all by default.
    box: Two opposite corners in RAS mm: what to judge instead of the whole image.
    tta: Whether mirror images are averaged, where the model names axes for them (default true).

Values of the result, all JSON:
    findings: One `Finding` per object, in the order of the segments; empty segments have none.
    segments: For each finding the number of its segment in the labelmap, from 0; [] without segments.

The result's labelmap is what a segmenter found, if one was asked.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import AutoLabelLib
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import InputError, ModelError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker import options
from AutoLabelLib.worker.classification import masks
from AutoLabelLib.worker.classification.classifier import Classifier, check_is_classifier
from AutoLabelLib.worker.classification.judgement import judge
from AutoLabelLib.worker.classification.masks import NamedMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.measurement.of_segment import measured, with_measurements
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.plain_words import is_out_of_memory

_KNOWN_OPTIONS = ("device", "segments", "box", "tta")


@dataclass(frozen=True)
class ClassificationOptions:
    """The choices of a job, checked.

    Attributes:
        device: That is there.
        segments: Names of the segments to judge; None for all.
        box: What to judge instead of the whole image.
        tta: Whether mirror images are averaged.
    """

    device: str
    segments: tuple[str, ...] | None = None
    box: Box | None = None
    tta: bool = True


def run(job: Job, context: TaskContext) -> Result:
    """Classify an image, or objects in it.

    Raises:
        InputError: If there is no image, an option is not known, a segment is empty, or a click hits nothing.
        UnsupportedVolumeError: If the image cannot be used (NaN).
        ContractError: If the image is not what the model takes.
        ModelError: If the model cannot be used.
        OutOfMemory: If the work does not fit into memory.
        JobCancelled: If the user stopped it.
    """
    choices = from_mapping(job.options)
    if not job.images:
        raise InputError("A classification needs an image.")
    image = job.images[0] if len(job.images) == 1 else stack_channels(job.images)
    spec = read_spec(Path(job.model_folder))
    check_is_classifier(spec)
    for warning in spec.check(image):
        context.warn(warning)
    context.progress(0.0, "Loading the model")
    with context.phase("load"):
        classifier = Classifier.load(spec, choices.device)
    labelmap, facts = _labelmap(job, classifier, image, choices, context)
    try:
        findings, numbers = _findings(classifier, image, labelmap, choices, context)
    except (MemoryError, RuntimeError) as problem:
        if is_out_of_memory(problem):
            raise memory_ladder.too_large() from problem
        if isinstance(problem, RuntimeError):
            raise ModelError(f'The model "{spec.name}" failed: {problem}') from problem
        raise
    context.progress(1.0, "done")
    return Result(
        job.id,
        labelmaps=(labelmap,) if labelmap is not None and not job.labelmaps else (),
        values={"findings": [finding.to_json() for finding in findings], "segments": numbers},
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance={
            "model": {"name": spec.name, "version": spec.version, "sha256": classifier.bundle.sha256},
            "versions": {
                "autolabel": AutoLabelLib.__version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
            },
            "device": choices.device,
            "tta": choices.tta,
            "prompts": job.prompts.to_json(),
            **facts,
        },
    )


def from_mapping(given: Mapping[str, Any]) -> ClassificationOptions:
    """Return checked options.

    Raises:
        InputError: If one is unknown or of the wrong kind.
    """
    unknown = sorted(set(given) - set(_KNOWN_OPTIONS))
    if unknown:
        raise InputError(f'A classification has no option "{unknown[0]}".', f"It has: {', '.join(_KNOWN_OPTIONS)}.")
    names, box, tta = given.get("segments"), given.get("box"), given.get("tta", True)
    if isinstance(names, str) or (names is not None and not all(isinstance(name, str) for name in names)):
        raise InputError(f"segments must be a list of names, got {names!r}.")
    if not isinstance(tta, bool):
        raise InputError(f"tta must be true or false, got {tta!r}.")
    device = options.from_mapping({"device": given.get("device") or "auto"}).device
    return ClassificationOptions(device, None if names is None else tuple(names), options.box_of(box), tta)


def _labelmap(
    job: Job, classifier: Classifier, image: Image, choices: ClassificationOptions, context: TaskContext
) -> tuple[Labelmap | None, dict[str, Any]]:
    """Return the labelmap whose segments are judged, and how it was made if it was made here; None for none."""
    spec = classifier.spec
    if job.labelmaps:
        return job.labelmaps[0], {}
    prompts = job.prompts
    judges_segments = spec.looks_at == "segment"
    if judges_segments and choices.box is not None and spec.segmenter:
        prompts = prompts.adding(choices.box)
    if not prompts:
        if judges_segments and (classifier.contract.mask_channel or classifier.contract.features):
            raise InputError(
                f'"{spec.name}" judges a segment, but there is none.',
                "Give a segmentation, or click into the object." if spec.segmenter else "Give a segmentation.",
            )
        return None, {}
    labelmap, result = masks.segmented(spec, image, prompts, choices.device, context)
    return labelmap, {"segmented_by": dict(result.provenance.get("model", {}))}


def _findings(
    classifier: Classifier,
    image: Image,
    labelmap: Labelmap | None,
    choices: ClassificationOptions,
    context: TaskContext,
) -> tuple[list[Finding], list[int]]:
    """Return the findings, and the number of each one's segment."""
    if labelmap is None:
        with context.phase("prepare"):
            prepared = classifier.prepare(image, None, choices.box)
        with context.phase("network"):
            return [judge(classifier, prepared, test_time_augmentation=choices.tta)], []
    findings, numbers = [], []
    held = _masks(labelmap, image, choices, context)
    for done, (number, named) in enumerate(held):
        context.progress(done / len(held), f"Classifying {named.name}")
        with context.phase("prepare"):
            prepared = classifier.prepare(image, named.mask)
        outside = f"{named.outside_fraction:.0%} of the segment lies outside of the volume"
        reasons = (outside,) if named.outside_fraction > 0 else ()
        with context.phase("network"):
            finding = judge(classifier, prepared, named.name, test_time_augmentation=choices.tta, reasons=reasons)
        with context.phase("measure"):
            found = measured(image, named.mask)
            findings.append(with_measurements(finding, found, labelmap.segments[number].code))
        numbers.append(number)
    return findings, numbers


def _masks(
    labelmap: Labelmap, image: Image, choices: ClassificationOptions, context: TaskContext
) -> list[tuple[int, NamedMask]]:
    """Return the chosen segments that hold a voxel, and their numbers; one that was named must."""
    segments = masks.chosen_segments(labelmap, choices.segments)
    placed = [masks.on_image(labelmap, segment, image) for segment in segments]
    masks.all_in(placed)
    held = []
    for segment, named in zip(segments, placed, strict=True):
        if named.mask.any():
            held.append((labelmap.segments.index(segment), named))
        elif choices.segments is not None:
            masks.all_in([named])
        else:
            context.warn(f'The segment "{named.name}" is empty, and was left out.')
    return held
