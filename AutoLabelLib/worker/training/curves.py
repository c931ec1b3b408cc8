"""Learning curves: one line per epoch in curves.csv, and a picture of it where matplotlib is installed."""

from __future__ import annotations

import csv
from pathlib import Path

NAME = "curves.csv"
MEASURES = {"segmentation": "validation_dice", "classification": "validation_auc"}
"""What is measured on the validation cases, by the model's task."""
COLUMNS = ("epoch", "loss", "learning_rate", *MEASURES.values(), "skipped_steps", "seconds")


def append(folder: Path, row: dict[str, float | int | None]) -> None:
    """Add one epoch to curves.csv; the file can be read by a plot at any time.

    Args:
        folder: Output folder of the run.
        row: Values by the names in `COLUMNS`; None where nothing was measured.
    """
    path = folder / NAME
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        if is_new:
            writer.writeheader()
        writer.writerow({name: _text(row.get(name)) for name in COLUMNS})


def read(folder: Path) -> list[dict[str, float | None]]:
    """Return the epochs of curves.csv, oldest first; empty if there is none yet."""
    path = folder / NAME
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: float(row[name]) if row.get(name) else None for name in COLUMNS} for row in rows]


def keep_until(folder: Path, epoch: int) -> None:
    """Drop the lines after that epoch, which a resumed run is about to write again."""
    rows = [row for row in read(folder) if (row["epoch"] or 0) <= epoch]
    (folder / NAME).unlink(missing_ok=True)
    for row in rows:
        append(folder, {**row, "epoch": int(row["epoch"] or 0), "skipped_steps": int(row["skipped_steps"] or 0)})


def draw(folder: Path) -> Path | None:
    """Draw curves.png and return its path; None without matplotlib or without an epoch."""
    rows = read(folder)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    if not rows:
        return None
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    epochs = [row["epoch"] or 0.0 for row in rows]
    axes.plot(epochs, [row["loss"] or 0.0 for row in rows], label="training loss")
    for measure, label in (("validation_dice", "validation Dice"), ("validation_auc", "validation AUC")):
        measured = [(row["epoch"], row[measure]) for row in rows if row[measure] is not None]
        if measured:
            axes.plot(*zip(*measured, strict=True), "o-", label=label)
    axes.set_xlabel("epoch")
    axes.legend()
    figure.savefig(folder / "curves.png", dpi=120)
    return folder / "curves.png"


def _text(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
