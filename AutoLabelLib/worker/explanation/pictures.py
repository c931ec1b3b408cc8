"""Contributions as a bar plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from AutoLabelLib.files.atomic import replacing
from AutoLabelLib.worker.explanation.contributions import Contribution

MOST_BARS = 12
_FOR, _AGAINST = "#c2410c", "#1d4ed8"  # distinguishable for readers who do not see red and green apart
_INCHES_PER_BAR = 0.34


def bar_plot(path: Path, contributions: Sequence[Contribution], target: str) -> None:
    """Draw the strongest contributions as horizontal bars, and write them as PNG.

    Raises:
        FileError: If it cannot be written.
    """
    from matplotlib.figure import Figure

    shown = list(contributions[:MOST_BARS])[::-1]
    figure = Figure(figsize=(9.0, 1.4 + _INCHES_PER_BAR * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    labels = [f"{row.feature} = {'–' if row.value is None else format(row.value, '.3g')}" for row in shown]
    effects = [row.effect for row in shown]
    axes.barh(range(len(shown)), effects, color=[_FOR if effect > 0 else _AGAINST for effect in effects])
    axes.set_yticks(range(len(shown)), labels)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(f"speaks against {target}   ←   log-odds   →   speaks for {target}")
    rest = sum(row.effect for row in contributions[MOST_BARS:])
    if len(contributions) > MOST_BARS:
        axes.set_title(f"and {len(contributions) - MOST_BARS} more features, together {rest:+.2f}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=120)
