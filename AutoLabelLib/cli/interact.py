"""`autolabel interact`: one structure from points, boxes, scribbles and lassos, or a mask corrected by them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli.image_arguments import add_image, add_output, open_image
from AutoLabelLib.cli.progress import follow
from AutoLabelLib.cli.prompts import add_prompts, prompts_of
from AutoLabelLib.core.errors import InputError

if TYPE_CHECKING:
    from AutoLabelLib.core.labelmap import Labelmap

_EPILOG = """examples:
  autolabel interact ct_series/ --point -52.5,31,-118 --negative-point -40,31,-118 --output nodule.seg.nrrd
  autolabel interact brain.nii.gz --scribble 20,4,-8/24,6,-8/30,6,-7 --name "Left thalamus" --output thalamus.nii.gz
  autolabel interact ct.nrrd --start liver.seg.nrrd --negative-point 12,-40,88 --output corrected.seg.nrrd"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "interact",
        help="segment what prompts point at",
        description="Segment one structure that prompts point at, or correct a mask, on the image's own grid.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_image(parser)
    parser.add_argument(
        "--model",
        default="any_structure",
        metavar="NAME",
        help="a model that understands prompts (default: %(default)s)",
    )
    add_prompts(parser)
    parser.add_argument("--start", type=Path, metavar="FILE", help="segmentation to correct, on the image's grid")
    parser.add_argument("--start-segment", metavar="NAME", help="which segment of it, where it has several")
    parser.add_argument("--structure", metavar="NAME", help="which of the model's segments, where it has several")
    parser.add_argument("--name", help="name of the segment that is written")
    add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.cli import outputs

    outputs.check(arguments.output, arguments.overwrite)
    image, path = open_image(arguments)
    options = {name: getattr(arguments, name) for name in ("device", "engine", "mirror")}
    start = _start(arguments)
    session = api.interact(image, arguments.model, start=start, structure=arguments.structure, **options)
    pending = session.submit(prompts_of(arguments))
    update, result = follow(pending, "starting")
    segment = replace(session.segment, name=arguments.name or session.segment.name)
    labelmap = update.labelmap(segment)
    outputs.write(arguments.output, path, image, labelmap, session.spec, result)
    outputs.tell(arguments.output, labelmap, result, pending.warnings, arguments.json)
    return 0


def _start(arguments: argparse.Namespace) -> Labelmap | None:
    """Return the mask to start from, as a labelmap with one segment; None where none was named."""
    if arguments.start is None:
        return None
    from AutoLabelLib.core.labelmap import Labelmap
    from AutoLabelLib.files.labelmaps import read_labelmap

    labelmap = read_labelmap(arguments.start)
    if arguments.start_segment is None and len(labelmap.segments) != 1:
        names = ", ".join(segment.name for segment in labelmap.segments)
        raise InputError(f'"{arguments.start}" has several segments.', f"Choose one by --start-segment: {names}.")
    segment = labelmap.segment(arguments.start_segment) if arguments.start_segment else labelmap.segments[0]
    mask = labelmap.mask(segment).astype("uint8")[None]
    return Labelmap(mask, labelmap.affine, (replace(segment, layer=0, label_value=1),))
