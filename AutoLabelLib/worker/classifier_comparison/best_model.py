"""The winner, or another competitor, fitted to all cases and written as a bundle that `classify` can use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.classifier_comparison.study import Study
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tabular import bundle, model


def export_model(study: Study, values: Mapping[str, Any], options: ComparisonOptions, context: TaskContext) -> Path:
    """Fit a classifier to all cases, write it into the output folder, and return its folder.

    Args:
        study: All cases.
        values: Figures of the comparison.
        options: Say which; "best" is the one classifier of features with the highest AUC: neither ensemble nor network.
        context: Told what is being done.

    Raises:
        FileError: If it cannot be written.
    """
    rows = {row["name"]: row for row in values["contenders"]}
    method = options.export
    if method == "best":
        method = max(options.classifiers, key=lambda name: rows[name]["figures"]["auc"]["value"] or 0.0)
    context.progress(1.0, f"fitting {rows[method]['title']} to all cases")
    fitted = model.fit(
        method, study.features, study.truth, study.classes, study.feature_names, study.groups, options.seed
    )
    name = f"{re.sub(r'[^A-Za-z0-9_]+', '_', options.output.resolve().name).strip('_') or 'comparison'}_{method}"
    wishes = bundle.Wishes(
        name,
        options.modality,
        study.settings,
        dict(zip(study.feature_names, study.features.T, strict=True)),
        _facts(rows[method], rows["baseline"], values),
    )
    return bundle.write(options.output / name, fitted.classifier, wishes)


def _facts(row: Mapping[str, Any], baseline: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, ...]:
    sizes = ", ".join(f"{name} {count}" for name, count in values["class_sizes"].items())
    return (
        f"Fitted to {values['cases']} cases of {values['groups']} patients: {sizes}.",
        f"Out of {values['folds']} folds by patient (seed {values['seed']}), by models that had not seen the patient: "
        f"AUC {_auc(row)}; {baseline['title']}: {_auc(baseline)}. Calibration error (ECE) "
        f"{row['figures']['ece']['value']:.3f}. The model itself is fitted to all of them.",
    )


def _auc(row: Mapping[str, Any]) -> str:
    auc = row["figures"]["auc"]
    interval = "" if auc["low"] is None else f" (95 % interval {auc['low']:.3f} to {auc['high']:.3f})"
    return f"{auc['value'] or 0.0:.3f}{interval}"
