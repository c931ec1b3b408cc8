"""Prompts on the command line: options that can be repeated, or a JSON file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AutoLabelLib.cli.arguments import corners, path, position
from AutoLabelLib.core.errors import FileError, InputError

if TYPE_CHECKING:
    from AutoLabelLib.core.prompt import Prompts

_KINDS = {
    "point": (position, "R,A,S", "this belongs to it", "this does not"),
    "box": (corners, "R,A,S,R,A,S", "two opposite corners around it", "nothing in this box belongs to it"),
    "scribble": (
        path,
        "R,A,S/R,A,S/…",
        "corners of a stroke through it",
        "a stroke through what does not belong to it",
    ),
    "lasso": (path, "R,A,S/R,A,S/…", "corners of a loop around it", "a loop around what does not belong to it"),
}


def add_prompts(parser: argparse.ArgumentParser) -> None:
    """Add an option per kind of prompt and sign, and the file."""
    group = parser.add_argument_group("prompts", "where to look, in RAS mm as Slicer shows it; repeat for more")
    for kind, (read, metavar, positive, negative) in _KINDS.items():
        for option, text in ((kind, positive), (f"negative-{kind}", negative)):
            group.add_argument(f"--{option}", type=read, action="append", default=[], metavar=metavar, help=text)
    group.add_argument(
        "--prompts",
        type=Path,
        metavar="FILE",
        help='JSON file: {"points": [{"position": [R, A, S], "positive": true}], "boxes": [{"low": …, "high": …}], '
        '"scribbles": [{"path": …}], "lassos": [{"path": …}]}',
    )


def prompts_of(arguments: argparse.Namespace) -> Prompts:
    """Return the prompts of a file, and then those of the options.

    Raises:
        FileError: If the file cannot be read.
        InputError: If it does not hold prompts.
    """
    from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble

    prompts = _read(arguments.prompts) if arguments.prompts else Prompts()
    for sign, positive in (("", True), ("negative_", False)):
        for where in getattr(arguments, f"{sign}point"):
            prompts = prompts.adding(Point(where, positive))
        for where in getattr(arguments, f"{sign}box"):
            prompts = prompts.adding(Box(where[:3], where[3:], positive))
        for where in getattr(arguments, f"{sign}scribble"):
            prompts = prompts.adding(Scribble(where, positive))
        for where in getattr(arguments, f"{sign}lasso"):
            prompts = prompts.adding(Lasso(where, positive))
    return prompts


def _read(path: Path) -> Prompts:
    from AutoLabelLib.core.prompt import Prompts

    try:
        fields: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f'The prompts in "{path}" cannot be read: {error.strerror}.') from error
    except ValueError as error:
        raise InputError(f'The file "{path}" is not JSON: {error}.') from error
    try:
        prompts = Prompts.from_json(fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f'The file "{path}" does not hold prompts: {error}.', "See: autolabel interact --help"
        ) from error
    return prompts
