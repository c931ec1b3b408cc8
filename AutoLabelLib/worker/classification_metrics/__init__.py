"""How well a classifier does: figures with 95 % intervals over patients, curves, and tests of two classifiers.

    predictions.py  what was true and what was predicted, checked
    figures.py      accuracy, balanced accuracy, sensitivity, specificity, precision, recall, F1, AUC, ECE, …
    ranking.py      area under the ROC curve, average precision, and the points of both curves
    calibration.py  expected calibration error, Brier score, and the points of a reliability diagram
    intervals.py    each figure with an interval by bootstrap over groups
    paired.py       whether two classifiers differ: DeLong's test, bootstrap of the difference, Holm's correction

    judged = Predictions(truth, probabilities, ("benign", "malignant"), groups=patients)
    estimates(judged)["auc"].to_json()  # {"value": 0.94, "low": 0.92, "high": 0.96}
    delong(judged.truth, judged.probabilities[:, 1], diameters_mm, groups=patients).p_value

A figure that does not exist, such as the AUC of cases that are all benign, is None: neither 0 nor an error.
"""

from __future__ import annotations

from AutoLabelLib.worker.classification_metrics.calibration import reliability_points
from AutoLabelLib.worker.classification_metrics.figures import confusion_matrix, figures, figures_per_class
from AutoLabelLib.worker.classification_metrics.intervals import Estimate, estimates
from AutoLabelLib.worker.classification_metrics.paired import PairedTest, delong, holm, paired_bootstrap
from AutoLabelLib.worker.classification_metrics.predictions import Predictions
from AutoLabelLib.worker.classification_metrics.ranking import precision_recall_points, roc_points

__all__ = [
    "Estimate",
    "PairedTest",
    "Predictions",
    "confusion_matrix",
    "delong",
    "estimates",
    "figures",
    "figures_per_class",
    "holm",
    "paired_bootstrap",
    "precision_recall_points",
    "reliability_points",
    "roc_points",
]
