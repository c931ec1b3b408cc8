"""`autolabel demo`: the whole chain on a synthetic chest CT, whose nodules are known exactly."""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import add_device, add_json
from AutoLabelLib.cli.progress import follow
from AutoLabelLib.core.errors import FileError, MissingDependency

if TYPE_CHECKING:
    from AutoLabelLib.cli.demonstration import Demonstration
    from AutoLabelLib.core.model import ModelSpec

MODEL, CLASSIFIER = "lung_nodule_ct", "lung_nodule_malignancy_ct"
SCENE, PICTURE, TABLE = "demo.mrb", "demo.png", "nodules.csv"
IMAGE, SEGMENTS = "chest_ct.nrrd", "nodules.seg.nrrd"

_DESCRIPTION = """Render a synthetic chest CT with nodules of exactly known volume, click each nodule once, segment it
in the worker, compare the measured with the true volume, classify it and show what speaks for the class, and write a
Slicer scene and a picture of it. Needs no data, downloads nothing. The image is invented: the figures show that the
chain works, not how well a patient's nodule would be measured (the model card says that), and no class is right."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo", help="the whole chain on a synthetic chest CT; needs no data", description=_DESCRIPTION
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("autolabel-demo"),
        metavar="DIR",
        help="folder to write to (default: %(default)s)",
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="another chest for each number (default: 0)")
    parser.add_argument(
        "--model", default=MODEL, metavar="NAME", help="model that takes a click (default: %(default)s)"
    )
    parser.add_argument(
        "--classifier", default=CLASSIFIER, metavar="NAME", help="model that names the nodules (default: %(default)s)"
    )
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a whole number of 0 or more, got "{text}"')
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib.cli.demo_reasons import with_reasons
    from AutoLabelLib.cli.demonstration import demonstrate
    from AutoLabelLib.core import catalogue
    from AutoLabelLib.phantom.chest import chest_phantom

    say = _silent if arguments.json else print
    spec, classifier = catalogue.find(arguments.model), catalogue.find(arguments.classifier)
    folder = _made_folder(arguments.output)
    started = time.monotonic()
    say("1/5  Rendering a synthetic chest CT (an invented one: no patient) ...")
    phantom = chest_phantom(arguments.seed)
    say(f"2/5  Clicking each of its {len(phantom.nodules)} nodules once, and segmenting with {spec.name} ...")
    demonstration = demonstrate(phantom, spec, arguments.seed, follow, device=arguments.device)
    say(f"3/5  Asking {classifier.name} what they are, and why ...")
    demonstration = with_reasons(demonstration, classifier, follow, device=arguments.device)
    if not arguments.json:
        report.print_warnings(demonstration.warnings)
        _print_table(demonstration)
    written, remarks = _write(demonstration, spec, folder, say)
    seconds = time.monotonic() - started
    if arguments.json:
        report.print_json(_summary(arguments, demonstration, written, remarks, seconds))
    else:
        for remark in remarks:
            print(remark)
        print(f"Done in {seconds:.0f} s. Wrote:", *written, sep="\n  ")
    return 0


def _silent(*_: object) -> None:
    """Say nothing."""


def _made_folder(path: Path) -> Path:
    """Return the output folder, made if it was not there; before anything is computed."""
    from AutoLabelLib.files.atomic import check_target

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f'The folder "{path}" cannot be made: {error.strerror}.', "Choose another one with --output."
        ) from error
    check_target(path / PICTURE)
    return path


def _print_table(demonstration: Demonstration) -> None:
    from AutoLabelLib.cli.demo_reasons import verdict

    header = ("nodule", "kind", "diameter (mm)", "true (ml)", "measured (ml)", "error (%)", "Dice", "class")
    rows = [
        (row.name, row.kind, row.diameter_mm, row.true_ml, row.measured_ml, row.error_percent, row.dice, said)
        for row in demonstration.measurements
        for said in [verdict(demonstration.findings.get(row.name))]
    ]
    report.print_columns(rows, header, {"diameter (mm)": 1, "error (%)": 1, "Dice": 2})


def _write(demonstration: Demonstration, spec: ModelSpec, folder: Path, say: Any) -> tuple[list[Path], list[str]]:
    """Write everything, and return what was written and what was left out, a sentence each."""
    from AutoLabelLib.files.tables import write_csv

    write_csv(folder / TABLE, _csv_rows(demonstration))
    if importlib.util.find_spec("slicer") is None:
        paths = _write_files(demonstration, folder)
        remark = 'Without the Slicer libraries there is no scene and no picture: pip install "autolabel[slicer]"'
        return [folder / TABLE, *paths], [remark]
    paths, remarks = _write_scene(demonstration, spec, folder, say)
    return [folder / TABLE, *paths], remarks


def _csv_rows(demonstration: Demonstration) -> list[dict[str, Any]]:
    rows = []
    for measurement in demonstration.measurements:
        values = measurement.to_json()
        x, y, z = values.pop("click_ras_mm")
        finding = demonstration.findings.get(measurement.name)
        said = {"class": finding.label, "probability": finding.score, "uncertain": finding.uncertain} if finding else {}
        rows.append({**values, "click_r_mm": x, "click_a_mm": y, "click_s_mm": z, **said})
    return rows


def _write_files(demonstration: Demonstration, folder: Path) -> list[Path]:
    from AutoLabelLib.files.images import write_image
    from AutoLabelLib.files.labelmaps import write_labelmap

    write_image(folder / IMAGE, demonstration.phantom.image)
    write_labelmap(folder / SEGMENTS, demonstration.labelmap)
    return [folder / IMAGE, folder / SEGMENTS]


def _write_scene(demonstration: Demonstration, spec: ModelSpec, folder: Path, say: Any) -> tuple[list[Path], list[str]]:
    from AutoLabelLib.cli.demo_scene import build_scene, picture
    from AutoLabelLib.files.atomic import replacing
    from AutoLabelLib.scene.scene_files import write_scene

    say("4/5  Writing the Slicer scene ...")
    volume_node = build_scene(demonstration)
    write_scene(folder / SCENE)
    say("5/5  Drawing Slicer's views ...")
    try:
        content = picture(demonstration, volume_node, spec)
    except MissingDependency as missing:
        return [folder / SCENE], [f"No picture: {missing}"]
    with replacing(folder / PICTURE) as beside:
        beside.write_bytes(content)
    return [folder / SCENE, folder / PICTURE], []


def _summary(
    arguments: argparse.Namespace,
    demonstration: Demonstration,
    written: list[Path],
    remarks: list[str],
    seconds: float,
) -> dict[str, Any]:
    return {
        "synthetic": True,
        "seed": arguments.seed,
        "nodules": [row.to_json() for row in demonstration.measurements],
        "findings": [finding.to_json() for finding in demonstration.findings.values()],
        "written": [str(path) for path in written],
        "remarks": remarks,
        "warnings": list(demonstration.warnings),
        "seconds": round(seconds, 1),
    }
