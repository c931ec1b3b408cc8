"""The task "features": handcrafted features of the segments of a labelmap, or of a list of labelled cases.

Takes one image and one labelmap, or the option "cases". One row holds the features of one segment (and of one channel,
where the image has several), or of one case of a list.

Options:
    segments: Names of the segments; all by default.
    cases: Path of a list of labelled cases; see `training.labelled_cases`.
    split: Only cases of the list that are marked "train", "validation" or "test".
    families, bin_width, bin_count, intensity_range, resample_mm, log_sigmas_mm: See `FeatureSettings`. Without a bin
        width or count, a CT gets grey levels of 25 HU, any other image 32 of them; of a list, the first image's
        values say what it is.

Values of the result, all JSON:
    rows: One per segment or case: what it is, and each feature by its name; null where one is not defined.
    meanings: Each feature's name, with what it means in plain words.
    failed: Cases without features, each with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.files.tables import plain_json
from AutoLabelLib.worker.classification import masks
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.of_image import features_of, suited_settings
from AutoLabelLib.worker.features.settings import FeatureSettings, from_mapping

Row = dict[str, Any]

SPLITS = ("train", "validation", "test")
_SETTINGS = tuple(field.name for field in fields(FeatureSettings))
_OWN_OPTIONS = ("segments", "cases", "split")


def run(job: Job, context: TaskContext) -> Result:
    """Compute the features of all segments or cases; one that is empty or cannot be read does not stop the others.

    Raises:
        InputError: If there is nothing to describe, an option cannot be used, or no segment or case can be.
        UnsupportedVolumeError: If a segment covers voxels that are NaN or infinite.
    """
    unknown = sorted(set(job.options) - {*_SETTINGS, *_OWN_OPTIONS})
    if unknown:
        names = ", ".join((*_OWN_OPTIONS, *_SETTINGS))
        raise InputError(f'Features have no option "{unknown[0]}".', f"They have: {names}.")
    failed: list[Row] = []
    if job.options.get("cases"):
        settings, rows, failed = _of_cases(job.options, context)
    else:
        settings, rows = _of_segments(job, context)
    meanings = {name: extraction.describe(name) for name in extraction.names(settings)}
    context.progress(1.0, "done")
    return Result(
        job.id,
        values=plain_json({"rows": rows, "meanings": meanings, "failed": failed}),
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance=plain_json({"settings": asdict(settings), "aggregation": "3D, merged"}),
    )


def _chosen_settings(options: Mapping[str, Any], default: FeatureSettings) -> FeatureSettings:
    return from_mapping({name: options[name] for name in _SETTINGS if name in options}, default)


def _of_segments(job: Job, context: TaskContext) -> tuple[FeatureSettings, list[Row]]:
    if len(job.images) != 1 or len(job.labelmaps) != 1:
        raise InputError("Features need one image and one segmentation, or a list of cases.")
    image = job.images[0]
    settings = _chosen_settings(job.options, suited_settings(image))
    if settings.bin_count and not (image.modality or image.unit or job.options.get("bin_count")):
        context.warn(f"The image does not say that it is a CT, so {settings.bin_count} grey levels span each segment.")
    held = _held(job.labelmaps[0], image, job.options.get("segments"), context)
    rows: list[Row] = []
    with context.phase("features"):
        for number, one in enumerate(held):
            context.progress(number / len(held), f"segment {number + 1} of {len(held)}")
            rows += _rows(image, one, settings, context)
    return settings, rows


def _held(labelmap: Labelmap, image: Image, names: list[str] | None, context: TaskContext) -> list[masks.NamedMask]:
    """Return the chosen segments on the image's grid that hold a voxel; tell which do not, or not wholly."""
    chosen = [masks.on_image(labelmap, segment, image) for segment in masks.chosen_segments(labelmap, names)]
    held = [one for one in chosen if one.mask.any()]
    empty = [one.name for one in chosen if not one.mask.any()]
    cut = [one.name for one in held if one.outside_fraction > 0]
    if not held:
        which = f'The segment "{empty[0]}" is' if len(empty) == 1 else "All segments are"
        raise InputError(f"{which} empty or outside of the image: there are no features.", "Choose another segment.")
    if empty:
        context.warn(f"Without features, because empty or outside of the image: {', '.join(empty)}.")
    if cut:
        context.warn(f"Partly outside of the image, and described by the rest: {', '.join(cut)}.")
    return held


def _rows(image: Image, one: masks.NamedMask, settings: FeatureSettings, context: TaskContext) -> list[Row]:
    """Return a row per channel of the image."""
    count = len(image.array)
    rows = []
    for channel in range(count):
        found = features_of(image, one.mask, settings, channel=channel)
        name = image.channel_names[channel] if image.channel_names else str(channel + 1)
        rows.append({"segment": one.name, **({"channel": name} if count > 1 else {}), **found})
        _tell_undefined(f'"{one.name}"', found, context)
    return rows


def _tell_undefined(what: str, found: Mapping[str, float], context: TaskContext) -> None:
    undefined = [name for name, value in found.items() if math.isnan(value)]
    if undefined:
        first = undefined[0]
        count = f"{len(undefined)} features are" if len(undefined) > 1 else "One feature is"
        context.warn(f"{count} not defined for {what}, such as {first}: {extraction.why_undefined(first)}.")


def _of_cases(options: Mapping[str, Any], context: TaskContext) -> tuple[FeatureSettings, list[Row], list[Row]]:
    from AutoLabelLib.worker.tabular.case_features import features_of_cases
    from AutoLabelLib.worker.tabular.case_features import suited_settings as suited_settings_of_case
    from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases

    path, split = Path(str(options["cases"])), str(options.get("split") or "")
    if split and split not in SPLITS:
        raise InputError(f'There is no split "{split}".', f"Use one of: {', '.join(SPLITS)}.")
    cases = [case for case in read_labelled_cases(path) if not split or case.split == split]
    if not cases:
        raise InputError(
            f'No case of the list "{path.name}" is in the split "{split}".' if split else "The list has no cases.",
            "Check the list and its column split.",
        )
    settings = _chosen_settings(options, suited_settings_of_case(cases[0]))
    with context.phase("features"):
        found = features_of_cases(cases, settings, context)
    rows = [
        {
            "case": cases[number].name,
            "group": "" if cases[number].group == str(cases[number].images[0]) else cases[number].group,
            "split": cases[number].split,
            "label": cases[number].label,
            **{f"attribute:{name}": value for name, value in cases[number].attributes.items()},
            **dict(zip(found.names, map(float, values), strict=True)),
        }
        for number, values in zip(found.kept, found.table, strict=True)
    ]
    if found.failed:
        context.warn(f"{len(found.failed)} of {len(cases)} cases have no features.")
    return settings, rows, [{"case": name, "error": reason} for name, reason in found.failed]
