"""The sentences of the panel Results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slicer.i18n import tr as _

from AutoLabelLib.gui.words import counted, duration
from AutoLabelLib.scene.provenance_report import SegmentReport

_SAID_ELSEWHERE = ("device",)  # the option is what was asked for, the tag what was taken
_PROMPTS = {
    "points": ("point", "points"),
    "boxes": ("box", "boxes"),
    "scribbles": ("scribble", "scribbles"),
    "lassos": ("lasso", "lassos"),
}
_SHORTEST_PHASE_SECONDS = 0.05
_DEFAULTS = (None, "auto", False)


def empty_text(is_chosen: bool, reports: Sequence[SegmentReport]) -> str:
    """Return why there is nothing to tell; "" if there is something."""
    if not is_chosen:
        return _("Nothing to show yet: segment a volume, or choose a segmentation of this scene.")
    if not reports:
        return _("This segmentation has no segments.")
    if not any(report.tags for report in reports):
        return _("AutoLabel made none of these segments.")
    return ""


def volume_text(volume_ml: float | None) -> str:
    """Return a volume with three significant digits or more: "0.164", "12.3", "1450"; a dash where nobody knows."""
    if volume_ml is None:
        return "–"
    if volume_ml == 0.0:
        return "0"
    for limit, decimals in ((1.0, 3), (10.0, 2), (100.0, 1)):
        if volume_ml < limit:
            return f"{volume_ml:.{decimals}f}"
    return f"{volume_ml:.0f}"


def details(report: SegmentReport) -> dict[str, str]:
    """Return what is told about how a segment was made, by the name of its field; "" for what does not apply."""
    tags = report.tags
    region = report.region_voxels
    return {
        "model": report.model,
        "date": _date(tags.get("Date", "")),
        "device": ", ".join(part for part in (tags.get("Device", ""), tags.get("Engine", "")) if part),
        "seconds": _seconds(report),
        "region": _("{size} voxels").format(size=" × ".join(map(str, region))) if region else "",
        "prompts": ", ".join(
            counted(n, *_PROMPTS[kind]) for kind, n in report.prompt_counts.items() if kind in _PROMPTS
        ),
        "options": ", ".join(
            f"{name}: {value}"
            for name, value in report.options.items()
            if name not in _SAID_ELSEWHERE and value not in _DEFAULTS
        ),
        "warnings": "\n".join(report.warnings),
    }


def _date(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def _seconds(report: SegmentReport) -> str:
    if report.seconds is None:
        return ""
    long = {name: seconds for name, seconds in report.phase_seconds.items() if seconds >= _SHORTEST_PHASE_SECONDS}
    phases = ", ".join(f"{name} {duration(seconds)}" for name, seconds in long.items())
    return f"{duration(report.seconds)} ({phases})" if phases else duration(report.seconds)
