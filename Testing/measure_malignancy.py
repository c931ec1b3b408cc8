"""Measure lung_nodule_malignancy_ct on unseen patients: `python Testing/measure_malignancy.py BUNDLE CASES.csv`.

CASES.csv holds every nodule twice, with the radiologists' mask and with the one after a click, in this order, as
Testing/clicked_nodules.py writes it. The bundle's networks come from 5 folds by patient (seed 0, as the recipe's seed):
each nodule is judged only by those networks that saw nothing of its patient. Probabilities are calibrated on the other
four folds; the AUC is that of the scores before. Fold 0 holds the patients that lung_nodule_ct, which makes the clicked
masks, was not trained on either; it is reported apart, because on the others the clicked masks are better than they
would be on new patients.

Beside every AUC stands that of the diameter alone: the long axis on the largest slice of the same mask, and the largest
distance in 3D. Intervals are bootstrapped over patients; the test against the diameter is DeLong's, for cases that come
in groups. Nodules rated 3 have no class, and are counted apart. Prints JSON; --output also writes it into a folder.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from AutoLabelLib.worker.classification import calibration
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.classification.forest import FeatureForest
from AutoLabelLib.worker.classification_metrics import Predictions, delong, estimates, ranking
from AutoLabelLib.worker.training.labelled_cases import LabelledCase, read_labelled_cases
from AutoLabelLib.worker.training.labelled_objects import read_object
from AutoLabelLib.worker.training.split import patient_folds

FOLDS, SEED = 5, 0
MASKS = ("true_mask", "mask_after_one_click")
DIAMETERS = {"the long axis": "lesion_slice_long_axis_mm", "the 3D diameter": "morph_maximum_3d_diameter_mm"}
FIGURES = ("auc", "ece", "sensitivity", "specificity", "accuracy", "balanced_accuracy", "f1", "brier")
PARTS = {"together": lambda network: True, "features": lambda network: isinstance(network, FeatureForest)}
PARTS["image"] = lambda network: not isinstance(network, FeatureForest)
Table = dict[str, NDArray[Any]]


def judged(classifier: Classifier, cases: list[LabelledCase]) -> Table:
    """Return per case (N, …) what its own fold's networks say, and what was measured."""
    folds = np.array(patient_folds(cases, FOLDS, SEED))
    everyone = classifier.networks
    per_fold = len(everyone) // FOLDS
    rows: dict[str, list[Any]] = {name: [] for name in (*PARTS, *DIAMETERS, "ratings")}
    for number, (case, fold) in enumerate(zip(cases, folds, strict=True), start=1):
        prepared = classifier.prepare(*read_object(case))
        assert prepared.features is not None
        own = everyone[fold * per_fold : (fold + 1) * per_fold]
        for part, belongs in PARTS.items():
            classifier.networks = tuple(network for network in own if belongs(network))
            answer = classifier.answer(prepared)
            rows[part].append(answer.logits)
            if part == "together":
                rows["ratings"].append(answer.ratings)
        for name, feature in DIAMETERS.items():
            rows[name].append(prepared.features[classifier.contract.features.index(feature)])
        print(f"\r{number} of {len(cases)}", end="", file=sys.stderr, flush=True)
    classifier.networks = everyone
    labels = [case.label for case in cases]
    truth = [classifier.spec.classes.index(label) if label else -1 for label in labels]
    return {
        **{name: np.array(values) for name, values in rows.items()},
        "fold": folds,
        "truth": np.array(truth),
        "group": np.array([case.group for case in cases]),
        "mask": np.array([MASKS[place] for place in _places(cases)]),
    }


def _places(cases: list[LabelledCase]) -> list[int]:
    """Return of each case the how-manieth of its image it is, from 0 on."""
    seen: dict[tuple[Path, ...], int] = {}
    places = []
    for case in cases:
        places.append(seen.get(case.images, 0))
        seen[case.images] = places[-1] + 1
    return places


def calibrated(table: Table, part: str) -> NDArray[np.float64]:
    """Return probabilities (N, classes) by the slopes and shifts of the other folds' labelled nodules."""
    found = np.zeros(table[part].shape)
    for fold in range(FOLDS):
        other = (table["fold"] != fold) & (table["truth"] >= 0)
        fitted = calibration.fit(table[part][other], table["truth"][other], way="slopes_and_bias")
        own = table["fold"] == fold
        found[own] = calibration.probabilities(table[part][own], fitted.temperature, fitted.bias, fitted.slopes)
    return found


