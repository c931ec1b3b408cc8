"""The verb `compare`: classifiers on the same folds, beside one feature alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.job import Job, Progress, Result


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came out of a comparison.

    Attributes:
        values: Figures with intervals, tests and curves per classifier, as in comparison.json.
        page: Path of the report.
        warnings: What the user should know, one sentence each.
        charts: Plot chart nodes by name, where there is a scene.
    """

    values: Mapping[str, Any]
    page: Path
    warnings: tuple[str, ...] = ()
    charts: Mapping[str, Any] | None = None

    @property
    def best(self) -> str:
        """Name of the classifier with the highest AUC."""
        return str(self.values["best"])

    def figure(self, name: str, figure: str = "auc") -> float | None:
        """Return a figure of a classifier; None where it does not exist.

        Args:
            name: Such as "random_forest", "baseline", "mean".
            figure: Such as "auc", "sensitivity", "f1", "ece".

        Raises:
            KeyError: If there is no such classifier or figure.
        """
        rows = {row["name"]: row for row in self.values["contenders"]}
        value: float | None = rows[name]["figures"][figure]["value"]
        return value

    def show(self, scene: Any = None) -> Mapping[str, Any]:
        """Add tables and plots of it to a scene, the current one by default; return the chart nodes by name."""
        from AutoLabelLib.scene.plots import show_comparison

        return show_comparison(self.values, scene)


def compare(
    cases: str | Path,
    *,
    output: str | Path,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Any:
    """Compare classifiers of handcrafted features, their ensemble and one feature alone on the same folds.

    Writes comparison.html, comparison.json, predictions.csv and pictures; where there is a scene, plots appear in it.

    Args:
        cases: List of labelled cases (CSV or JSON): image, mask, label, and group (the patient).
        output: Folder of the report; made if it is not there.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        **options: Of the worker's comparison task: classifiers, ensembles, baseline, positive, folds, seed, features,
            cnn, export, overwrite and others.

    Returns:
        A `Comparison`.

    Raises:
        InputError: If the list or an option cannot be used, or a class has fewer patients than there are folds.
        JobCancelled: If it was stopped.
    """
    if options.get("cnn") and Path(str(options["cnn"])).is_file():
        options["cnn"] = str(Path(str(options["cnn"])).resolve())
    paths = {"cases": str(Path(cases).resolve()), "output": str(Path(output).resolve())}
    pending: Pending[Comparison] = Pending(
        default_worker().submit(Job("comparison", options={**paths, **options})), _finished
    )
    return pending.handed_over(wait, on_progress)


def _finished(result: Result) -> Comparison:
    values = dict(result.values)
    comparison = Comparison(values, Path(values["files"]["page"]), tuple(result.warnings))
    if not _has_scene():
        return comparison
    return Comparison(values, comparison.page, comparison.warnings, comparison.show())


def _has_scene() -> bool:
    """Return whether a scene is open; Slicer's libraries are not loaded just to look."""
    return getattr(sys.modules.get("slicer"), "mrmlScene", None) is not None
