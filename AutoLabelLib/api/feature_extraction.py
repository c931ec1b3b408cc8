"""The verb `features`: handcrafted features of segments, by the names of the IBSI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.api.around_segments import part_of_image, part_of_node
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segment_choice import SegmentNames, choose_segments
from AutoLabelLib.api.sources import Source, open_source, volume_node_of
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap

Rows = list[dict[str, Any]]

_AROUND_MM = 20.0  # no family looks further, unless a wider Laplacian is asked for
_WIDTHS_AROUND = 5.0  # of a Laplacian of Gaussian


@overload
def features(
    source: Source, segmentation: Any, segment: SegmentNames = ..., *, wait: Literal[True] = ..., **options: Any
) -> Any: ...
@overload
def features(
    source: Source, segmentation: Any, segment: SegmentNames = ..., *, wait: Literal[False], **options: Any
) -> Pending[Any]: ...
def features(
    source: Source,
    segmentation: Any,
    segment: SegmentNames = None,
    *,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
    **options: Any,
) -> Any:
    """Describe segments in figures: intensities, shape and texture; a table node for a node, else rows.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder.
        segmentation: Segmentation node, `Labelmap`, or path of a segmentation file.
        segment: Name of a segment (of a node also its id), several names, or None for all.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        modality: DICOM modality, for images that do not say it; a CT gets grey levels of 25 HU.
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.
        **options: Of the worker's task: families, bin_width or bin_count, intensity_range, resample_mm, log_sigmas_mm.

    Returns:
        For a node a table node with a row per feature and a column per segment. Else one mapping per segment, from
        "segment" and each feature's name to its value; None where a feature is not defined.

    Raises:
        InputError: If something cannot be read or is not known, there is no such segment, or all segments are empty.
    """
    volume_node = volume_node_of(source)
    if volume_node is None:
        image = open_source(source, modality, series_uid, time_point)
        labelmap = choose_segments(segmentation, segment).labelmap
        image, labelmap = part_of_image(image, labelmap, _margin_voxels(labelmap, options))
        pending = _submit(image, labelmap, options, lambda result: list(result.values["rows"]))
    else:
        pending = _submit_for_node(volume_node, segmentation, segment, modality, options)
    return pending.handed_over(wait, on_progress)


def features_of_cases(
    cases: str | Path, *, wait: bool = True, on_progress: Callable[[Progress], None] | None = None, **options: Any
) -> Any:
    """Describe the object of each case of a list in figures.

    Args:
        cases: List of labelled cases (CSV or JSON), with the columns image, mask, label and so on.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        **options: As for `features`, and split ("train", "validation" or "test").

    Returns:
        A mapping with rows (one per case), meanings (of each feature) and failed (cases without features, and why).
    """
    job = Job("features", options={"cases": str(Path(cases).resolve()), **options})
    pending: Pending[Any] = Pending(default_worker().submit(job), lambda result: dict(result.values))
    return pending.handed_over(wait, on_progress)


def table_of(rows: Rows, meanings: Mapping[str, str]) -> Rows:
    """Return the rows of segments as one row per feature, for people: its name, its value per segment, its meaning."""
    titles: list[str] = []
    for row in rows:
        title = " ".join(filter(None, (row["segment"], row.get("channel", ""))))
        titles.append(title if title not in titles else f"{title} ({len(titles) + 1})")
    return [
        {
            "feature": name,
            **{title: row.get(name) for title, row in zip(titles, rows, strict=True)},
            "meaning": meaning,
        }
        for name, meaning in meanings.items()
    ]


def _submit(
    image: Image,
    labelmap: Labelmap,
    options: dict[str, Any],
    finish: Callable[[Result], Any],
    remarks: tuple[str, ...] = (),
) -> Pending[Any]:
    job = Job("features", images=(image,), labelmaps=(labelmap,), options=options)
    return Pending(default_worker().submit(job), finish, remarks)


def _submit_for_node(
    volume_node: Any, segmentation: Any, segment: SegmentNames, modality: str, options: dict[str, Any]
) -> Pending[Any]:
    """Submit the part of a volume around the segments; the table is made in the scene when the features are there."""
    from AutoLabelLib.scene.tables import table_from_rows
    from AutoLabelLib.scene.volumes import remarks

    labelmap = choose_segments(segmentation, segment, volume_node).labelmap
    image, part = part_of_node(volume_node, labelmap, modality, _margin_voxels(labelmap, options))
    name, scene = f"{volume_node.GetName()} features", volume_node.GetScene()

    def finish(result: Result) -> Any:
        rows = table_of(list(result.values["rows"]), result.values["meanings"])
        return table_from_rows(name, rows, scene=scene)

    return _submit(image, part, options, finish, remarks(volume_node))


def _margin_voxels(labelmap: Labelmap, options: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return how far (3,) around segments the features look, and a little more."""
    widths_mm = options.get("log_sigmas_mm") or ()
    around_mm = max([_AROUND_MM, *(_WIDTHS_AROUND * float(width) for width in widths_mm)])
    return np.ceil(around_mm / np.asarray(labelmap.spacing_mm)).astype(np.int64) + 2
