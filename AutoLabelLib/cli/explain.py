"""`autolabel explain`: where in an image is what speaks for a segment or a class?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import UsageError, add_device, add_json, corners, positive_integer
from AutoLabelLib.cli.image_arguments import add_image, open_image
from AutoLabelLib.cli.progress import follow
from AutoLabelLib.cli.prompts import add_prompts, prompts_of

if TYPE_CHECKING:
    from AutoLabelLib.core.heat import Heat
    from AutoLabelLib.core.image import Image
    from AutoLabelLib.core.job import Result
    from AutoLabelLib.core.model import ModelSpec

_METHODS = ("integrated_gradients", "smoothgrad", "occlusion", "gradcam", "gradcam++")
_MOST_FEATURES = 8
_PASSED_ON = ("device", "layer", "baseline", "seed", "steps", "samples", "deletion")
_EPILOG = """examples:
  autolabel explain brain.nii.gz --model hippocampus_mr --output heat.nii.gz --picture heat.png
  autolabel explain ct.nii.gz --model lung_nodule_ct --point -52.5,31,-118 --method occlusion --output heat.nrrd"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "explain",
        help="show where in an image is what speaks for a segment or a class",
        description="Write heat from 0 to 1 on the image's own grid: what speaks for a segment of a segmentation "
        "model, or for a class of a classifier. Whether it does is checked by deletion: what is marked is taken out, "
        "and the probability must fall more than where something else of the same size is taken out.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_image(parser)
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="a model's name (see: autolabel models) or folder"
    )
    parser.add_argument("--method", default=_METHODS[0], choices=_METHODS, help="default: %(default)s")
    parser.add_argument("--segmentation", type=Path, metavar="FILE", help="what is explained, or judged")
    parser.add_argument("--segment", metavar="NAME", help="which of its segments (default: the largest)")
    parser.add_argument("--target", metavar="NAME", help="segment or class to explain (default: what the model says)")
    add_prompts(parser)
    parser.add_argument("--roi", type=corners, metavar="R,A,S,R,A,S", help="only the box of voxels around two corners")
    _add_choices(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write heat: .nii.gz, .nrrd or .mha")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="also draw slices with heat over them")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw what handcrafted features add, as bars")
    parser.add_argument("--overwrite", action="store_true", help="replace the outputs if they exist")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("method")
    group.add_argument("--layer", metavar="NAME", help="Grad-CAM: layer whose feature map is shown")
    group.add_argument("--steps", type=positive_integer, metavar="N", help="integrated gradients: images on the way")
    group.add_argument("--samples", type=positive_integer, metavar="N", help="SmoothGrad: noisy images")
    group.add_argument(
        "--baseline", choices=("median", "lowest", "blurred"), help="what replaces what is taken out (default: median)"
    )
    group.add_argument("--seed", type=int, default=0, help="of noise and random places (default: 0)")
    group.add_argument(
        "--deletion", action=argparse.BooleanOptionalAction, help="check by deletion (default: yes; takes a while)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    from AutoLabelLib import api
    from AutoLabelLib.core import catalogue
    from AutoLabelLib.core.prompt import Box

    _check(arguments)  # before minutes of computing
    spec = catalogue.find(arguments.model)
    image, path = open_image(arguments)
    given = {name: getattr(arguments, name) for name in _PASSED_ON}
    pending = api.explain(
        image,
        arguments.model,
        arguments.method,
        segmentation=arguments.segmentation,
        segment=arguments.segment,
        prompts=prompts_of(arguments),
        target=arguments.target,
        roi=Box(arguments.roi[:3], arguments.roi[3:]) if arguments.roi else None,
        wait=False,
        plot=str(arguments.plot.resolve()) if arguments.plot else None,
        **{name: value for name, value in given.items() if value is not None},
    )
    _, result = follow(pending, "starting")
    written = _write(arguments, image, path, spec, result)
    _tell(arguments, result, pending.warnings, written)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    from AutoLabelLib.files import atomic, formats

    if not (arguments.output or arguments.picture or arguments.plot):
        raise UsageError("say what to write: --output, --picture or --plot")
    endings = (*formats.NIFTI, ".nrrd", ".mha")
    if arguments.output and formats.suffix(arguments.output) not in endings:
        raise formats.unknown_format(arguments.output, endings)
    for picture in filter(None, (arguments.picture, arguments.plot)):
        if picture.suffix.lower() != ".png":
            raise UsageError(f'a picture is written as .png, not as "{picture.suffix}"')
    for path in filter(None, (arguments.output, arguments.picture, arguments.plot)):
        atomic.check_target(path, arguments.overwrite)
    if arguments.picture:
        from AutoLabelLib.core.packages import require

        require("slicer")


def _write(arguments: argparse.Namespace, image: Image, source: Path, spec: ModelSpec, result: Result) -> list[str]:
    """Write what was asked for, as far as the model gives it, and return the paths."""
    from AutoLabelLib.core.heat import Heat
    from AutoLabelLib.files.images import write_image

    written = []
    if result.images and arguments.output:
        write_image(arguments.output, result.images[0])
        written.append(arguments.output)
    if result.images and arguments.picture:
        _draw(arguments.picture, image, source, Heat.of(result), spec)
        written.append(arguments.picture)
    if arguments.plot and result.values["contributions"]:
        written.append(arguments.plot)
    return [str(path) for path in written]


def _draw(picture: Path, image: Image, source: Path, heat: Heat, spec: ModelSpec) -> None:
    from AutoLabelLib.files.atomic import replacing
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.heatmap_picture import heatmap_picture, set_fitting_window
    from AutoLabelLib.scene.heatmaps import show_heatmap
    from AutoLabelLib.scene.offscreen import png
    from AutoLabelLib.scene.volumes import volume_from_image

    headless_scene(fresh=True)
    volume_node = volume_from_image(image, source.name)
    set_fitting_window(volume_node)
    node = show_heatmap(volume_node, heat, "heat")
    subtitle = f"{heat.method} of {spec.name} {spec.version}"
    if heat.deletion:
        lowered = (f"{heat.deletion[name]:.2f}" for name in ("drop", "random_drop"))
        subtitle += "\nTaking out what is marked lowers the probability by {}, as much elsewhere by {}".format(*lowered)
    pixels = heatmap_picture(node, f'What speaks for "{heat.target}" (probability {heat.probability:.2f})', subtitle)
    with replacing(picture) as beside:
        beside.write_bytes(png(pixels))


def _tell(arguments: argparse.Namespace, result: Result, warnings: tuple[str, ...], written: Sequence[str]) -> None:
    values = result.values
    if arguments.json:
        report.print_json(
            {
                "written": written,
                **values,
                "warnings": list(warnings),
                "phase_seconds": result.phase_seconds,
                "provenance": result.provenance,
            }
        )
        return
    report.print_warnings(warnings)
    layer = f", layer {values['layer']}" if values["layer"] else ""
    print(
        f'What speaks for "{values["target"]}" (probability {values["probability"]:.3f}), by {values["method"]}{layer}'
    )
    if values["deletion"]:
        _print_deletion(values["deletion"])
    for row in values["contributions"][:_MOST_FEATURES]:
        print(f"{row['effect']:+.2f}  {row['words']}")
    print(
        f"Wrote {' and '.join(written)}" if written else "Nothing was written: this model gives nothing of that kind."
    )


def _print_deletion(deletion: Mapping[str, Any]) -> None:
    """Print the deletion curve of the heat and of random places."""
    rows: list[tuple[Any, ...]] = [
        (f"{fraction:.1%}", own, random)
        for fraction, own, random in zip(
            deletion["fractions"], deletion["probability"], deletion["random_probability"], strict=True
        )
    ]
    rows.append(("area under the curve", deletion["area"], deletion["random_area"]))
    rows.append(
        (f"fall without the marked {deletion['marked_fraction']:.1%}", deletion["drop"], deletion["random_drop"])
    )
    print("Probability after taking out a part of what the model looks at:")
    report.print_columns(rows, ("taken out", "hottest first", "random places"))
