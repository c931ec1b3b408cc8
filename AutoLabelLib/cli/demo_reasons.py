"""What the demonstration adds to the outlines: what a classifier calls each nodule, and what speaks for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from AutoLabelLib.cli.demonstration import Demonstration
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import probability_text
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box

if TYPE_CHECKING:
    from AutoLabelLib.api import Pending
    from AutoLabelLib.core.job import Result
    from AutoLabelLib.core.model import ModelSpec

METHOD = "integrated_gradients"
_AROUND_MM = 40.0  # on each side of a nodule: more than any classifier of nodules looks at


def with_reasons(
    demonstration: Demonstration,
    spec: ModelSpec,
    follow: Callable[[Pending[Any], str], tuple[Any, Result]],
    **options: Any,
) -> Demonstration:
    """Return a demonstration whose nodules are classified and explained; one that was not found is left out.

    Args:
        demonstration: With the outlines.
        spec: A classifier of segments.
        follow: Waits for a running job, given a word about it, and returns its output and result.
        **options: Of the worker, such as device.
    """
    from AutoLabelLib import api

    image, labelmap = demonstration.phantom.image, demonstration.labelmap
    model = spec.folder or spec.name
    found = [segment.name for segment in labelmap.segments if labelmap.mask(segment).any()]
    if not found:
        return demonstration
    given: dict[str, Any] = {"segmentation": labelmap, "wait": False, **options}
    classified, result = follow(api.classify(image, model, segment=found, **given), "classifying")
    heat = np.zeros(image.array.shape, np.float32)
    for finding in classified.findings:
        pending = api.explain(
            image, model, METHOD, segment=finding.segment, target=finding.label, roi=_around(finding), **given
        )
        explained, _ = follow(pending, f"explaining {finding.segment}")
        np.maximum(heat, explained.array, out=heat)
    return replace(
        demonstration,
        findings={finding.segment: finding for finding in classified.findings},
        heat=Image(heat, image.affine, channel_names=("heat",)),
        warnings=tuple(dict.fromkeys((*demonstration.warnings, *result.warnings))),
    )


def _around(finding: Finding) -> Box:
    center, half = np.asarray(finding.center_ras_mm), np.asarray(finding.size_mm) / 2 + _AROUND_MM
    (x, y, z), (u, v, w) = (center - half).tolist(), (center + half).tolist()
    return Box((x, y, z), (u, v, w))


def verdict(finding: Finding | None) -> str:
    """Return what a classifier says in a few words: "benign 0.93", "uncertain 0.55"; "" where there is none."""
    if finding is None:
        return ""
    return f"{'uncertain' if finding.uncertain else finding.label} {probability_text(finding.score)}"
