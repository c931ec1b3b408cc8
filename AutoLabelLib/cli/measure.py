"""`autolabel measure`: how large segments are, as radiologists measure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import UsageError, add_json
from AutoLabelLib.cli.image_arguments import add_image, open_image
from AutoLabelLib.cli.progress import follow

if TYPE_CHECKING:
    from AutoLabelLib.core.finding import Finding

_COLUMNS = {  # title -> measurement, decimals
    "long (mm)": ("long_axis_mm", 1),
    "short (mm)": ("short_axis_mm", 1),
    "3D (mm)": ("max_diameter_3d_mm", 1),
    "volume (ml)": ("volume_ml", 3),
    "mean (HU)": ("mean_hu", 0),
    "mean": ("mean_intensity", 1),
    "solid (%)": ("solid_percent", 0),
}
_EPILOG = """examples:
  autolabel measure ct.nrrd --segmentation nodules.seg.nrrd
  autolabel measure brain.nii.gz --segmentation brain.seg.nrrd --segment Hippocampus --output sizes.csv"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "measure",
        help="measure segments: diameters, volume, intensities",
        description="Long and short axis on the axial plane, volume, intensities, and in lung the solid part.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_image(parser)
    parser.add_argument("--segmentation", required=True, metavar="FILE", help="a segmentation of the image")
    parser.add_argument(
        "--segment", action="append", metavar="NAME", help="only this segment; may be given several times"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a table: .csv, or .json")
    parser.add_argument("--overwrite", action="store_true", help="replace the table if it exists")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.core.finding_sentence import sentence

    _check(arguments)
    image, _ = open_image(arguments)
    pending = api.measure(image, arguments.segmentation, arguments.segment, wait=False)
    findings, result = follow(pending, "measuring")
    if arguments.output:
        from AutoLabelLib.files.findings import write_findings

        write_findings(arguments.output, findings)
    if arguments.json:
        told = [{"sentence": sentence(finding), **finding.to_json()} for finding in findings]
        report.print_json({"findings": told, "warnings": list(pending.warnings), "provenance": result.provenance})
        return 0
    report.print_warnings(pending.warnings)
    _print(findings)
    if arguments.output:
        print(f"Wrote {arguments.output}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.output:
        from AutoLabelLib.files.atomic import check_target
        from AutoLabelLib.files.findings import SUFFIXES

        if arguments.output.suffix.lower() not in SUFFIXES:
            raise UsageError(f'a table is written as .csv or .json, not as "{arguments.output.suffix}"')
        check_target(arguments.output, arguments.overwrite)


def _print(findings: Sequence[Finding]) -> None:
    names = {name for finding in findings for name in finding.measurements}
    columns = {title: column for title, column in _COLUMNS.items() if column[0] in names}
    rows = [
        (finding.segment, *(finding.measurements.get(name) for name, _ in columns.values())) for finding in findings
    ]
    decimals = {title: places for title, (_, places) in columns.items()}
    report.print_columns(rows, ("segment", *columns), decimals)
