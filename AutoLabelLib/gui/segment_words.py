"""The sentences of the panel Segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.gui.words import counted, duration
from AutoLabelLib.scene.provenance_report import segment_reports
from AutoLabelLib.scene.segment_measures import volumes_ml


def device_names() -> list[tuple[str, str]]:
    """Return the devices that the worker knows: their names there, and what a person reads."""
    return [
        ("auto", _("Automatic")),
        ("cpu", _("Processor (CPU)")),
        ("cuda", _("NVIDIA graphics card (CUDA)")),
        ("mps", _("Apple graphics card (MPS)")),
    ]


def policy_text(segmentation: str, same_name: str) -> str:
    """Return what becomes of segments that are there already.

    Args:
        segmentation: Name of the segmentation that is added to; "" for a new one.
        same_name: "replace" or "add".
    """
    if not segmentation:
        return _("The segments go into a new segmentation; nothing else changes.")
    if same_name == "add":
        return _("All segments of “{name}” stay; a new one of the same name gets a number.").format(name=segmentation)
    return _("Segments of “{name}” with the same name get the new voxels; all others stay.").format(name=segmentation)


def done_text(segmentation_node: Any, job: str, seconds: float, warnings: Sequence[str]) -> str:
    """Return what a job did and how long it took: "2 segments in 3.1 s."; and what it did not find.

    Args:
        segmentation_node: Where the segments went.
        job: Id of the job.
        seconds: From the click to the end.
        warnings: What the user should know.
    """
    volumes = volumes_ml(segmentation_node)
    made = [report for report in segment_reports(segmentation_node) if report.job == job]
    empty = [report.name for report in made if volumes.get(report.segment_id) == 0.0]
    segments = counted(len(made) - len(empty), _("segment"), _("segments"))
    parts = [_("{segments} in {time}.").format(segments=segments, time=duration(seconds))]
    if empty:
        parts.append(_("Not found: {names}.").format(names=", ".join(empty)))
    return " ".join([*parts, *warnings])
