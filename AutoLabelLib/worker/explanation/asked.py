"""What a job wants to have explained: which segment, or which class of which object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Point, Position, Prompts
from AutoLabelLib.worker import options
from AutoLabelLib.worker.classification import masks
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.classification.inputs import Prepared
from AutoLabelLib.worker.classification.masks import NamedMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.explanation import classes, segments
from AutoLabelLib.worker.explanation.subject import Subject
from AutoLabelLib.worker.networks import model_cache
from AutoLabelLib.worker.training.clicks import central_voxel


@dataclass(frozen=True, eq=False)
class ClassifiedObject:
    """What a classifier sees of an object, and says.

    Attributes:
        classifier: The classifier.
        prepared: Patch and features of the object.
        target: The class that is explained.
        probability: How likely the classifier says that it is.
    """

    classifier: Classifier
    prepared: Prepared
    target: str
    probability: float


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be explained.

    Attributes:
        subject: Image, networks and question; None for a classifier that looks at features alone.
        sha256: Hash of the model's files.
        segmented: What was segmented on the way; None if nothing was.
        classified: What is classified, where the model is a classifier.
    """

    subject: Subject | None
    sha256: str
    segmented: Labelmap | None = None
    classified: ClassifiedObject | None = None

    @property
    def target(self) -> str:
        """What is explained: a segment or a class."""
        if self.subject is not None:
            return self.subject.target
        assert self.classified is not None
        return self.classified.target

    def probability(self) -> float:
        """Return how likely the model says that it is; of a segment, the mean over its voxels."""
        if self.classified is not None:
            return self.classified.probability
        assert self.subject is not None
        return self.subject.probability()


def ask(job: Job, spec: ModelSpec, image: Image, device: str, context: TaskContext) -> Asked:
    """Return what a job wants to have explained.

    Args:
        job: Names segment, target and prompts.
        spec: The model's contract.
        image: With the channels that the model takes.
        device: Where networks shall run.
        context: Receives warnings and the progress of a segmentation.

    Raises:
        InputError: If there is nothing to be explained.
        ContractError: If image or prompts are not what the model takes.
        ModelError: If the model cannot be used.
    """
    way = _class if spec.task == "classification" else _segment
    return way(job, spec, image, device, context)


def _segment(job: Job, spec: ModelSpec, image: Image, device: str, context: TaskContext) -> Asked:
    """Return a segment of a segmentation model: of the given labelmap, or of what it segments itself."""
    wanted = job.options.get("target") or None
    segmented = None if job.labelmaps else _segmented(job, image, device, context)
    labelmap = job.labelmaps[0] if job.labelmaps else segmented
    assert labelmap is not None
    name = job.options.get("segment") or (wanted if segmented is not None else None)
    shown = _chosen(labelmap, image, name, [segment.name for segment in spec.segments], spec.name)
    target = _target(spec, wanted or shown.name, asked_for=wanted is not None)
    prompts = job.prompts
    if spec.needs_prompt and not prompts:  # a segment that is there already says where it is as well as a click would
        prompts = Prompts((Point(_middle_ras_mm(shown.mask, image)),))
        context.warn("No prompt was given, so the model was told the middle of the segment.")
    if segmented is None:
        for warning in spec.check(image, prompts):
            context.warn(warning)
    with context.phase("load"):
        model = model_cache.load(spec)
    subject = segments.subject(image, model, prompts, segments.AskedSegment(target, shown.mask), device, context)
    return Asked(subject, model.bundle.sha256, segmented)


def _class(job: Job, spec: ModelSpec, image: Image, device: str, context: TaskContext) -> Asked:
    """Return a class of a classifier: of a segment, of what its segmenter finds, of a box, or of the whole image."""
    for warning in spec.check(image):
        context.warn(warning)
    with context.phase("load"):
        classifier = Classifier.load(spec, device)
    labelmap = job.labelmaps[0] if job.labelmaps else None
    segmented = None
    if labelmap is None and job.prompts:
        segmented, _ = masks.segmented(spec, image, job.prompts, device, _quiet(context))
        labelmap = segmented
    mask = None
    if labelmap is not None:
        mask = _chosen(labelmap, image, job.options.get("segment") or None, (), spec.name).mask
    with context.phase("prepare"):
        prepared = classifier.prepare(image, mask, options.box_of(job.options.get("box")) if mask is None else None)
    answer = classifier.answer(prepared)
    target = classes.target_class(classifier, answer, job.options.get("target") or None)
    probability = float(answer.probabilities[classifier.spec.classes.index(target)])
    subject = classes.subject(classifier, prepared, image, mask, target)
    if subject is not None and len(subject.looks) < len(classifier.networks):
        context.warn(
            f"The heat tells what {len(subject.looks)} of {len(classifier.networks)} networks see; "
            "the others judge by handcrafted features alone, whose contributions are listed."
        )
    classified = ClassifiedObject(classifier, prepared, target, probability)
    return Asked(subject, classifier.bundle.sha256, segmented, classified)


def _segmented(job: Job, image: Image, device: str, context: TaskContext) -> Labelmap:
    """Return what the model itself segments.

    Raises:
        InputError: If it finds nothing.
    """
    from AutoLabelLib.worker.tasks import segmentation

    part = _quiet(context)
    asked = Job("segmentation", job.model_folder, (image,), prompts=job.prompts, options={"device": device})
    labelmap = segmentation.run(asked, part).labelmaps[0]
    context.warnings += part.warnings
    if not labelmap.array.any():
        raise InputError(
            "The model finds nothing in this image, so that there is nothing to explain.",
            "Give a segmentation, to learn what would speak for it.",
        )
    return labelmap


def _quiet(context: TaskContext) -> TaskContext:
    """Return the context of a first step, which shows what it does but not how far the whole is."""

    def is_cancelled() -> bool:
        context.check_cancelled()
        return False

    return TaskContext(lambda progress: context.progress(0.0, progress.message), is_cancelled, context.log)


def _chosen(labelmap: Labelmap, image: Image, name: str | None, known: Sequence[str], model_name: str) -> NamedMask:
    """Return a segment of a labelmap on the image's grid: the named one, else the largest that a model knows.

    Raises:
        InputError: If it is not there, is empty, or lies outside of the image.
    """
    named = [name] if name is not None else None
    found = [masks.on_image(labelmap, segment, image) for segment in masks.chosen_segments(labelmap, named)]
    held = [one for one in found if one.mask.any()]
    if not held:
        names = ", ".join(f'"{one.name}"' for one in found)
        raise InputError(
            f"The segment {names} has no voxel in this image, so that there is nothing to explain.",
            f'Choose another one, or the volume that it was drawn on; without one, "{model_name}" looks by itself.',
        )
    return max(held, key=lambda one: (one.name in known, np.count_nonzero(one.mask)))


def _target(spec: ModelSpec, name: str, *, asked_for: bool) -> Segment:
    """Return the segment of a model that is meant by a name; where there is only one, a name of the user's own will do.

    Raises:
        InputError: If it is not clear which.
    """
    for segment in spec.segments:
        if segment.name == name:
            return segment
    if len(spec.segments) == 1 and not asked_for:
        return spec.segments[0]
    names = ", ".join(segment.name for segment in spec.segments)
    raise InputError(f'"{spec.name}" does not segment "{name}".', f"Say as the target what it is: {names}.")


def _middle_ras_mm(mask: NDArray[np.bool_], image: Image) -> Position:
    right, anterior, superior = ras_from_index(image.affine, central_voxel(mask, image.spacing_mm))
    return (float(right), float(anterior), float(superior))
