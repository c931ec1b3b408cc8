"""How well a classifier does on labelled cases: figures with intervals over patients, beside the size alone.

Options of the job:
    cases: Path of a list of labelled cases.
    split: Only "train", "validation" or "test" cases: as the list says, else by the rule the model was trained with.
    mask: "given" (default), or "clicked": the model's segmenter makes it, from a click that is simulated in the mask.
    simulate_click: Where that click is; see `AutoLabelLib.worker.evaluation.predictor`.
    seed: Of simulated clicks and bootstrap draws (default 0).
    device, tta: As for the task "classification".

Values of the result, all JSON:
    figures: Accuracy, AUC and so on, each {"value", "low", "high"} with its 95 % bootstrap interval over groups.
    per_class, confusion_matrix, cases_per_class, reliability: See `AutoLabelLib.worker.classification_metrics`.
    certain: The figures of those cases that the model is not in doubt about; uncertain_fraction: share of the others.
    baselines: For two classes, AUC of the long axis alone, and whether the model differs from it (DeLong).
    ratings: Mean absolute error per attribute, over the cases where somebody has rated it.
    cases: One row per case.
    failed: Cases that could not be judged, each with the reason.
    settings: What decided the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.worker import classification_metrics as metrics
from AutoLabelLib.worker import options as common
from AutoLabelLib.worker.classification import masks
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.classification.judgement import judge
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.judged_cases import SPLITS, of_split
from AutoLabelLib.worker.evaluation.predictor import CLICKS, simulated_click
from AutoLabelLib.worker.measurement.of_segment import measure
from AutoLabelLib.worker.training.labelled_cases import LabelledCase, class_names, read_labelled_cases
from AutoLabelLib.worker.training.labelled_objects import read_object

_MASKS = ("given", "clicked")
_KNOWN_OPTIONS = {"cases", "split", "mask", "simulate_click", "seed", "device", "tta", "resample"}
_SIZE = "long_axis_mm"


@dataclass
class _Judged:
    """What was found, case by case, and what could not be."""

    cases: list[LabelledCase] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sizes_mm: list[float] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)


def run(job: Job, context: TaskContext) -> Result:
    """Judge the labelled cases of a list; one that cannot be used is reported and does not stop the others.

    Raises:
        InputError: If an option or the list is not usable, or no case is.
        ModelError: If the model cannot be used.
    """
    options = dict(job.options)
    _check(options)
    device = common.from_mapping({"device": options.get("device") or "auto"}).device
    with context.phase("load"):
        classifier = Classifier.load(job.model_folder, device)
    cases = _cases(options, classifier.spec, Path(job.model_folder))
    judged = _Judged()
    for number, case in enumerate(cases):
        part = context.part(number, len(cases))
        part.progress(0.0, f"case {number + 1} of {len(cases)}")
        try:
            _judge(case, classifier, options, part, judged)
        except InputError as problem:
            judged.failed.append({"case": case.name, "error": str(problem)})
    if not judged.cases:
        raise InputError(f"No case could be judged: {judged.failed[0]['error']}")
    if judged.failed:
        context.warn(f"{len(judged.failed)} of {len(cases)} cases could not be judged and do not count.")
    with context.phase("bootstrap"):
        values = _values(judged, classifier.spec, options)
    context.progress(1.0, "done")
    model = {"name": classifier.spec.name, "version": classifier.spec.version, "sha256": classifier.bundle.sha256}
    return Result(
        job.id,
        values=values,
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance={"model": model, "device": device},
    )


def _check(options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - _KNOWN_OPTIONS)
    if unknown:
        raise InputError(f"The evaluation of a classifier has no option {', '.join(unknown)}.")
    for name, known in (("mask", _MASKS), ("simulate_click", CLICKS), ("split", ("", *SPLITS))):
        if options.get(name) and options[name] not in known:
            raise InputError(f'There is no {name} "{options[name]}".', f"Use one of: {', '.join(known)}.")


def _cases(options: Mapping[str, Any], spec: ModelSpec, folder: Path) -> Sequence[LabelledCase]:
    if not options.get("cases"):
        raise InputError("There is nothing to evaluate.", "Give a list of labelled cases.")
    listed = read_labelled_cases(str(options["cases"]))
    unknown = [name for name in class_names(listed) if name not in spec.classes]
    if unknown:
        raise InputError(
            f'The case list has the class "{unknown[0]}", which "{spec.name}" does not know.',
            f"Its classes are: {', '.join(spec.classes)}.",
        )
    cases = [case for case in of_split(listed, str(options.get("split") or ""), folder) if case.label]
    if not cases:
        raise InputError("No case of the list has a label, or none is in this split.", "Fill in the column label.")
    return cases


def _judge(
    case: LabelledCase, classifier: Classifier, options: Mapping[str, Any], context: TaskContext, judged: _Judged
) -> None:
    spec = classifier.spec
    with context.phase("read"):
        image, mask = read_object(case, spec.looks_at)
        image = Image(image.array, image.affine, image.modality or spec.modality, image.channel_names, image.unit)
    if options.get("mask") == "clicked":
        mask = _clicked(case, image, mask, spec, options, context)
    with context.phase("network"):
        prepared = classifier.prepare(image, mask)
        finding = judge(classifier, prepared, test_time_augmentation=bool(options.get("tta", True)))
    judged.sizes_mm.append(measure(image, mask)[_SIZE] if mask is not None else float("nan"))
    judged.cases.append(case)
    judged.findings.append(finding)


def _clicked(
    case: LabelledCase,
    image: Image,
    mask: NDArray[np.bool_] | None,
    spec: ModelSpec,
    options: Mapping[str, Any],
    context: TaskContext,
) -> NDArray[np.bool_]:
    """Return what the segmenter finds at a click that is simulated in a case's mask."""
    if mask is None:
        raise InputError("There is no mask to click into.")
    reference = Labelmap(mask[np.newaxis].astype(np.uint8), image.affine, (Segment("it", 1),))
    where, seed = str(options.get("simulate_click") or CLICKS[0]), int(options.get("seed", 0))
    prompts = simulated_click(case.name, reference, where, seed)
    device = str(options.get("device") or "auto")
    labelmap, _ = masks.segmented(spec, image, prompts, device, context)
    return np.asarray(labelmap.array.any(axis=0))


