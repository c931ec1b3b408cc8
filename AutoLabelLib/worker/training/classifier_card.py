"""The parts of a model card that only classifiers have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TITLES = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
}


def what_it_says(contract: Mapping[str, Any]) -> str:
    """Return classes and ratings in words.

    Args:
        contract: The section "autolabel" of the bundle's metadata.
    """
    which = "any of these may be true" if contract.get("multi_label") else "exactly one of these"
    lines = [f"Of a {contract['looks_at']}, {which}, each with a probability: {', '.join(contract['classes'])}."]
    for attribute in contract.get("attributes", ()):
        ends = [
            f"{attribute.get(end, default):g}" + (f" ({attribute[words]})" if attribute.get(words) else "")
            for end, default, words in (("low", 1.0, "low_meaning"), ("high", 5.0, "high_meaning"))
        ]
        lines.append(f"- rating of {attribute['name'].replace('_', ' ')} from {ends[0]} to {ends[1]}")
    if contract.get("segmenter"):
        lines.append(f"\nAt a click, `{contract['segmenter']}` makes the mask first.")
    return "\n".join(lines)


def doubts(contract: Mapping[str, Any]) -> str:
    """Return when the model says "uncertain", in words."""
    section = contract["classification"]
    sure = section["sure_from"]
    from_words = (
        ", ".join(f"{name} from {value:.2f}" for name, value in sure.items())
        if isinstance(sure, dict)
        else f"{sure:.2f}"
    )
    temperature = f"temperature {section['temperature']:.3g}"
    if section.get("slopes"):
        temperature = f"slopes {', '.join(f'{value:.2f}' for value in section['slopes'])}"
    if section["bias"]:
        temperature += f", shifts {', '.join(f'{value:+.2f}' for value in section['bias'])}"
    how = f" ({section['calibrated_on']})" if section["calibrated_on"] else "; not calibrated on any cases"
    lines = [
        f"A label is relied on from this probability on: {from_words}. Probabilities: {temperature}{how}.",
        "It also says so when the networks disagree, a segment is a single voxel or touches the edge of the volume, or "
        "lies outside of what it was trained on:",
    ]
    lines += [
        f"- {name.replace('_', ' ')}: {low:.3g} to {high:.3g}" for name, (low, high) in section["trained"].items()
    ]
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:])


def table(report: Mapping[str, Any]) -> str:
    """Return the figures of an evaluation as a Markdown table."""
    counts = ", ".join(f"{name} {count}" for name, count in report["cases_per_class"].items())
    lines = [f"{report['settings']['cases']} cases of {report['settings']['groups']} patients: {counts}.", ""]
    lines += ["| figure | value |", "|---|---|"]
    for name, figure in report["figures"].items():
        if figure["value"] is not None:
            lines.append(f"| {_TITLES.get(name, name)} | {interval(figure)} |")
    lines += [f"| said to be uncertain | {report['uncertain_fraction']:.0%} |"]
    for name, figure in report.get("baselines", {}).items():
        lines.append(f"| AUC of {name} alone | {interval(figure)} |")
    return "\n".join(lines)


def interval(figure: Mapping[str, float | None], digits: int = 3) -> str:
    """Return "0.912 [0.880, 0.940]", without the interval where there is none."""
    value, low, high = (figure.get(key) for key in ("value", "low", "high"))
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + (f" [{low:.{digits}f}, {high:.{digits}f}]" if None not in (low, high) else "")
