"""How the evaluation of a classifier is printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from AutoLabelLib.cli import report

_TITLES = {"auc": "AUC", "ece": "calibration error (ECE)", "f1": "F1", "brier": "Brier score"}


def show(values: Mapping[str, Any]) -> None:
    """Print the figures with their intervals, what the size alone reaches, and the confusion matrix."""
    counts = ", ".join(f"{name} {count}" for name, count in values["cases_per_class"].items())
    print(f"{values['settings']['cases']} cases of {values['settings']['groups']} patients: {counts}")
    rows = [
        (_TITLES.get(name, name.replace("_", " ")), interval(figure), interval(values["certain"].get(name, {})))
        for name, figure in values["figures"].items()
    ]
    for name, figure in values["baselines"].items():
        rows.append((f"AUC of {name} alone", interval(figure), ""))
    report.print_columns(rows, ("figure", "all cases", "without uncertain ones"))
    print(f"said to be uncertain: {values['uncertain_fraction']:.0%}")
    _show_confusion(values)
    for failed in values["failed"]:
        print(f"not judged: {failed['case']}: {failed['error']}", file=sys.stderr)


def interval(figure: Mapping[str, Any]) -> str:
    """Return "0.912 (0.880 to 0.940)", without the interval where there are too few cases for one."""
    if figure.get("value") is None:
        return "–"
    if figure.get("low") is None or figure.get("high") is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _show_confusion(values: Mapping[str, Any]) -> None:
    """Print how many cases of a class were said to be of which; not for several labels, which have one table each."""
    names = list(values["cases_per_class"])
    matrix = values["confusion_matrix"]
    if len(matrix) != len(names) or any(isinstance(cell, list) for cell in matrix[0]):
        return
    rows = [(name, *row) for name, row in zip(names, matrix, strict=True)]
    report.print_columns(rows, ("true \\ said", *names))
