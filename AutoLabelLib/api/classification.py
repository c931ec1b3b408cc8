"""The verb `classify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segment_choice import SegmentNames, choose_segments
from AutoLabelLib.api.segmentation import PromptsLike, as_prompts
from AutoLabelLib.api.sources import Region, Source, is_node, open_source, volume_node_of
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Box, Prompts


@dataclass(frozen=True, eq=False)
class Classified:
    """What a classifier said.

    Attributes:
        findings: One per object, each with its label, probabilities, ratings, and why it may be uncertain.
        result: The worker's own result, with provenance and times.
        warnings: What the caller should know, one sentence each.
        labelmap: What was segmented from a click, for a source that is no node.
        segmentation_node: Segmentation node that holds the segments, for a node.
        table_node: The scene's findings table, for a node.
    """

    findings: tuple[Finding, ...]
    result: Result
    warnings: tuple[str, ...] = ()
    labelmap: Labelmap | None = None
    segmentation_node: Any = None
    table_node: Any = None

    @property
    def probabilities(self) -> Mapping[str, float]:
        """Probability per class, of the first finding."""
        return self.findings[0].class_probabilities


def classify(
    source: Source,
    model: str | Path,
    *,
    segmentation: Any = None,
    segment: SegmentNames = None,
    roi: Region = None,
    prompts: PromptsLike = None,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
    **options: Any,
) -> Any:
    """Say what segments, the thing at a click, a region or a whole image is, and how probable that is.

    For nodes, the findings go into the scene's findings table, and onto the segments as tags.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder, or a list of those (channels).
        model: Name of an installed model for classification, or folder of a MONAI bundle.
        segmentation: What holds the segments: segmentation or labelmap volume node, `Labelmap`, or path.
        segment: Which of its segments: a name (of a node also an id), several, or None for all.
        roi: Region to judge where there is no segmentation: a markups ROI node for a node, else a `core.prompt.Box`.
        prompts: Where to click: the model's segmenter segments there first. `Prompts`, or a list of positive points
            (x, y, z) in RAS mm. With a segmentation node, the new segment is added to it.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        modality: DICOM modality, for images that do not say it.
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.
        **options: Of the worker's classification task: device, tta.

    Returns:
        A `Classified`.

    Raises:
        InputError: If something cannot be read, there is no such segment, it is empty, or a click hits nothing.
        ModelError: If the model is missing, altered, not approved, not for classification, or not for this image.
        WorkerError: If the computation failed.
    """
    spec, given = catalogue.find(model), as_prompts(prompts)
    _check(spec, given, segmentation)
    volume_node = volume_node_of(source)
    image = open_source(source, modality, series_uid, time_point)
    spec.check(image)  # before a worker is started or a voxel is sent
    chosen = choose_segments(segmentation, segment, volume_node) if segmentation is not None and not given else None
    if roi is not None and chosen is None:
        options["box"] = corners_of(roi, volume_node)
    remarks: tuple[str, ...] = ()
    finish: Callable[[Result], Classified] = _classified
    if volume_node is not None:
        from AutoLabelLib.api.classified_nodes import finish_for_nodes
        from AutoLabelLib.scene.transforms import prompts_for_image
        from AutoLabelLib.scene.volumes import remarks as remarks_of

        remarks, given = remarks_of(volume_node), prompts_for_image(given, volume_node)
        finish = finish_for_nodes(spec, volume_node, segmentation, chosen, remarks)
    labelmaps = (chosen.labelmap,) if chosen is not None else ()
    job = Job("classification", str(spec.folder), (image,), labelmaps, given, options)
    pending = Pending(default_worker().submit(job), finish, remarks)
    return pending.handed_over(wait, on_progress)


def findings_of(result: Result) -> tuple[Finding, ...]:
    """Return the findings of a classification's result."""
    return tuple(Finding.from_json(fields) for fields in result.values["findings"])


def _classified(result: Result) -> Classified:
    labelmap = result.labelmaps[0] if result.labelmaps else None
    return Classified(findings_of(result), result, result.warnings, labelmap)


def _check(spec: ModelSpec, prompts: Prompts, segmentation: Any) -> None:
    """Refuse what cannot go well, before anything is opened."""
    if spec.task != "classification":
        raise ContractError(
            f'"{spec.name}" is a model for {spec.task}, not for classification.',
            "See: autolabel models --task classification",
        )
    if prompts and not spec.segmenter:
        raise ContractError(
            f'"{spec.name}" judges a {spec.looks_at}, and names no model that could segment from a click.',
            "Segment the object first, and give the segmentation.",
        )
    if prompts and segmentation is not None and not is_node(segmentation):
        raise InputError("Give either a segmentation or prompts, not both.")


def corners_of(roi: Region, volume_node: Any) -> list[list[float]]:
    """Return two opposite corners of a region in RAS mm, in the frame of the image."""
    if volume_node is not None and is_node(roi):
        from AutoLabelLib.scene.regions import ras_box_of_roi

        roi = ras_box_of_roi(roi, volume_node)
    if not isinstance(roi, Box):
        raise InputError(
            f"Expected a Box or a markups ROI node as the region, got {type(roi).__name__}.",
            "Make one from two opposite corners: AutoLabelLib.core.prompt.Box((r, a, s), (r, a, s)).",
        )
    return [list(roi.low_ras_mm), list(roi.high_ras_mm)]
