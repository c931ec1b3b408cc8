"""The verb `segment`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, overload

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.sources import Region, Source, open_part, volume_node_of
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.crop import Part
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Point, Prompts

PromptsLike = Prompts | Sequence[Sequence[float]] | None
"""Prompts, or a list of positive points in RAS mm."""


@overload
def segment(
    source: Source, model: str | Path, prompts: PromptsLike = ..., *, wait: Literal[True] = ..., **options: Any
) -> Any: ...
@overload
def segment(
    source: Source, model: str | Path, prompts: PromptsLike = ..., *, wait: Literal[False], **options: Any
) -> Pending[Any]: ...
def segment(
    source: Source,
    model: str | Path,
    prompts: PromptsLike = None,
    *,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    roi: Region = None,
    segmentation: Any = None,
    same_name: str = "replace",
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
    **options: Any,
) -> Any:
    """Segment an image with a model; a node gives a segmentation node, anything else a `Labelmap`.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder, or a list of those (channels).
        model: Name of an installed model, or folder of a MONAI bundle.
        prompts: What was pointed at: `Prompts`, or a list of positive points (x, y, z) in RAS mm.
        wait: If False, return a `Pending` at once; `wait()` on it then gives the result.
        on_progress: Called with each `Progress`, in the calling thread.
        roi: Segment only the smallest box of voxels around this: a markups ROI node for a node, else a
            `core.prompt.Box`. The result is on the whole grid.
        segmentation: Segmentation node to add to, for a node; None makes a new one.
        same_name: For segments that are already there by this name: "replace" them or "add" new ones beside.
        modality: DICOM modality, for images that do not say it.
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.
        **options: Of the worker's segmentation task: device, engine, overlap, mirror, and structures: names of the
            model's segments, where not all are wanted.

    Raises:
        InputError: If the source cannot be used.
        ModelError: If the model is missing, altered, not approved, or does not take this image.
        WorkerError: If the computation failed.
    """
    spec = catalogue.find(model)
    part = open_part(source, roi, modality, series_uid, time_point)
    given = as_prompts(prompts)
    volume_node = volume_node_of(source)
    if volume_node is None:
        pending = _submit(spec, part, given, options, _labelmap)
    else:
        pending = _submit_for_node(volume_node, spec, part, given, options, segmentation, same_name)
    return pending.handed_over(wait, on_progress)


def as_prompts(prompts: PromptsLike) -> Prompts:
    """Return whatever a user may pass as prompts as `Prompts`."""
    if isinstance(prompts, Prompts):
        return prompts
    return Prompts(points=tuple(Point((p[0], p[1], p[2])) for p in prompts or ()))


def _labelmap(result: Result) -> Labelmap:
    return result.labelmaps[0]


def _submit(
    spec: ModelSpec,
    part: Part,
    prompts: Prompts,
    options: dict[str, Any],
    finish: Callable[[Result], Any],
    remarks: tuple[str, ...] = (),
) -> Pending[Any]:
    spec.check(part.image, prompts)  # before a worker is started or a voxel is sent
    job = Job("segmentation", str(spec.folder), (part.image,), prompts=prompts, options=options)
    return Pending(default_worker().submit(job), finish, remarks, lambda result: _of_whole(result, part))


def _of_whole(result: Result, part: Part) -> Result:
    """Return the result for a part of an image as one for all of it, which says which part was looked at."""
    if part.box is None:
        return result
    provenance = {**result.provenance, "region": asdict(part.box)}
    labelmaps = tuple(part.whole(labelmap) for labelmap in result.labelmaps)
    return replace(result, labelmaps=labelmaps, provenance=provenance)


def _submit_for_node(
    volume_node: Any,
    spec: ModelSpec,
    part: Part,
    prompts: Prompts,
    options: dict[str, Any],
    segmentation: Any,
    same_name: str,
) -> Pending[Any]:
    """Submit, and write the result into the scene later; ids are held, because nodes may be gone by then."""
    from AutoLabelLib.scene.nodes import resolve
    from AutoLabelLib.scene.segmentations import show_result
    from AutoLabelLib.scene.transforms import prompts_for_image
    from AutoLabelLib.scene.volumes import grid_of, remarks

    volume_id, grid = volume_node.GetID(), grid_of(volume_node)
    segmentation_id = segmentation.GetID() if segmentation is not None else None
    names = {node.GetID(): node.GetName() for node in (volume_node, segmentation) if node is not None}

    def finish(result: Result) -> Any:
        for node_id, name in names.items():
            resolve(node_id, name=name)  # an error that says what the user calls it
        return show_result(result, spec, volume_id, segmentation_id, same_name, grid)

    return _submit(spec, part, prompts_for_image(prompts, volume_node), options, finish, remarks(volume_node))
