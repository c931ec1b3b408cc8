"""The task "measurement": what a radiologist would measure on each segment of a labelmap.

Takes one image and one labelmap; one on another grid is brought onto the image's.

Options:
    solid: Whether the solid part is measured; null (default): in CT, of what lies in lung.
    solid_above_hu: What counts as solid (default -300 HU).

Values of the result, all JSON:
    findings: One per segment that is not empty; see `Finding`.
    segments: For each finding the place of its segment in the labelmap, from 0 (names may occur twice).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.finding import Finding, now
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.comparison import on_grid_of
from AutoLabelLib.worker.measurement.of_segment import SOLID_ABOVE_HU, measured, with_measurements

_OPTIONS = ("solid", "solid_above_hu")


def run(job: Job, context: TaskContext) -> Result:
    """Measure every segment; an empty one is told in a warning, unless all are.

    Raises:
        InputError: If there is not one image and one labelmap, an option cannot be used, or all segments are empty.
        UnsupportedVolumeError: If a segment covers voxels that are NaN or infinite.
    """
    options = _checked(job.options)
    if len(job.images) != 1 or len(job.labelmaps) != 1:
        raise InputError("A measurement needs one image and one segmentation.")
    labelmap = _on_grid(job.labelmaps[0], job.images[0], context)
    findings, places, empty = [], [], []
    with context.phase("measure"):
        for place, segment in enumerate(labelmap.segments):
            context.progress(place / len(labelmap.segments), f"measuring {place + 1} of {len(labelmap.segments)}")
            mask = labelmap.mask(segment)
            if mask.any():
                findings.append(_finding(segment, job.images[0], mask, options).to_json())
                places.append(place)
            else:
                empty.append(segment.name)
    if not findings:
        raise InputError(_all_empty(empty), "Segment something first, or choose another segment.")
    if empty:
        context.warn(f"Not measured, because empty: {', '.join(empty)}.")
    context.progress(1.0, "done")
    values = {"findings": findings, "segments": places}
    return Result(job.id, (), (), values, tuple(context.warnings), dict(context.phase_seconds), {"options": options})


def _finding(segment: Segment, image: Image, mask: Any, options: Mapping[str, Any]) -> Finding:
    found = measured(image, mask, **options)
    finding = Finding(found.center_ras_mm, found.size_mm, 1.0, "", segment=segment.name, created=now())
    return with_measurements(finding, found, segment.code)


def _on_grid(labelmap: Labelmap, image: Image, context: TaskContext) -> Labelmap:
    try:
        return on_grid_of(labelmap, image)
    except GeometryError:
        context.warn("The segmentation lies on another grid than the image, onto which it was resampled.")
        return on_grid_of(labelmap, image, resample=True)


def _all_empty(names: list[str]) -> str:
    if len(names) == 1:
        return f'The segment "{names[0]}" is empty: there is nothing to measure.'
    return "All segments are empty: there is nothing to measure." if names else "There are no segments to measure."


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise InputError(f'A measurement has no option "{unknown[0]}".', f"It has: {', '.join(_OPTIONS)}.")
    solid, above = options.get("solid"), options.get("solid_above_hu", SOLID_ABOVE_HU)
    if solid is not None and not isinstance(solid, bool):
        raise InputError(f"solid must be true or false, got {solid!r}.")
    if isinstance(above, bool) or not isinstance(above, (int, float)) or not -1000 <= above <= 1000:
        raise InputError(f"solid_above_hu must be a number from -1000 to 1000 HU, got {above!r}.")
    return {"solid": solid, "solid_above_hu": float(above)}
