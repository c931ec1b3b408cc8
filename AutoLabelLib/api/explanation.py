"""The verb `explain`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

from AutoLabelLib.api.classification import corners_of
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segment_choice import choose_segments
from AutoLabelLib.api.segmentation import PromptsLike, as_prompts
from AutoLabelLib.api.sources import Region, Source, open_part, volume_node_of
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.crop import Part
from AutoLabelLib.core.heat import Heat
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompts


@overload
def explain(
    source: Source, model: str | Path, method: str = ..., *, wait: Literal[True] = ..., **options: Any
) -> Any: ...
@overload
def explain(
    source: Source, model: str | Path, method: str = ..., *, wait: Literal[False], **options: Any
) -> Pending[Any]: ...
def explain(
    source: Source,
    model: str | Path,
    method: str = "integrated_gradients",
    *,
    segmentation: Any = None,
    segment: str | None = None,
    prompts: PromptsLike = None,
    target: str | None = None,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    roi: Region = None,
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
    **options: Any,
) -> Any:
    """Show where in an image is what speaks for a segment or a class; a node gives a volume node, anything else `Heat`.

    A classifier of handcrafted features alone gives no heat but what each feature adds: a plot chart node for a node,
    else a tuple of mappings with the keys feature, value, typical, effect (log-odds) and words, the strongest first. A
    network that reads features gives both: `Heat.contributions`, or a chart beside the volume node.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder, or a list of those (channels).
        model: Name of an installed model, or folder of a MONAI bundle: for segmentation or for classification.
        method: "gradcam", "gradcam++", "integrated_gradients", "occlusion" or "smoothgrad". Deletion tells how far one
            can be believed; it confirms the default on the bundled networks, and the first two on some of them only.
        segmentation: Segmentation node, `Labelmap` or path: what is explained, or what the classifier judges. Without
            one the model segments first; a classifier's segmenter does so at the prompts.
        segment: Name of the segment; None for the largest.
        prompts: What the model is told: `Prompts`, or a list of positive points (x, y, z) in RAS mm.
        target: What is explained: a segment of a segmentation model, or a class of a classifier; None for what the
            model says.
        wait: If False, return a `Pending` at once; `wait()` on it then gives the heat.
        on_progress: Called with each `Progress`, in the calling thread.
        roi: Only the smallest box of voxels around this: a markups ROI node for a node, else a `core.prompt.Box`. For a
            classifier what it judges, as in `classify`, where there is neither segmentation nor prompt.
        modality: DICOM modality, for images that do not say it.
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.
        **options: Of the worker's explanation task: device, layer, steps, samples, noise, box_voxels, baseline,
            deletion, draws, seed, and plot, the path of a PNG with the contributions as bars.

    Raises:
        InputError: If there is nothing to be explained, or an option is not usable.
        ModelError: If the model cannot be used, or does not take this image.
        WorkerError: If the computation failed.
    """
    spec = catalogue.find(model)
    volume_node = volume_node_of(source)
    if spec.task == "classification" and roi is not None and segmentation is None and not prompts:
        options["box"] = corners_of(roi, volume_node)
        roi = None  # not cut out: the classifier may look at what is around, too
    part = open_part(source, roi, modality, series_uid, time_point)
    labelmap = choose_segments(segmentation, segment, volume_node).labelmap if segmentation is not None else None
    options = {**options, "method": method, "segment": None if labelmap else segment, "target": target}
    given = {name: value for name, value in options.items() if value is not None}
    if volume_node is None:
        pending = _submit(spec, part, as_prompts(prompts), labelmap, given, _heat)
    else:
        pending = _submit_for_node(volume_node, spec, part, as_prompts(prompts), labelmap, given)
    return pending.handed_over(wait, on_progress)


def _submit(
    spec: ModelSpec,
    part: Part,
    prompts: Prompts,
    labelmap: Labelmap | None,
    options: dict[str, Any],
    finish: Callable[[Result], Any],
    remarks: tuple[str, ...] = (),
) -> Pending[Any]:
    spec.check_form(part.image)  # before a worker is started or a voxel is sent
    labelmaps = () if labelmap is None else (labelmap,)
    job = Job("explanation", str(spec.folder), (part.image,), labelmaps, prompts, options)
    return Pending(default_worker().submit(job), finish, remarks, lambda result: _of_whole(result, part))


def _of_whole(result: Result, part: Part) -> Result:
    return replace(
        result,
        images=tuple(part.whole_image(image) for image in result.images),
        labelmaps=tuple(part.whole(labelmap) for labelmap in result.labelmaps),
    )


def _heat(result: Result) -> Any:
    return Heat.of(result) if result.images else tuple(result.values["contributions"])


def _submit_for_node(
    volume_node: Any,
    spec: ModelSpec,
    part: Part,
    prompts: Prompts,
    labelmap: Labelmap | None,
    options: dict[str, Any],
) -> Pending[Any]:
    """Submit, and write the result into the scene later; ids are held, because nodes may be gone by then."""
    from AutoLabelLib.core.provenance import segment_tags
    from AutoLabelLib.scene.contribution_plots import attach_chart, show_contributions
    from AutoLabelLib.scene.heatmaps import show_heatmap
    from AutoLabelLib.scene.nodes import resolve
    from AutoLabelLib.scene.transforms import prompts_for_image
    from AutoLabelLib.scene.volumes import grid_of, remarks

    volume_id, volume_name, grid = volume_node.GetID(), volume_node.GetName(), grid_of(volume_node)

    def finish(result: Result) -> Any:
        node = resolve(volume_id, "vtkMRMLVolumeNode", name=volume_name)
        target, contributions = result.values["target"], result.values["contributions"]
        of_what = labelmap.segments[0].name if labelmap is not None and spec.task == "classification" else volume_name
        name = f"{of_what}: {target} ({result.values['method']})"
        chart = show_contributions(contributions, target, f"{of_what}: features") if contributions else None
        if not result.images:
            return chart
        heatmap = show_heatmap(node, result.images[0], name, segment_tags(result, spec), grid)
        if chart is not None:
            attach_chart(heatmap, chart)
        return heatmap

    given = prompts_for_image(prompts, volume_node)
    return _submit(spec, part, given, labelmap, options, finish, remarks(volume_node))