def report(table: Table, chosen: NDArray[np.bool_], classes: tuple[str, ...], sure_from: float) -> dict[str, Any]:
    """Return the figures of some labelled nodules, the diameters beside them, as a model card shows them."""
    probabilities, truth = table["probabilities"][chosen], table["truth"][chosen]
    groups = table["group"][chosen].tolist()
    found = estimates(Predictions(truth, probabilities, classes, groups))
    scores = _before_calibration(table["together"][chosen])
    found["auc"] = estimates(Predictions(truth, scores, classes, groups))["auc"]
    sure = probabilities.max(axis=1) >= sure_from
    right = probabilities.argmax(axis=1) == truth
    sizes = {name: table[name][chosen] for name in DIAMETERS}
    return {
        "settings": {"cases": len(truth), "groups": len(set(groups)), "folds": FOLDS, "seed": SEED},
        "cases_per_class": {name: int((truth == place).sum()) for place, name in enumerate(classes)},
        "figures": {name: found[name].to_json() for name in FIGURES},
        "uncertain_fraction": float((~sure).mean()),
        "accuracy_where_sure": float(right[sure].mean()),
        "baselines": {name: _alone(truth, size, groups) for name, size in sizes.items()},
        "tests": {
            f"AUC less that of {name} alone": delong(truth == 1, scores[:, 1], size, groups).to_json()
            for name, size in sizes.items()
        },
    }


def _before_calibration(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities whose order is that of the logits: each fold's own calibration would change it."""
    return calibration.probabilities(logits)


def _alone(truth: NDArray[Any], size: NDArray[Any], groups: list[str]) -> dict[str, float | None]:
    """Return the AUC of a size, and its interval; ranks stand for probabilities."""
    ranks = np.argsort(np.argsort(size)) / len(size)
    return estimates(Predictions(truth, np.stack([1 - ranks, ranks], 1), ("small", "large"), groups))["auc"].to_json()


def details(table: Table, sure_from: float) -> dict[str, Any]:
    """Return what a card has no table for: AUC per fold and of parts of the model, and the nodules rated 3."""
    found: dict[str, Any] = {"sure_from": sure_from}
    parts = {part: _before_calibration(table[part])[:, 1] for part in PARTS}
    for mask in MASKS:
        labelled = (table["mask"] == mask) & (table["truth"] >= 0)
        rated_3 = table["probabilities"][(table["mask"] == mask) & (table["truth"] < 0)]
        found[mask] = {
            "auc_per_fold": [
                _auc(table, labelled & (table["fold"] == fold), parts["together"]) for fold in range(FOLDS)
            ],
            "auc_of_parts": {part: _auc(table, labelled, scores) for part, scores in parts.items()},
            "rated_3": {
                "nodules": len(rated_3),
                "uncertain": float((rated_3.max(axis=1) < sure_from).mean()),
                "mean_probability_of_malignant": float(rated_3[:, 1].mean()),
            },
        }
    return found


def ratings(table: Table, cases: list[LabelledCase], names: list[str]) -> dict[str, Any]:
    """Return per attribute the mean error of the ratings, beside that of always saying the median, and their rank
    correlation, over all nodules with their true masks."""
    from scipy.stats import spearmanr

    chosen = table["mask"] == MASKS[0]
    found = {}
    for place, name in enumerate(names):
        truth = np.array([case.attributes[name] for case in itertools.compress(cases, chosen)])
        said = table["ratings"][chosen, place]
        found[name] = {
            "mean_error": round(float(np.abs(said - truth).mean()), 3),
            "mean_error_of_the_median": round(float(np.abs(np.median(truth) - truth).mean()), 3),
            "rank_correlation": round(float(spearmanr(said, truth)[0]), 3),
        }
    return found


def _auc(table: Table, chosen: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    ones = np.ones((1, int(chosen.sum())))
    return float(ranking.auc(table["truth"][chosen] == 1, scores[chosen], ones)[0])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--output", type=Path, help="folder for one JSON file per report")
    arguments = parser.parse_args()
    classifier = Classifier.load(arguments.bundle)
    classes, sure_from = classifier.spec.classes, classifier.contract.sure_from_of(classifier.spec.classes[-1])
    cases = read_labelled_cases(arguments.cases)
    table = judged(classifier, cases)
    table["probabilities"] = calibrated(table, "together")
    found: dict[str, Any] = {}
    for mask in MASKS:
        labelled = (table["mask"] == mask) & (table["truth"] >= 0)
        found[mask] = report(table, labelled, classes, sure_from)
        found[f"{mask}_fold_0"] = report(table, labelled & (table["fold"] == 0), classes, sure_from)
    found["details"] = details(table, sure_from)
    found["ratings"] = ratings(table, cases, [one.name for one in classifier.spec.attributes])
    print(json.dumps(found, indent=1))
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (arguments.output / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
