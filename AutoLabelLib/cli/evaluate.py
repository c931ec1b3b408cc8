"""`autolabel evaluate`: how well a segmentation, or a model, agrees with a reference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from AutoLabelLib.cli import classifier_report, report
from AutoLabelLib.cli.arguments import UsageError, add_device, add_json
from AutoLabelLib.cli.progress import follow

_SHOWN = {"dice": 3, "hd95_mm": 2, "volume_error_ml": 3}  # figure -> digits
_EPILOG = """examples:
  autolabel evaluate --prediction mine.seg.nrrd --reference truth.seg.nrrd
  autolabel evaluate --cases cases.csv --model hippocampus_mr --output report.json
  autolabel evaluate --cases labelled.csv --model lung_nodule_malignancy_ct --split test --mask clicked"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="compare segmentations with a reference",
        description="Dice, HD95 (mm) and volume error (ml) per segment, or, of a model for classification, AUC, "
        "accuracy and so on; with 95 % bootstrap intervals over patients.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--prediction", metavar="FILE", help="a segmentation")
    parser.add_argument("--reference", metavar="FILE", help="what it is compared with")
    parser.add_argument("--cases", metavar="CSV|JSON", help="instead of a pair: a list of cases")
    parser.add_argument("--model", metavar="NAME", help="segment, or classify, each case with this model")
    parser.add_argument("--split", help="only cases of this split: train, validation or test")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write a report: .json, or .csv with a row per segment"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the report if it exists")
    parser.add_argument(
        "--resample", action="store_true", help="bring a prediction on another grid onto the reference's"
    )
    parser.add_argument(
        "--click",
        default="middle",
        metavar="middle|inside|off_edge",
        help="where a model that needs a click gets it, drawn from the reference (default: middle)",
    )
    parser.add_argument(
        "--mask",
        default="given",
        metavar="given|clicked",
        help="for a classifier: the mask of the list, or what its segmenter finds at a click (default: given)",
    )
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    _check(arguments)
    values, warnings = _evaluate(arguments)
    if arguments.output:
        _write(arguments.output, values)
    report.print_warnings(warnings)
    if arguments.json:
        report.print_json(values)
    elif "figures" in values:
        classifier_report.show(values)
    else:
        _print(values)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    pair = bool(arguments.prediction or arguments.reference)
    if pair == bool(arguments.cases) or bool(arguments.prediction) != bool(arguments.reference):
        raise UsageError("give either --prediction and --reference, or --cases")
    if arguments.output:
        from AutoLabelLib.files.atomic import check_target

        if arguments.output.suffix.lower() not in (".json", ".csv"):
            raise UsageError(f'a report is written as .json or .csv, not as "{arguments.output.suffix}"')
        check_target(arguments.output, arguments.overwrite)


def _evaluate(arguments: argparse.Namespace) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    from AutoLabelLib import api

    if not arguments.cases:
        values = api.evaluate(arguments.prediction, arguments.reference, resample=arguments.resample)
        return values, tuple(values["warnings"])
    options: dict[str, Any] = {"resample": arguments.resample}
    if arguments.mask != "given":
        options["mask"] = arguments.mask
    if arguments.split:
        options["split"] = arguments.split
    if arguments.model:
        options |= {"device": arguments.device, "simulate_click": arguments.click}
    pending = api.evaluate_cases(arguments.cases, arguments.model, wait=False, **options)
    values, result = follow(pending, "evaluating")
    return {**values, "warnings": list(pending.warnings), "provenance": result.provenance}, pending.warnings


def _write(path: Path, values: Mapping[str, Any]) -> None:
    from AutoLabelLib.files.tables import write_csv, write_json

    if path.suffix.lower() == ".csv":
        write_csv(path, values["cases"])
    else:
        write_json(path, values)


def _print(values: Mapping[str, Any]) -> None:
    rows = []
    for segment, figures in values["summary"].items():
        texts = [_interval(figures.get(key), digits) for key, digits in _SHOWN.items()]
        rows.append((segment, *texts, (figures.get("dice") or {}).get("n", 0)))
    report.print_columns(rows, ("segment", "Dice", "HD95 (mm)", "volume error (ml)", "cases"))
    for failed in values.get("failed", ()):
        print(f"not evaluated: {failed['case']}: {failed['error']}", file=sys.stderr)


def _interval(figure: Mapping[str, Any] | None, digits: int) -> str:
    """Return "mean (low to high)", without the interval where there are too few cases for one."""
    if not figure or figure["mean"] is None:
        return "–"
    mean = f"{figure['mean']:.{digits}f}"
    if figure.get("low") is None or figure.get("high") is None:
        return mean
    return f"{mean} ({figure['low']:.{digits}f} to {figure['high']:.{digits}f})"
