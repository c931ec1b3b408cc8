"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

_NUMBER_LIST = re.compile(r"-[\d.][\d.eE+-]*(,[\d.eE+-]+)+(/[\d.eE+,-]+)*")


class UsageError(Exception):
    """Options that do not go together; exit code 2, like an option that does not exist."""


def joined_negative_numbers(words: Sequence[str]) -> list[str]:
    """Return the words with "--point -3,4,5" as "--point=-3,4,5", which argparse would take for an option."""
    joined: list[str] = []
    for word in words:
        if _NUMBER_LIST.fullmatch(word) and joined and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def position(text: str) -> tuple[float, ...]:
    """Return three numbers from "R,A,S"."""
    return _numbers(text, 3, "R,A,S in mm, such as 12.5,-40,88")


def corners(text: str) -> tuple[float, ...]:
    """Return six numbers from "R,A,S,R,A,S"."""
    return _numbers(text, 6, "two corners R,A,S,R,A,S in mm")


def path(text: str) -> tuple[tuple[float, ...], ...]:
    """Return positions from "R,A,S/R,A,S/…"."""
    return tuple(_numbers(part, 3, "R,A,S/R,A,S/… in mm") for part in text.split("/"))


def _numbers(text: str, count: int, expected: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f'expected {expected}, got "{text}"')
    return numbers


def positive_integer(text: str) -> int:
    """Return a number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a whole number of 1 or more, got "{text}"')
    return int(text)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the choice of what computes."""
    parser.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda", help="what computes (default: auto, a GPU if there is one)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the choice of output for machines."""
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
