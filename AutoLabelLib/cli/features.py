"""`autolabel features`: segments in figures, for statistics and for classifiers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import UsageError, add_json
from AutoLabelLib.cli.image_arguments import add_image, open_image
from AutoLabelLib.cli.progress import follow

_SUFFIXES = (".csv", ".json")
_EPILOG = """examples:
  autolabel features ct.nrrd --modality CT --segmentation nodules.seg.nrrd --output features.csv
  autolabel features brain.nii.gz --segmentation brain.seg.nrrd --segment Hippocampus --families morph,stat
  autolabel features --cases cases.csv --output features.csv

families, by the beginning of the names: morph (shape), loc, stat (intensities), ih, ivh (histograms),
glcm, glrlm, glszm, gldzm, ngtdm, ngldm (texture), as the IBSI defines them, 3D and merged; and log (Laplacian of
Gaussian), wavelet, lbp (local binary patterns), hog (oriented gradients), density (kernel density estimate),
lesion (lesions on CT)."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "features",
        help="describe segments by handcrafted features",
        description="Intensity, shape and texture features of segments, by the names and definitions of the IBSI.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_image(parser, is_optional=True)
    parser.add_argument("--segmentation", metavar="FILE", help="a segmentation of the image")
    parser.add_argument(
        "--segment", action="append", metavar="NAME", help="only this segment; may be given several times"
    )
    parser.add_argument("--cases", metavar="CSV|JSON", help="instead of an image: a list of labelled cases")
    parser.add_argument("--split", help="only cases of this split: train, validation or test")
    _add_settings(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a row per segment or case: .csv, or .json")
    parser.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    add_json(parser)
    parser.set_defaults(run=run)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--families", metavar="NAME,…", help="which features (default: morph,stat,glcm,glrlm,glszm), or all"
    )
    parser.add_argument("--bin-width", type=float, metavar="UNITS", help="width of a grey level (default for CT: 25)")
    parser.add_argument("--bin-count", type=int, metavar="N", help="number of grey levels (default but for CT: 32)")
    parser.add_argument(
        "--intensity-range", metavar="LOW,HIGH", help="leave out voxels beyond it from intensities and texture"
    )
    parser.add_argument(
        "--resample", type=float, metavar="MM", help="bring image and segment onto cubic voxels of this edge first"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    _check(arguments)
    values, warnings, provenance = _of_cases(arguments) if arguments.cases else _of_image(arguments)
    if arguments.output:
        _write(arguments.output, values, provenance)
    if arguments.json:
        report.print_json({**values, "warnings": list(warnings), "provenance": provenance})
        return 0
    report.print_warnings([*warnings, *(f"{row['case']}: {row['error']}" for row in values["failed"])])
    if not arguments.cases:
        _print(values)
    if arguments.output:
        count = len(values["rows"])
        print(f"Wrote {len(values['meanings'])} features of {count} {'cases' if arguments.cases else 'segments'}")
        print(f"to {arguments.output}")
    return 0


def _of_image(arguments: argparse.Namespace) -> tuple[dict[str, Any], tuple[str, ...], Any]:
    from AutoLabelLib import api

    image, _ = open_image(arguments)
    pending = api.features(image, arguments.segmentation, arguments.segment, wait=False, **_options(arguments))
    _, result = follow(pending, "features")
    return dict(result.values), pending.warnings, result.provenance


def _of_cases(arguments: argparse.Namespace) -> tuple[dict[str, Any], tuple[str, ...], Any]:
    from AutoLabelLib import api

    split = {"split": arguments.split} if arguments.split else {}
    pending = api.features_of_cases(arguments.cases, wait=False, **split, **_options(arguments))
    _, result = follow(pending, "features")
    return dict(result.values), pending.warnings, result.provenance


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {
        "families": arguments.families,
        "bin_width": arguments.bin_width,
        "bin_count": arguments.bin_count,
        "intensity_range": arguments.intensity_range.split(",") if arguments.intensity_range else None,
        "resample_mm": arguments.resample,
    }
    return {name: value for name, value in given.items() if value is not None}


def _check(arguments: argparse.Namespace) -> None:
    if bool(arguments.cases) == bool(arguments.input):
        raise UsageError("give an image with --segmentation, or a list of cases with --cases")
    if arguments.input and not arguments.segmentation:
        raise UsageError("the segments are missing: --segmentation FILE")
    if arguments.cases and not (arguments.output or arguments.json):
        raise UsageError("where shall the features of the cases go? --output FILE")
    if arguments.output:
        from AutoLabelLib.files.atomic import check_target

        if arguments.output.suffix.lower() not in _SUFFIXES:
            raise UsageError(f'a table is written as .csv or .json, not as "{arguments.output.suffix}"')
        check_target(arguments.output, arguments.overwrite)


def _write(path: Path, values: dict[str, Any], provenance: Any) -> None:
    from AutoLabelLib.files.tables import write_csv, write_json

    if path.suffix.lower() == ".csv":
        write_csv(path, values["rows"])
    else:
        write_json(path, {**values, "provenance": provenance})


def _print(values: dict[str, Any]) -> None:
    from AutoLabelLib.api.feature_extraction import table_of

    rows = table_of(values["rows"], values["meanings"])
    titles = list(rows[0])
    printed = [[_short(row[title]) for title in titles] for row in rows]
    report.print_columns(printed, titles)


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
