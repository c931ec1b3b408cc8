"""What came out of a comparison, as JSON values: figures with intervals, curves and paired tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker import classification_metrics as metrics
from AutoLabelLib.worker.classification_metrics import PairedTest, Predictions
from AutoLabelLib.worker.classifier_comparison.cross_validation import BASELINE, Contender, Judged
from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.classifier_comparison.study import Study

_MOST_CURVE_POINTS = 400  # more cannot be seen, and thousands of cases would make a report of many megabytes


def judgement(study: Study, judged: Judged, options: ComparisonOptions) -> dict[str, Any]:
    """Return all that a report says, as JSON values.

    Args:
        study: What was compared on.
        judged: What every contender said.
        options: Of the comparison.
    """
    predictions = {
        contender.name: Predictions(study.truth, judged.probabilities[contender.name], study.classes, study.groups)
        for contender in judged.contenders
    }
    rows = [_row(contender, predictions[contender.name], judged, options) for contender in judged.contenders]
    best = _best(rows)
    _add_tests(rows, predictions, "versus_baseline", BASELINE, options)
    _add_tests(rows, predictions, "versus_best", best, options)
    return {
        "classes": list(study.classes),
        "positive": study.classes[1] if predictions[BASELINE].is_binary else None,
        "multi_label": predictions[BASELINE].is_multi_label,
        "cases": len(study.cases),
        "groups": len(set(study.groups)),
        "class_sizes": dict(zip(study.classes, map(int, predictions[BASELINE].is_true().sum(axis=0)), strict=True)),
        "unlabelled": study.unlabelled,
        "failed": [{"case": name, "error": reason} for name, reason in study.failed],
        "folds": options.folds,
        "cases_per_fold": [count for _, count in sorted(Counter(judged.fold_of.tolist()).items())],
        "seed": options.seed,
        "draws": options.draws,
        "features": len(study.feature_names),
        "feature_settings": asdict(study.settings),
        "baseline": study.baseline,
        "best": best,
        "contenders": rows,
    }


def prediction_rows(study: Study, judged: Judged) -> list[dict[str, Any]]:
    """Return a row per case: its group, fold and class, and what every contender said."""
    rows = []
    shown = [1] if study.truth.ndim == 1 and len(study.classes) == 2 else range(len(study.classes))
    for number, case in enumerate(study.cases):
        row: dict[str, Any] = {"case": case.name, "group": case.group, "fold": int(judged.fold_of[number]) + 1}
        row["label"] = case.label
        for contender in judged.contenders:
            answers = judged.probabilities[contender.name][number]
            row |= {f"{contender.name}: {study.classes[index]}": round(float(answers[index]), 6) for index in shown}
        rows.append(row)
    return rows


def _row(contender: Contender, predictions: Predictions, judged: Judged, options: ComparisonOptions) -> dict[str, Any]:
    found = metrics.estimates(predictions, draws=options.draws, seed=options.seed)
    truth = predictions.is_true()
    curves = {
        predictions.classes[index]: {
            "roc": _thinned(metrics.roc_points(truth[:, index], predictions.probabilities[:, index])),
            "precision_recall": _thinned(
                metrics.precision_recall_points(truth[:, index], predictions.probabilities[:, index])
            ),
        }
        for index in predictions.judged
    }
    return {
        **asdict(contender),
        "figures": {name: estimate.to_json() for name, estimate in found.items()},
        "per_class": metrics.figures_per_class(predictions),
        "confusion": metrics.confusion_matrix(predictions).tolist(),
        "curves": curves,
        "reliability": metrics.reliability_points(predictions),
        "seconds": round(judged.seconds.get(contender.name, 0.0), 2),
    }


def _thinned(points: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    count = len(next(iter(points.values())))
    chosen: NDArray[np.intp] = np.unique(np.linspace(0, count - 1, min(count, _MOST_CURVE_POINTS)).round().astype(int))
    return {
        name: [round(values[index], 6) if np.isfinite(values[index]) else None for index in chosen]
        for name, values in points.items()
    }


def _best(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return who has the highest AUC, or without one the highest accuracy; the baseline only where it is alone."""
    rivals = [row for row in rows if row["name"] != BASELINE] or list(rows)

    def height(row: Mapping[str, Any]) -> tuple[float, float]:
        figures = row["figures"]
        return figures["auc"]["value"] or 0.0, figures["accuracy"]["value"] or 0.0

    return str(max(rivals, key=height)["name"])


def _add_tests(
    rows: Sequence[dict[str, Any]],
    predictions: Mapping[str, Predictions],
    key: str,
    other: str,
    options: ComparisonOptions,
) -> None:
    """Test the AUC of everybody against that of one, and correct for having tested so often."""
    rivals = [row for row in rows if row["name"] != other]
    tests = [_test(predictions[row["name"]], predictions[other], options) for row in rivals]
    corrected = metrics.holm([test.p_value for test in tests])
    for row in rows:
        row[key] = None
    for row, test, p_value in zip(rivals, tests, corrected, strict=True):
        row[key] = {**test.to_json(), "figure": "auc", "other": other, "p_value_holm": p_value}


def _test(first: Predictions, second: Predictions, options: ComparisonOptions) -> PairedTest:
    if first.is_binary:
        scores = first.probabilities[:, 1], second.probabilities[:, 1]
        return metrics.delong(first.truth == 1, *scores, groups=first.groups)
    return metrics.paired_bootstrap(first, second, "auc", options.draws, options.seed)
