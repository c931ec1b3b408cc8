"""`autolabel segment`: an image goes in, named segments come out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import add_device, add_json, corners, position
from AutoLabelLib.cli.progress import follow

if TYPE_CHECKING:
    from AutoLabelLib.core.job import Result
    from AutoLabelLib.core.labelmap import Labelmap
    from AutoLabelLib.core.prompt import Prompts

_EPILOG = """examples:
  autolabel segment brain.nii.gz --model hippocampus_mr --output hippocampus.seg.nrrd
  autolabel segment ct_series/ --model lung_nodule_ct --point -52.5,31,-118 --output nodule.mrb"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "segment",
        help="segment an image with a model",
        description="Segment an image and write the segments on the image's own grid.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "input",
        nargs="+",
        metavar="INPUT",
        help="NIfTI, NRRD or MetaImage file, or folder of a DICOM series; one per channel of the model",
    )
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="a model's name (see: autolabel models) or folder"
    )
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to write: .seg.nrrd (Slicer's segmentation), .nii.gz, .nrrd, .mha, or .mrb (a Slicer scene)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    _add_prompts(parser)
    parser.add_argument(
        "--modality", default="", help="modality of the input, such as CT, where its file does not say it"
    )
    parser.add_argument("--series", metavar="UID|NUMBER", help="which series of a DICOM folder")
    parser.add_argument("--time-point", type=int, metavar="N", help="which volume of a 4D file, from 0")
    parser.add_argument("--engine", default="auto", help="how the network is run (default: auto, the fastest here)")
    parser.add_argument("--overlap", type=float, metavar="0…0.9", help="of windows (default: as the model says)")
    parser.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction, help="average mirror images: slower, sometimes better"
    )
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _add_prompts(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("prompts", "where to look, in RAS mm as Slicer shows it; repeat for more")
    group.add_argument(
        "--point", type=position, action="append", default=[], metavar="R,A,S", help="this belongs to it"
    )
    group.add_argument(
        "--negative-point", type=position, action="append", default=[], metavar="R,A,S", help="this does not"
    )
    group.add_argument(
        "--box", type=corners, action="append", default=[], metavar="R,A,S,R,A,S", help="two opposite corners around it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.api.sources import open_source
    from AutoLabelLib.cli import outputs
    from AutoLabelLib.core import catalogue

    outputs.check(arguments.output, arguments.overwrite)  # before minutes of computing
    spec = catalogue.find(arguments.model)
    inputs = [Path(name) for name in arguments.input]
    source = inputs[0] if len(inputs) == 1 else inputs
    image = open_source(source, arguments.modality, arguments.series, arguments.time_point)
    options = {name: getattr(arguments, name) for name in ("device", "engine", "overlap", "mirror")}
    pending = api.segment(image, arguments.model, _prompts(arguments), wait=False, **options)
    labelmap, result = follow(pending, "starting")
    outputs.write(arguments.output, inputs[0], image, labelmap, spec, result)
    _print(arguments, labelmap, result, pending.warnings)
    return 0


def _prompts(arguments: argparse.Namespace) -> Prompts:
    from AutoLabelLib.core.prompt import Box, Point, Prompts

    points = [Point(where) for where in arguments.point]
    points += [Point(where, positive=False) for where in arguments.negative_point]
    return Prompts(points=tuple(points), boxes=tuple(Box(corner[:3], corner[3:]) for corner in arguments.box))


def _print(arguments: argparse.Namespace, labelmap: Labelmap, result: Result, warnings: tuple[str, ...]) -> None:
    segments = [
        {"name": segment.name, "label_value": segment.label_value, "volume_ml": labelmap.volume_ml(segment)}
        for segment in labelmap.segments
    ]
    if arguments.json:
        report.print_json(
            {
                "output": str(arguments.output),
                "segments": segments,
                "warnings": list(warnings),
                "phase_seconds": result.phase_seconds,
                "provenance": result.provenance,
            }
        )
        return
    report.print_warnings(warnings)
    rows = [(segment["name"], segment["label_value"], segment["volume_ml"]) for segment in segments]
    report.print_columns(rows, ("segment", "label value", "volume (ml)"))
    print(f"Wrote {arguments.output}")
