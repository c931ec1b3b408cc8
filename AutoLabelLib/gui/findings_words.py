"""The words of the panel Findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slicer.i18n import tr as _

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import probability_text, sentence, size_text
from AutoLabelLib.gui.results_words import volume_text
from AutoLabelLib.gui.words import counted, duration
from AutoLabelLib.scene.finding_rows import FindingRow


def cells(row: FindingRow) -> tuple[str, ...]:
    """Return what a row shows: segment, label, probability, axes, volume and note."""
    finding = row.finding
    doubt = " ?" if finding.uncertain and not finding.corrected_label else ""
    name = finding.segment or _("whole volume")
    return (
        _("{segment} (removed)").format(segment=name) if row.is_segment_removed else name,
        finding.final_label,
        f"{probability_text(finding.score)}{doubt}" if finding.model else "",
        size_text(finding.measurements).removesuffix(" mm"),
        volume_text(finding.measurements["volume_ml"]) if "volume_ml" in finding.measurements else "",
        " ".join(finding.note.split()),
    )


def tool_tip(row: FindingRow) -> str:
    """Return what is shown of a row while the mouse rests on it."""
    parts = [f"{sentence(row.finding)}."]
    if row.is_segment_removed:
        parts.append(_("Its segment was removed."))
    if row.finding.note:
        parts.append(row.finding.note)
    return "\n".join(parts)


def details(row: FindingRow) -> str:
    """Return what stands below the sentence of a finding: its note, who wrote it, what the model said."""
    finding = row.finding
    lines = [_("Its segment was removed; the measurements are those of then.")] if row.is_segment_removed else []
    if finding.note:
        lines.append(finding.note)
    if finding.edited:
        written = _("Edited by {author}, {date}") if finding.author else _("Edited {date}")
        lines.append(written.format(author=finding.author, date=_date(finding.edited)))
    if finding.corrected_label and finding.label:
        said = _("{model} said: {label}, probability {probability}")
        probability = probability_text(finding.score)
        lines.append(said.format(model=finding.model, label=finding.label, probability=probability))
    elif finding.model:
        lines.append(_("By {model}, {date}").format(model=finding.model, date=_date(finding.created)))
    return "\n".join(lines)


def report(findings: tuple[Finding, ...]) -> str:
    """Return the sentences of findings, a line each, with their notes."""
    return "\n".join(f"{sentence(f)}. {f.note}".rstrip() for f in findings)


def empty_text(has_segmentation: bool) -> str:
    """Return what to do where there are no findings yet."""
    if has_segmentation:
        return _("No findings yet: click Measure to measure every segment of this segmentation.")
    return _("No findings yet: segment something, or choose a segmentation above; then click Measure.")


def measured_text(count: int, seconds: float, warnings: Sequence[str]) -> str:
    """Return what was measured, how long it took, and what the user should know."""
    segments = counted(count, _("segment"), _("segments"))
    text = _("Measured {segments} in {time}.").format(segments=segments, time=duration(seconds))
    return " ".join([text, *warnings])


def deleted_text(finding: Finding) -> str:
    """Return what was deleted."""
    name = finding.segment or finding.final_label
    return _("Deleted the finding “{name}”.").format(name=name) if name else _("Deleted the finding.")


def _date(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text
