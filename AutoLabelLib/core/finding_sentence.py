"""A finding in one plain sentence, as a report would have it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.model import Attribute

_WHOLE_FROM_MM = 3.0  # as reports do; below, half a millimetre would be a sixth


def sentence(finding: Finding, attributes: tuple[Attribute, ...] | None = None) -> str:
    """Return what was found, how large it is, and what it is: without a full stop, good for any organ.

    Args:
        finding: The finding.
        attributes: What its model rates, for the scales ("4 of 5"), without which a rating is a number alone; None asks
            the model, if it is installed.

    Such as "Nodule in segment 'Lung nodule 1', 12 × 9 mm on axial image, 0.62 ml, mean 34 HU, 95 % solid; malignant
    with probability 0.87, spiculation 4 of 5".
    """
    found = ", ".join([_where(finding), *_measured(finding.measurements)])
    scales = _attributes_of(finding.model.partition(" ")[0]) if attributes is None else attributes
    judged = ", ".join([*_judged(finding), *_rated(finding.attributes, scales)])
    return "; ".join(part for part in (found, judged, _doubt(finding)) if part)


def size_text(measurements: Mapping[str, float]) -> str:
    """Return long and short axis as reports do, "12 × 9 mm"; "" where they were not measured."""
    long_mm, short_mm = measurements.get("long_axis_mm"), measurements.get("short_axis_mm")
    if long_mm is None or short_mm is None:
        return ""
    decimals = 0 if short_mm >= _WHOLE_FROM_MM else 1
    return f"{long_mm:.{decimals}f} × {short_mm:.{decimals}f} mm"


def volume_text(volume_ml: float) -> str:
    """Return a volume with three significant digits, but no zeros that say nothing: "0.62 ml", "1450 ml"."""
    if volume_ml >= 100:
        return f"{volume_ml:.0f} ml"
    return f"{volume_ml:.3g} ml" if volume_ml >= 0.001 else f"{1000 * volume_ml:.2g} mm³"


def intensity_text(measurements: Mapping[str, float]) -> str:
    """Return the mean intensity with its unit, "34 HU"; "" where it was not measured, or of several channels."""
    if "mean_hu" in measurements:
        return f"{measurements['mean_hu']:.0f} HU".replace("-", "−")
    return f"{measurements['mean_intensity']:.4g}" if "mean_intensity" in measurements else ""


def probability_text(probability: float) -> str:
    """Return a probability with two decimals, which never says that something is certain."""
    return "> 0.99" if probability > 0.99 else "< 0.01" if probability < 0.01 else f"{probability:.2f}"


def _where(finding: Finding) -> str:
    if finding.structure and finding.segment:
        return f"{finding.structure} in segment '{finding.segment}'"
    if finding.segment:
        return f"Segment '{finding.segment}'"
    return finding.structure or "Finding"


def _measured(values: Mapping[str, float]) -> list[str]:
    texts = []
    if size := size_text(values):
        texts.append(f"{size} on axial image")
    if "volume_ml" in values:
        texts.append(volume_text(values["volume_ml"]))
    if intensity := intensity_text(values):
        texts.append(f"mean {intensity}" if "mean_hu" in values else f"mean intensity {intensity}")
    if "solid_percent" in values:
        texts.append(f"{values['solid_percent']:.0f} % solid")
    if values.get("parts", 1) > 1:
        texts.append(f"in {values['parts']:.0f} parts")
    return texts


def _judged(finding: Finding) -> list[str]:
    if finding.corrected_label:
        return [f"{finding.corrected_label} according to {finding.author or 'the reader'}"]
    if not (finding.label and finding.model):
        return [finding.label] if finding.label else []
    return [f"{finding.label} with probability {probability_text(finding.score)}"]


def _doubt(finding: Finding) -> str:
    """Return why the label is not to be relied on; "" where it is, or a person gave it."""
    reason = finding.uncertain.rstrip(".")
    if not reason or finding.corrected_label:
        return ""
    is_word = reason[1:2].islower() or reason[1:2] == " "  # not "CT is not what …"
    return f"uncertain: {reason[0].lower() if is_word else reason[0]}{reason[1:]}"


@cache
def _attributes_of(model: str) -> tuple[Attribute, ...]:
    try:
        return catalogue.find(model).attributes if model else ()
    except ModelError:  # it is not installed here
        return ()


def _rated(ratings: Mapping[str, float], attributes: tuple[Attribute, ...]) -> list[str]:
    highest = {attribute.name: attribute.high for attribute in attributes}
    texts = []
    for name, rating in ratings.items():
        scale = f" of {highest[name]:g}" if name in highest else ""
        texts.append(f"{name.replace('_', ' ')} {round(rating, 0 if scale else 1):g}{scale}")
    return texts
