"""`autolabel doctor`: what works on this machine, what is missing, and the command that gets it."""

from __future__ import annotations

import argparse
from typing import Any

from AutoLabelLib.cli import report
from AutoLabelLib.cli.arguments import add_json
from AutoLabelLib.install import checks

_MARKS = {checks.OK: "ok", checks.MISSING: "missing", checks.FAILED: "FAILED"}


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="check the installation",
        description="Check packages, models and the worker. Exit code 1 if something that is needed does not work.",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line asks for."""
    found = checks.all_checks()
    healthy = all(check.state == checks.OK or check.optional for check in found)
    if arguments.json:
        report.print_json({"healthy": healthy, "checks": [vars(check) for check in found]})
        return 0 if healthy else 1
    for check in found:
        optional = " (optional)" if check.optional and check.state != checks.OK else ""
        print(f"{_MARKS[check.state]:<8} {check.name:<14} {check.detail}{optional}")
        if check.hint:
            print(f"{'':<8} {'':<14} -> {check.hint}")
    print("\nEverything that is needed works." if healthy else "\nSomething that is needed does not work: see above.")
    return 0 if healthy else 1
