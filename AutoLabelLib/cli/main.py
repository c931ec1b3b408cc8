"""The `autolabel` command: 0 done, 1 a readable error, 2 wrong usage, 130 cancelled."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from AutoLabelLib import __version__
from AutoLabelLib.cli.arguments import UsageError, joined_negative_numbers
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled

DONE, FAILED, USAGE, CANCELLED = 0, 1, 2, 130
VERBS = (
    "demo",
    "segment",
    "interact",
    "classify",
    "models",
    "train",
    "evaluate",
    "explain",
    "measure",
    "features",
    "compare",
    "doctor",
)

_DESCRIPTION = "Automatic annotation of medical images: an image goes in, named segments come out."
_EPILOG = "Start with: autolabel demo (needs no data). Help on a verb: autolabel VERB --help"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code.

    Args:
        arguments: Words of the command line after "autolabel"; None takes the process's own.
    """
    words = joined_negative_numbers(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = _parser().parse_args(words)
    except SystemExit as stop:  # argparse has printed the help (0) or what is wrong (2)
        return int(stop.code or 0)
    try:
        return int(chosen.run(chosen))
    except UsageError as error:
        print(f"autolabel: error: {error}", file=sys.stderr)
        return USAGE
    except JobCancelled as cancelled:
        return _tell(cancelled, chosen, CANCELLED)
    except AutoLabelError as error:
        return _tell(error, chosen, FAILED)
    except KeyboardInterrupt:
        return _tell(JobCancelled("Cancelled."), chosen, CANCELLED)
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autolabel", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"autolabel {__version__}")
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        _verb(verb).add_parser(subparsers)
    return parser


def _verb(name: str) -> ModuleType:
    return importlib.import_module(f"AutoLabelLib.cli.{name}")


def _tell(error: AutoLabelError, chosen: argparse.Namespace, exit_code: int) -> int:
    print(f"autolabel: {' '.join(str(error).split())}", file=sys.stderr)
    if getattr(chosen, "json", False):
        print(json.dumps({"error": error.to_wire()}))
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
