"""The verb `measure`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

from AutoLabelLib.api.around_segments import part_of_image, part_of_node
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segment_choice import ChosenSegments, SegmentNames, choose_segments
from AutoLabelLib.api.sources import Source, open_source, volume_node_of
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap

Findings = tuple[Finding, ...]

_AROUND_VOXELS = 4  # the worker looks around a segment to see what it lies in


@overload
def measure(
    source: Source, segmentation: Any, segment: SegmentNames = ..., *, wait: Literal[True] = ..., **options: Any
) -> Findings: ...
@overload
def measure(
    source: Source, segmentation: Any, segment: SegmentNames = ..., *, wait: Literal[False], **options: Any
) -> Pending[Findings]: ...
def measure(
    source: Source,
    segmentation: Any,
    segment: SegmentNames = None,
    *,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    show_axes: bool = False,
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
    **options: Any,
) -> Any:
    """Measure segments as radiologists do: long and short axis on the axial plane, volume, intensities, solid part.

    For nodes, the findings go into the scene's findings table, too: a segment that has a row keeps what a person wrote.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder.
        segmentation: Segmentation node, `Labelmap`, or path of a segmentation file.
        segment: Name of a segment (of a node also its id), several names, or None for all.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        show_axes: Whether the axes are shown as lines, for nodes.
        modality: DICOM modality, for images that do not say it; "CT" gives Hounsfield units.
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.
        **options: Of the worker's measurement task: solid, solid_above_hu.

    Returns:
        One finding per segment that is not empty; positions in RAS mm, where Slicer shows them.

    Raises:
        InputError: If something cannot be read, there is no such segment, or all segments are empty.
    """
    volume_node = volume_node_of(source)
    if volume_node is None:
        image = open_source(source, modality, series_uid, time_point)
        part, labelmap = part_of_image(image, choose_segments(segmentation, segment).labelmap, _AROUND_VOXELS)
        pending = _submit(part, labelmap, options, _findings)
    else:
        chosen = choose_segments(segmentation, segment, volume_node)
        pending = _submit_for_node(volume_node, chosen, modality, options, show_axes)
    return pending.handed_over(wait, on_progress)


def _submit(
    image: Image,
    labelmap: Labelmap,
    options: dict[str, Any],
    finish: Callable[[Result], Findings],
    remarks: tuple[str, ...] = (),
) -> Pending[Findings]:
    job = Job("measurement", images=(image,), labelmaps=(labelmap,), options=options)
    return Pending(default_worker().submit(job), finish, remarks)


def _findings(result: Result) -> Findings:
    return tuple(Finding.from_json(fields) for fields in result.values["findings"])


def _submit_for_node(
    volume_node: Any, chosen: ChosenSegments, modality: str, options: dict[str, Any], show_axes: bool
) -> Pending[Findings]:
    """Submit, and write into the findings table later; ids are held, because nodes may be gone by then."""
    from AutoLabelLib.scene.finding_axes import show_axes as show_lines
    from AutoLabelLib.scene.findings import add_findings
    from AutoLabelLib.scene.nodes import resolve
    from AutoLabelLib.scene.transforms import finding_in_world
    from AutoLabelLib.scene.volumes import remarks

    image, labelmap = part_of_node(volume_node, chosen.labelmap, modality, _AROUND_VOXELS)
    nodes = {node.GetID(): node.GetName() for node in (volume_node, chosen.node) if node is not None}

    def finish(result: Result) -> Findings:
        volume, *segmentations = (resolve(node_id, name=name) for node_id, name in nodes.items())
        findings = tuple(finding_in_world(finding, volume) for finding in _findings(result))
        if not segmentations:
            return findings
        segment_ids = [chosen.segment_ids[place] for place in result.values["segments"]]
        added = add_findings(findings, volume, segmentations[0], segment_ids)
        if show_axes:
            show_lines(added, volume.GetScene())
        return added

    return _submit(image, labelmap, options, finish, remarks(volume_node))
