"""One HTML page with all of a comparison: no other file, no script, nothing from the network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from AutoLabelLib.core import locations
from AutoLabelLib.files.atomic import replacing

TITLES = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "average_precision": "Average precision",
    "ece": "ECE",
}
_LESS_IS_BETTER = ("ece",)


def write(path: Path, values: Mapping[str, Any], drawn: Mapping[str, Path]) -> None:
    """Write the page of a comparison.

    Args:
        path: Where to.
        values: As `judgement` returns them.
        drawn: Pictures by name, as `pictures.draw` returns them.

    Raises:
        FileError: If it cannot be written.
    """
    with replacing(path) as beside:
        beside.write_text(page(values, drawn), encoding="utf-8")


def page(values: Mapping[str, Any], drawn: Mapping[str, Path]) -> str:
    """Return the page as HTML text; arguments as for `write`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(locations.resources() / "Reports"),
        autoescape=True,  # names of classes and cases come from the user's list
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "interval": _interval, "ends": _ends, "p": _p_value, "signed": _signed}
    contenders = {row["name"]: row for row in values["contenders"]}
    return environment.get_template("comparison.html").render(
        values=values,
        contenders=contenders,
        best=contenders[values["best"]],
        baseline=contenders["baseline"],
        titles=TITLES,
        leaders={name: _leader(values, name) for name in TITLES},
        pictures={name: base64.b64encode(file.read_bytes()).decode("ascii") for name, file in drawn.items()},
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def _leader(values: Mapping[str, Any], figure: str) -> float | None:
    """Return the best value of a figure, which is printed bold."""
    known = [row["figures"][figure]["value"] for row in values["contenders"]]
    known = [value for value in known if value is not None]
    if not known:
        return None
    return min(known) if figure in _LESS_IS_BETTER else max(known)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(estimate: Mapping[str, float | None]) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    return f"{estimate['low']:.3f}–{estimate['high']:.3f}"


def _ends(estimate: Mapping[str, float | None]) -> str:
    interval = _interval(estimate)
    return f" ({interval})" if interval else ""


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")


def _p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
