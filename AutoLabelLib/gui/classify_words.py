"""The sentences of the panel Classify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import probability_text
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.words import counted, duration

SEGMENTS, CLICK, REGION, VOLUME = "segments", "click", "region", "volume"
ALL_SEGMENTS = ""
_MOST_CONTRIBUTIONS = 4
_MOST_FINDINGS = 8


def subjects(spec: ModelSpec | None, is_segment_there: bool = True) -> list[tuple[str, str]]:
    """Return what a model can judge: names for the program, and what a person reads; the most obvious first.

    Args:
        spec: The model.
        is_segment_there: Whether the scene has segments.
    """
    texts = {
        SEGMENTS: _("Segments"),
        CLICK: _("What I click"),
        REGION: _("A region"),
        VOLUME: _("The whole volume"),
    }
    if spec is None or spec.looks_at == "segment":
        names = [SEGMENTS, *([CLICK] if spec is None or spec.segmenter else [])]
        names.sort(key=lambda name: name == SEGMENTS and not is_segment_there)
    else:
        names = [VOLUME, REGION, SEGMENTS]
    return [(name, texts[name]) for name in names]


def methods() -> list[tuple[str, str]]:
    """Return the ways to explain: names for the program, and what a person reads."""
    return [
        ("integrated_gradients", _("Integrated gradients (fine)")),
        ("smoothgrad", _("SmoothGrad (fine, smoothed)")),
        ("occlusion", _("Occlusion (slow, most direct)")),
        ("gradcam", _("Grad-CAM (fast, coarse)")),
        ("gradcam++", _("Grad-CAM++ (several places)")),
    ]


def choices_of_models(specs: Iterable[ModelSpec], modality: str, channels: int) -> list[tuple[str, str]]:
    """Return models as choices, those for an image first; the others say what they are for.

    Args:
        specs: The models.
        modality: Of the image; "" where nobody knows.
        channels: Of the image.
    """
    listed = sorted(specs, key=lambda spec: not is_usable(spec, modality, channels))
    return [(spec.name, f"{spec.name} ({spec.modality or _('any modality')})") for spec in listed]


def is_usable(spec: ModelSpec, modality: str, channels: int) -> bool:
    """Return whether a model takes an image, as far as modality and channels tell."""
    return len(spec.channels) == channels and (not modality or spec.modality in ("", modality))


def model_text(spec: ModelSpec | None) -> str:
    """Return what a model is for, in one or two sentences."""
    if spec is None:
        return _("No model for classification is installed; train one, or add one in the panel Models.")
    classes = ", ".join(spec.classes)
    return _("{description} Says one of: {classes}.").format(description=spec.description, classes=classes)


def finding_text(finding: Finding, is_region: bool = False) -> str:
    """Return a finding in one line: "Lung nodule 1: malignant, probability 0.87"."""
    name = finding.segment or (_("Region") if is_region else _("Whole volume"))
    probability = probability_text(finding.score)
    label = finding.corrected_label or finding.label
    if finding.uncertain:
        return _("{name}: uncertain; {label} with probability {probability}").format(
            name=name, label=label, probability=probability
        )
    return _("{name}: {label}, probability {probability}").format(name=name, label=label, probability=probability)


def result_text(findings: Sequence[Finding], is_region: bool = False) -> str:
    """Return findings as lines, each with the reason for its doubt, if there is one."""
    lines = []
    for finding in findings[:_MOST_FINDINGS]:
        lines.append(finding_text(finding, is_region))
        if finding.uncertain:
            lines.append("   " + finding.uncertain)
    if len(findings) > _MOST_FINDINGS:
        lines.append(_("… and {count} more").format(count=len(findings) - _MOST_FINDINGS))
    return "\n".join(lines)


def classified_text(findings: Sequence[Finding], seconds: float, warnings: Sequence[str]) -> str:
    """Return what a job did, for the status row."""
    count = counted(len(findings), _("finding"), _("findings"))
    return " ".join([_("{findings} in {time}.").format(findings=count, time=duration(seconds)), *warnings])


def explained_text(values: Mapping[str, Any]) -> str:
    """Return what a map of heat is about, whether it can be believed, and what the features add.

    Args:
        values: Of the result of the task "explanation".
    """
    parts = [_("What speaks for “{target}”.").format(target=values["target"])]
    deletion = values.get("deletion") or {}
    if {"area", "random_area"} <= set(deletion):
        marked, by_chance = float(deletion["area"]), float(deletion["random_area"])
        verdict = _("the map is better than chance") if marked < by_chance else _("the map is no better than chance")
        parts.append(
            _("Taking the marked places out leaves {marked:.3f} of the score, random ones {chance:.3f}: {so}.").format(
                marked=marked, chance=by_chance, so=verdict
            )
        )
    contributions = [str(entry["words"]) for entry in values.get("contributions", ()) if "words" in entry]
    lines = [" ".join(parts)]
    if contributions:
        lines.append(_("What its measured features add:"))
        lines += ["• " + words for words in contributions[:_MOST_CONTRIBUTIONS]]
    return "\n".join(lines)
