"""`autolabel classify`: what a segment, the thing at a click, a region or an image is, and how probable that is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import UsageError, add_device, add_json, corners
from AutoLabelLib.cli.image_arguments import add_image, open_image
from AutoLabelLib.cli.progress import follow
from AutoLabelLib.cli.prompts import add_prompts, prompts_of

if TYPE_CHECKING:
    from AutoLabelLib.api import Classified
    from AutoLabelLib.core.finding import Finding
    from AutoLabelLib.core.image import Image
    from AutoLabelLib.core.model import ModelSpec

_EPILOG = """examples:
  autolabel classify ct.nii.gz --model lung_nodule_malignancy_ct --segmentation nodules.seg.nrrd
  autolabel classify ct_series/ --model lung_nodule_malignancy_ct --point -52.5,31,-118 --output nodule.json"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "classify",
        help="say what a segment, a region or an image is",
        description="Class, calibrated probabilities and ratings of each segment, of what is found at a click, of a "
        "region or of the whole image; and why that may not be relied on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_image(parser)
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="a model's name (see: autolabel models) or folder"
    )
    parser.add_argument("--segmentation", type=Path, metavar="FILE", help="classify the segments of this segmentation")
    parser.add_argument(
        "--segment", action="append", metavar="NAME", help="only this segment; may be given several times"
    )
    parser.add_argument(
        "--roi",
        type=corners,
        metavar="R,A,S,R,A,S",
        help="classify what is between these two opposite corners (RAS mm)",
    )
    add_prompts(parser)
    parser.add_argument(
        "--tta",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="average mirror images, if the model offers it",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the findings: .json, or a table as .csv")
    parser.add_argument(
        "--save-mask", type=Path, metavar="FILE", help="write what was segmented at the click, such as nodule.seg.nrrd"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the files if they exist")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.core import catalogue
    from AutoLabelLib.core.prompt import Box

    _check(arguments)
    spec, prompts = catalogue.find(arguments.model), prompts_of(arguments)
    roi = Box(arguments.roi[:3], arguments.roi[3:]) if arguments.roi else None
    if roi is None and prompts.kinds == ("box",) and not spec.segmenter:  # it can only mean: look here
        roi, prompts = prompts.boxes[0], type(prompts)()
    if arguments.segmentation and prompts:
        raise UsageError("give either --segmentation, or prompts")
    if arguments.save_mask and not prompts:
        raise UsageError("--save-mask needs a click: without one nothing is segmented")
    image, path = open_image(arguments)
    pending = api.classify(
        image,
        arguments.model,
        segmentation=arguments.segmentation,
        segment=arguments.segment,
        roi=roi,
        prompts=prompts,
        wait=False,
        device=arguments.device,
        tta=arguments.tta,
    )
    classified, result = follow(pending, "classifying")
    _write(arguments, classified, image, path, spec)
    if arguments.json:
        told = [finding.to_json() for finding in classified.findings]
        warnings = list(pending.warnings)
        report.print_json({"findings": told, "warnings": warnings, "provenance": result.provenance})
        return 0
    report.print_warnings(pending.warnings)
    _print(classified.findings)
    for written in filter(None, (arguments.output, arguments.save_mask)):
        print(f"Wrote {written}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    from AutoLabelLib.cli import outputs
    from AutoLabelLib.files.atomic import check_target
    from AutoLabelLib.files.findings import SUFFIXES

    if arguments.segment and not arguments.segmentation:
        raise UsageError("--segment needs --segmentation")
    if arguments.output:
        if arguments.output.suffix.lower() not in SUFFIXES:
            raise UsageError(f'findings are written as .json or .csv, not as "{arguments.output.suffix}"')
        check_target(arguments.output, arguments.overwrite)
    if arguments.save_mask:
        outputs.check(arguments.save_mask, arguments.overwrite)


def _write(arguments: argparse.Namespace, classified: Classified, image: Image, path: Path, spec: ModelSpec) -> None:
    if arguments.output:
        from AutoLabelLib.files.findings import write_findings

        write_findings(arguments.output, classified.findings)
    if arguments.save_mask and classified.labelmap is not None:
        from AutoLabelLib.cli import outputs
        from AutoLabelLib.core import catalogue

        segmenter = catalogue.find(spec.segmenter)
        outputs.write(arguments.save_mask, path, image, classified.labelmap, segmenter, classified.result)


def _print(findings: Sequence[Finding]) -> None:
    """Print a row per finding, and below it what the model rates and why its label may not be relied on."""
    classes = list(findings[0].class_probabilities)
    rows = [
        (finding.segment or "image", finding.label, *(finding.class_probabilities[name] for name in classes))
        for finding in findings
    ]
    report.print_columns(rows, ("what", "class", *(f"P({name})" for name in classes)))
    for finding in findings:
        name = finding.segment or "image"
        if finding.attributes:
            ratings = ", ".join(f"{what.replace('_', ' ')} {value:.1f}" for what, value in finding.attributes.items())
            print(f"{name}: {ratings}")
        if finding.uncertain:
            print(f"{name}: uncertain. {finding.uncertain}")
