"""Options of verbs that take an image and write a segmentation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from AutoLabelLib.cli.arguments import add_device, add_json

if TYPE_CHECKING:
    from AutoLabelLib.core.image import Image


def add_image(parser: argparse.ArgumentParser, is_optional: bool = False) -> None:
    """Add the image, and how its file is read; an optional one is [] where it is not given."""
    parser.add_argument(
        "input",
        nargs="*" if is_optional else "+",
        metavar="INPUT",
        help="NIfTI, NRRD or MetaImage file, or folder of a DICOM series; one per channel of the model",
    )
    parser.add_argument(
        "--modality", default="", help="modality of the input, such as CT, where its file does not say it"
    )
    parser.add_argument("--series", metavar="UID|NUMBER", help="which series of a DICOM folder")
    parser.add_argument("--time-point", type=int, metavar="N", help="which volume of a 4D file, from 0")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where to write, what computes, and how it is run."""
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to write: .seg.nrrd (Slicer's segmentation), .nii.gz, .nrrd, .mha, or .mrb (a Slicer scene)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    parser.add_argument("--engine", default="auto", help="how the network is run (default: auto, the fastest here)")
    parser.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction, help="average mirror images: slower, sometimes better"
    )
    add_device(parser)
    add_json(parser)


def open_image(arguments: argparse.Namespace) -> tuple[Image, Path]:
    """Return the image, and the path of its first channel.

    Raises:
        InputError: If it cannot be read.
    """
    from AutoLabelLib.api.sources import open_source

    inputs = [Path(name) for name in arguments.input]
    source = inputs[0] if len(inputs) == 1 else inputs
    return open_source(source, arguments.modality, arguments.series, arguments.time_point), inputs[0]
