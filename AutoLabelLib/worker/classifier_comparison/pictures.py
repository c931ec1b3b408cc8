"""The pictures of a comparison: intervals, curves, calibration and confusion matrices, as PNG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.files.atomic import replacing

# Told apart by colour-blind readers (Okabe and Ito 2008, Paul Tol's "muted"); the baseline is grey, and dashed.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#882255", "#332288", "#117733", "#000000")
_BASELINE = "#777777"
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": 120,
}


def draw(values: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Draw all pictures of a comparison into a folder and return their paths by name.

    Args:
        values: As `judgement` returns them.
        folder: That is there.

    Raises:
        FileError: If one cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    drawn = {}
    with matplotlib.rc_context(_STYLE):
        for name, drawing in _drawings(values):
            figure = Figure(layout="constrained")
            drawing(figure, values)
            with replacing(folder / f"{name}.png") as beside:
                figure.savefig(beside, dpi=_STYLE["figure.dpi"])
            drawn[name] = folder / f"{name}.png"
    return drawn


def _drawings(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "auc", _intervals
    yield "roc", _roc
    yield "precision_recall", _precision_recall
    yield "calibration", _calibration
    yield "confusion", _confusion


def colors_of(contenders: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a colour for each contender, the same in every picture."""
    rivals = [row["name"] for row in contenders if row["kind"] != "baseline"]
    colors = {name: _COLORS[number % len(_COLORS)] for number, name in enumerate(rivals)}
    return {row["name"]: colors.get(row["name"], _BASELINE) for row in contenders}


def _intervals(figure: Any, values: Mapping[str, Any]) -> None:
    """AUC of everybody with its interval, best at the top, and a line at the baseline."""
    rows = [row for row in values["contenders"] if row["figures"]["auc"]["value"] is not None]
    rows.sort(key=lambda row: row["figures"]["auc"]["value"])
    figure.set_size_inches(7.0, 0.9 + 0.34 * max(1, len(rows)))
    axes = figure.add_subplot()
    colors = colors_of(values["contenders"])
    for height, row in enumerate(rows):
        auc, color = row["figures"]["auc"], colors[row["name"]]
        if auc["low"] is not None:
            axes.plot([auc["low"], auc["high"]], [height, height], color=color, linewidth=2.2, solid_capstyle="butt")
        axes.plot(auc["value"], height, "o", color=color, markersize=6)
        axes.annotate(f"{auc['value']:.3f}", (auc["value"], height), (0, 5), textcoords="offset points", ha="center")
        if row["kind"] == "baseline":
            axes.axvline(auc["value"], color=_BASELINE, linestyle=":", linewidth=1)
    axes.set_yticks(range(len(rows)), [row["title"] for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.2)
    axes.set_xlabel("area under the ROC curve, 95 % interval over patients")
    axes.grid(visible=False, axis="y")


@contextmanager
def _panels(figure: Any, values: Mapping[str, Any], title: str) -> Iterator[list[tuple[Any, str]]]:
    """Give one square panel per judged class, with a common legend beside them."""
    names = list(values["contenders"][0]["curves"])
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure.set_size_inches(4.2 * columns + 2.9, 4.2 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    panels = list(zip(grid.flat, names, strict=False))
    yield panels
    for empty in grid.flat[len(names) :]:
        empty.set_axis_off()
    for axes, name in panels:
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_aspect("equal")
        if len(names) > 1:
            axes.set_title(name)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=8, title=title, alignment="left")


def _line(values: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a contender's line is drawn: the best one stands out, the baseline stays behind."""
    is_baseline, is_best = row["kind"] == "baseline", row["name"] == values["best"]
    return {
        "color": colors_of(values["contenders"])[row["name"]],
        "linestyle": "--" if is_baseline else "-",
        "linewidth": 2.4 if is_best else 1.2,
        "zorder": 5 if is_best else 3 if is_baseline else 2,
    }


def _roc(figure: Any, values: Mapping[str, Any]) -> None:
    with _panels(figure, values, "area under the curve") as panels:
        for axes, name in panels:
            axes.plot([0, 1], [0, 1], color="#cccccc", linewidth=1)
            for row in values["contenders"]:
                points = row["curves"][name]["roc"]
                label = _with_figure(row, "auc")
                axes.plot(
                    points["false_positive_rate"], points["true_positive_rate"], label=label, **_line(values, row)
                )
            axes.set_xlabel("1 − specificity")
            axes.set_ylabel("sensitivity")


def _precision_recall(figure: Any, values: Mapping[str, Any]) -> None:
    with _panels(figure, values, "average precision") as panels:
        for axes, name in panels:
            axes.axhline(values["class_sizes"][name] / values["cases"], color="#cccccc", linewidth=1)
            for row in values["contenders"]:
                points = row["curves"][name]["precision_recall"]
                label = _with_figure(row, "average_precision")
                axes.step(points["recall"], points["precision"], where="pre", label=label, **_line(values, row))
            axes.set_xlabel("recall")
            axes.set_ylabel("precision")


def _with_figure(row: Mapping[str, Any], figure: str) -> str:
    value = row["figures"][figure]["value"]
    return row["title"] if value is None else f"{row['title']}  {value:.3f}"


def _calibration(figure: Any, values: Mapping[str, Any]) -> None:
    """A small reliability diagram for everybody: in one, ten lines cannot be told apart."""
    for axes, row in _one_each(figure, values, 2.4):
        points = row["reliability"]
        sizes = [12 + 160 * count / max(1, values["cases"]) for count in points["cases"]]
        color = colors_of(values["contenders"])[row["name"]]
        axes.plot([0, 1], [0, 1], color="#cccccc", linewidth=1)
        axes.plot(points["probability"], points["frequency"], color=color, linewidth=1.2)
        axes.scatter(points["probability"], points["frequency"], sizes, color=color, zorder=3)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_aspect("equal")
        axes.set_title(f"{row['title']}\nECE {row['figures']['ece']['value']:.3f}", fontsize=8)
    figure.supxlabel("probability that was given", fontsize=9)
    figure.supylabel("how often it was true", fontsize=9)


def _confusion(figure: Any, values: Mapping[str, Any]) -> None:
    labels = ("absent", "present") if values["multi_label"] else values["classes"]
    for axes, row in _one_each(figure, values, 2.2 + 0.25 * max(0, len(labels) - 2)):
        counts = np.array(row["confusion"])
        counts = counts.sum(axis=0) if counts.ndim == 3 else counts  # of several labels, all together
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for true, decided in np.ndindex(counts.shape):
            ink = "white" if shares[true, decided] > 0.55 else "black"
            axes.text(decided, true, f"{counts[true, decided]}", ha="center", va="center", color=ink)
        axes.set_xticks(range(len(labels)), labels, rotation=30 if len(labels) > 2 else 0, fontsize=7)
        axes.set_yticks(range(len(labels)), labels, rotation=90, va="center", fontsize=7)
        axes.grid(visible=False)
        axes.set_title(row["title"], fontsize=8)
    figure.supxlabel("decided", fontsize=9)
    figure.supylabel("true", fontsize=9)


def _one_each(figure: Any, values: Mapping[str, Any], inches: float) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Give a panel for each contender."""
    count = len(values["contenders"])
    columns = min(5, count)
    rows = -(-count // columns)
    figure.set_size_inches(inches * columns + 0.3, (inches + 0.35) * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False)
    yield from zip(grid.flat, values["contenders"], strict=False)
    for empty in grid.flat[count:]:
        empty.set_axis_off()
