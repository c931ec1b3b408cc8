"""`autolabel segment`: an image goes in, named segments come out."""

from __future__ import annotations

import argparse
from typing import Any

from AutoLabelLib.cli.arguments import corners
from AutoLabelLib.cli.image_arguments import add_image, add_output, open_image
from AutoLabelLib.cli.progress import follow
from AutoLabelLib.cli.prompts import add_prompts, prompts_of

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
    add_image(parser)
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="a model's name (see: autolabel models) or folder"
    )
    add_prompts(parser)
    parser.add_argument(
        "--roi",
        type=corners,
        metavar="R,A,S,R,A,S",
        help="segment only the box of voxels around these two opposite corners (RAS mm)",
    )
    parser.add_argument(
        "--structure",
        action="append",
        metavar="NAME",
        help="only this one of the model's segments; repeat for more (default: what it segments unasked)",
    )
    parser.add_argument("--overlap", type=float, metavar="0…0.9", help="of windows (default: as the model says)")
    add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.cli import outputs
    from AutoLabelLib.core import catalogue
    from AutoLabelLib.core.prompt import Box

    outputs.check(arguments.output, arguments.overwrite)  # before minutes of computing
    spec = catalogue.find(arguments.model)
    image, path = open_image(arguments)
    options = {name: getattr(arguments, name) for name in ("device", "engine", "overlap", "mirror")}
    options["structures"] = arguments.structure
    roi = Box(arguments.roi[:3], arguments.roi[3:]) if arguments.roi else None
    pending = api.segment(image, arguments.model, prompts_of(arguments), roi=roi, wait=False, **options)
    labelmap, result = follow(pending, "starting")
    outputs.write(arguments.output, path, image, labelmap, spec, result)
    outputs.tell(arguments.output, labelmap, result, pending.warnings, arguments.json)
    return 0
