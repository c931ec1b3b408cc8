"""`autolabel models`: which models there are, the facts of one, and those from elsewhere: add, approve, remove."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import add_json
from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.words import listed

if TYPE_CHECKING:
    from AutoLabelLib.core.model import ModelSpec

_NAMES_SHOWN = 4


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "models",
        help="list the installed models, or show one",
        description="List the installed models. With a NAME, show its facts: what it is for, data, licence, figures.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a model's name, or the folder of a MONAI bundle")
    parser.add_argument("--task", help="only models for this task, such as segmentation")
    parser.add_argument("--modality", help="only models for this modality, such as CT")
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="FOLDER",
        help="approve a bundle from elsewhere: its configuration is code, which runs on your machine",
    )
    parser.add_argument(
        "--add", type=Path, metavar="FOLDER", help="copy a bundle from elsewhere into your own models; approve it apart"
    )
    parser.add_argument("--remove", metavar="NAME", help="delete a model that you added")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    if arguments.add:
        return _add(arguments.add, arguments.json)
    if arguments.trust:
        return _trust(arguments.trust, arguments.json)
    if arguments.remove:
        return _remove(arguments.remove, arguments.json)
    if arguments.name:
        return _show(arguments.name, arguments.json)
    return _list(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from AutoLabelLib.core import catalogue

    specs = catalogue.models(arguments.task, arguments.modality)
    if arguments.json:
        report.print_json([_facts(spec) for spec in specs])
        return 0
    if not specs:
        print("No model fits." if arguments.task or arguments.modality else "No model is installed.")
        return 0
    rows = [(spec.name, spec.modality or "any", listed(_outputs(spec), _NAMES_SHOWN), _wants(spec)) for spec in specs]
    report.print_columns(rows, ("model", "modality", "what it labels", "prompts"))
    print("\nMore about one: autolabel models NAME")
    return 0


def _show(name: str, as_json: bool) -> int:
    from AutoLabelLib.core import bundle, catalogue

    spec = catalogue.find(name)
    facts, card = _facts(spec), bundle.card(spec.folder) if spec.folder else ""
    if as_json:
        report.print_json({**facts, "card": card})
        return 0
    for key, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
        print(f"{key.replace('_', ' ') + ':':<16} {text}")
    if card:
        print(f"\n{card.strip()}")
    return 0


def _add(folder: Path, as_json: bool) -> int:
    from AutoLabelLib.core import catalogue, user_models

    spec = user_models.add(folder)
    assert spec.folder is not None
    approved = catalogue.is_trusted(spec.folder)
    if as_json:
        report.print_json({"name": spec.name, "folder": str(spec.folder), "approved": approved})
    else:
        print(f'"{spec.name}" was added.')
        if not approved:
            print(f'It runs once you have approved it: autolabel models --trust "{spec.folder}"')
    return 0


def _remove(name: str, as_json: bool) -> int:
    from AutoLabelLib.core import catalogue, user_models

    spec = catalogue.find(name)
    user_models.remove(spec)
    if as_json:
        report.print_json({"name": spec.name, "removed": True})
    else:
        print(f'"{spec.name}" was removed.')
    return 0


def _trust(folder: Path, as_json: bool) -> int:
    from AutoLabelLib.core import bundle, catalogue

    if not folder.is_dir():
        raise ModelError(f'There is no folder "{folder}".', "Choose the folder of a MONAI bundle.")
    spec = bundle.read_spec(folder)
    sha256 = catalogue.trust(folder)
    if as_json:
        report.print_json({"name": spec.name, "folder": str(folder), "approved_sha256": sha256})
    else:
        print(f'"{spec.name}" is approved as it is now ({sha256[:16]}…). If a file changes, it must be approved again.')
    return 0


def _outputs(spec: ModelSpec) -> tuple[str, ...]:
    return spec.classes or tuple(segment.name for segment in spec.segments)


def _wants(spec: ModelSpec) -> str:
    if not spec.prompts:
        return "none"
    return ", ".join(spec.prompts) + ("" if spec.needs_prompt else " (optional)")


def _facts(spec: ModelSpec) -> dict[str, Any]:
    from AutoLabelLib.core import catalogue

    channels = [f"{c.name} ({', '.join(filter(None, (c.modality, c.unit)))})".replace(" ()", "") for c in spec.channels]
    return {
        "name": spec.name,
        "version": spec.version,
        "task": spec.task,
        "description": spec.description,
        "anatomy": spec.anatomy,
        "channels": channels,
        "labels": list(_outputs(spec)),
        "prompts": _wants(spec),
        "spacing_mm": list(spec.spacing_mm or ()),
        "intended_use": spec.intended_use,
        "data": spec.source,
        "licence": spec.licence,
        "approved": bool(spec.folder and catalogue.is_trusted(spec.folder)),
        "folder": str(spec.folder),
    }
