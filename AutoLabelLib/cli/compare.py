"""`autolabel compare`: classifiers on the same folds, beside one feature alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import add_device, add_json, positive_integer
from AutoLabelLib.cli.progress import follow

_SHOWN = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ece": "ECE",
}
_EPILOG = """The case list is a CSV with the columns image,mask,label,group (the patient), or a JSON list of such;
cases without a label do not count. DIR receives comparison.html, comparison.json, predictions.csv and the pictures.

examples:
  autolabel compare --cases nodules.csv --output report
  autolabel compare --cases nodules.csv --output report --baseline morph_volume_mesh_ml --classifiers svm,random_forest
  autolabel compare --cases nodules.csv --output report --export best"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "compare",
        help="compare classifiers on labelled cases",
        description="Seven classifiers of handcrafted features, their ensemble, a network if wished, and one feature "
        "alone, on the same patient-grouped folds; figures with 95 %% intervals, paired tests, plots and one report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", required=True, metavar="CSV|JSON", help="the list of labelled cases")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder of the report; made if it is not there")
    parser.add_argument("--classifiers", metavar="NAME,…", help="instead of all seven, such as svm,random_forest")
    parser.add_argument(
        "--ensembles",
        default="mean",
        metavar="mean,stacked",
        help='ensembles that compete (default: mean; "" for none)',
    )
    parser.add_argument(
        "--baseline",
        metavar="FEATURE",
        help="what stands beside every figure: a feature, or attribute:NAME of the list (default: largest diameter)",
    )
    parser.add_argument("--positive", metavar="CLASS", help="of two classes, the one that sensitivity is about")
    parser.add_argument("--folds", type=positive_integer, default=5, metavar="N", help="number of folds (default: 5)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of folds, methods and draws (default: 0)")
    _add_features(parser)
    parser.add_argument("--cnn", metavar="RECIPE", help="a network competes, too, trained on each fold: takes long")
    parser.add_argument("--export", metavar="NAME|best", help="fit this one to all cases and write it as a model")
    parser.add_argument("--overwrite", action="store_true", help="replace an older report in the folder")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _add_features(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--families", metavar="NAME,…", help="families of features, such as morph,stat,glcm")
    parser.add_argument(
        "--modality", default="", help="modality of the images, such as CT, which their files do not say"
    )
    parser.add_argument("--bin-width", type=float, metavar="N", help="width of a grey level, in the image's unit")
    parser.add_argument("--bin-count", type=positive_integer, metavar="N", help="number of grey levels, instead")


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api

    pending = api.compare(arguments.cases, output=arguments.output, wait=False, **_options(arguments))
    comparison, _ = follow(pending, "comparing")
    report.print_warnings(pending.warnings)
    if arguments.json:
        report.print_json({**comparison.values, "warnings": list(pending.warnings)})
        return 0
    _print(comparison.values)
    for failed in comparison.values["failed"]:
        print(f"not used: {failed['case']}: {failed['error']}", file=sys.stderr)
    return 0


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    names = (
        "classifiers",
        "ensembles",
        "baseline",
        "positive",
        "folds",
        "seed",
        "cnn",
        "device",
        "export",
        "overwrite",
        "modality",
    )
    options = {name: getattr(arguments, name) for name in names}
    features = {name: getattr(arguments, name) for name in ("families", "bin_width", "bin_count")}
    if any(value is not None for value in features.values()):
        options["features"] = features
    return {name: value for name, value in options.items() if value is not None}


def _print(values: Mapping[str, Any]) -> None:
    rows = []
    for row in values["contenders"]:
        figures = [_interval(row["figures"][name], wide=name == "auc") for name in _SHOWN]
        rows.append((row["title"], *figures, _p_value(row["versus_baseline"]), _p_value(row["versus_best"])))
    report.print_columns(rows, ("classifier", *_SHOWN.values(), "p against baseline", "p against best"))
    print(f"{values['cases']} cases of {values['groups']} patients, {values['folds']} folds by patient")
    if values["exported"]:
        print(f"The model is in {values['exported']}")
    print(f"Wrote {Path(values['files']['page'])}")


def _interval(estimate: Mapping[str, float | None], *, wide: bool) -> str:
    """Return "0.913 (0.886 to 0.936)", or the figure alone."""
    if estimate["value"] is None:
        return "–"
    if not wide or estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _p_value(test: Mapping[str, Any] | None) -> str:
    """Return the corrected p-value of a test."""
    if test is None or test["p_value_holm"] is None:
        return "–"
    return "< 0.001" if test["p_value_holm"] < 0.001 else f"{test['p_value_holm']:.3f}"
