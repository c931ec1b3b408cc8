"""`autolabel train`: a model from your own cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import UsageError, add_device, add_json, positive_integer
from AutoLabelLib.cli.progress import follow

_EPILOG = """For segmentation, the case list is a CSV with the columns image,label and optionally group (the patient),
split (train, validation or test) and exact (yes, where a label is known to be true, as in a rendered image), or a
JSON list of such objects. Several channels are separated by ";" in the CSV.
For classification it has image,mask,label, where label is a class, and optionally segment, group, split and
attribute:NAME for ratings.
Ctrl-C keeps a checkpoint; --resume goes on from it as if nothing had happened."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help="train a model on a list of cases",
        description="Train a model on a list of cases and export it as a bundle for `autolabel segment` or `classify`.",
        epilog=_EPILOG,
    )
    parser.add_argument("--recipe", metavar="NAME|FILE", help="name of a bundled recipe, or a JSON file")
    parser.add_argument(
        "--task",
        choices=("segmentation", "classification"),
        help="what the recipe must be for; classification without --recipe takes a general recipe",
    )
    parser.add_argument("--cases", required=True, metavar="CSV|JSON", help="the list of cases")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for checkpoints, curves and the bundle")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in the output folder")
    parser.add_argument(
        "--start-from", type=Path, metavar="BUNDLE", help="start from the weights of a model with the same network"
    )
    parser.add_argument("--epochs", type=positive_integer, metavar="N", help="instead of the recipe's number of epochs")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api

    if not arguments.recipe and arguments.task != "classification":
        raise UsageError("give --recipe, or --task classification for a general one")
    recipe = arguments.recipe or ""
    if arguments.recipe and Path(arguments.recipe).is_file():
        recipe = Path(arguments.recipe).resolve()
    options: dict[str, Any] = {"task": arguments.task} if arguments.task else {}
    options |= {"overrides": {"epochs": arguments.epochs} if arguments.epochs else {}}
    if arguments.start_from:
        options["start_from"] = str(arguments.start_from.resolve())
    pending = api.train(
        recipe,
        arguments.cases,
        arguments.output,
        resume=arguments.resume,
        wait=False,
        device=arguments.device,
        **options,
    )
    values, _ = follow(pending, "training")
    report.print_warnings(pending.warnings)
    if arguments.json:
        report.print_json(values)
    else:
        print(f"The model is in {values['bundle']}")
        print(f"Measure it: autolabel evaluate --cases {arguments.cases} --model {values['bundle']}")
    return 0