def _values(judged: _Judged, spec: ModelSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    seed = int(options.get("seed", 0))
    everything = _predictions(judged, spec, range(len(judged.cases)))
    certain = [number for number, finding in enumerate(judged.findings) if not finding.uncertain]
    counts = Counter(name for case in judged.cases for name in case.classes)
    return {
        "figures": _figures(everything, seed),
        "per_class": metrics.figures_per_class(everything),
        "cases_per_class": {name: counts.get(name, 0) for name in spec.classes},
        "confusion_matrix": metrics.confusion_matrix(everything).tolist(),
        "reliability": metrics.reliability_points(everything),
        "uncertain_fraction": 1 - len(certain) / len(judged.cases),
        "certain": _figures(_predictions(judged, spec, certain), seed) if certain else {},
        "baselines": _baselines(judged, everything, seed),
        "ratings": _ratings(judged, spec),
        "cases": [_row(case, finding) for case, finding in zip(judged.cases, judged.findings, strict=True)],
        "failed": judged.failed,
        "settings": {
            "cases": len(judged.cases),
            "groups": len({case.group for case in judged.cases}),
            "split": str(options.get("split") or "all"),
            "mask": str(options.get("mask") or _MASKS[0]),
            **(
                {"simulate_click": options.get("simulate_click", CLICKS[0])} if options.get("mask") == "clicked" else {}
            ),
            "seed": seed,
            "interval": "95 %, bootstrap over groups",
        },
    }


def _figures(predictions: metrics.Predictions, seed: int) -> dict[str, dict[str, float | None]]:
    return {name: estimate.to_json() for name, estimate in metrics.estimates(predictions, seed=seed).items()}


def _predictions(judged: _Judged, spec: ModelSpec, chosen: Sequence[int]) -> metrics.Predictions:
    """Return what was true and what was said of the chosen cases."""
    cases = [judged.cases[number] for number in chosen]
    found = [judged.findings[number].class_probabilities for number in chosen]
    probabilities = np.array([[one[name] for name in spec.classes] for one in found])
    truth = np.array([[name in case.classes for name in spec.classes] for case in cases])
    if not spec.multi_label:
        probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    labels = truth if spec.multi_label else truth.argmax(axis=1)
    return metrics.Predictions(labels, probabilities, spec.classes, groups=[case.group for case in cases])


def _baselines(judged: _Judged, predictions: metrics.Predictions, seed: int) -> dict[str, Any]:
    """Return what the size alone would reach, where there are two classes and every case has a mask."""
    sizes = np.array(judged.sizes_mm)
    if not predictions.is_binary or not np.isfinite(sizes).all() or len(set(predictions.truth.tolist())) < 2:
        return {}
    ranks = (sizes[:, np.newaxis] > sizes).mean(axis=1)  # any scale does for an AUC
    alone = metrics.Predictions(
        predictions.truth, np.stack([1 - ranks, ranks], axis=1), predictions.classes, groups=predictions.groups
    )
    test = metrics.delong(predictions.truth == 1, predictions.probabilities[:, 1], sizes, groups=predictions.groups)
    return {"long axis": {**metrics.estimates(alone, seed=seed)["auc"].to_json(), "against_model": test.to_json()}}


def _ratings(judged: _Judged, spec: ModelSpec) -> dict[str, dict[str, float]]:
    table = {}
    for attribute in spec.attributes:
        errors = [
            abs(finding.attributes[attribute.name] - case.attributes[attribute.name])
            for case, finding in zip(judged.cases, judged.findings, strict=True)
            if attribute.name in case.attributes
        ]
        if errors:
            table[attribute.name] = {"cases": float(len(errors)), "mean_absolute_error": float(np.mean(errors))}
    return table


def _row(case: LabelledCase, finding: Finding) -> dict[str, Any]:
    return {
        "case": case.name,
        "group": case.group,
        "label": case.label,
        "said": finding.label,
        "uncertain": finding.uncertain,
        **{f"probability:{name}": value for name, value in finding.class_probabilities.items()},
        **{f"rating:{name}": value for name, value in finding.attributes.items()},
    }
