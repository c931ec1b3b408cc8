"""What a signal calls: with as many arguments as it takes, and never letting an error out into Qt."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from typing import Any

errors: list[str] = []
"""Tracebacks of what slots raised since the list was last emptied. PythonQt prints them and goes on."""


def guarded(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns; None, with the traceback printed and kept, where it raises."""
    try:
        return call(*arguments)
    except Exception:
        text = traceback.format_exc()
        errors.append(text)
        print(text, file=sys.stderr)
        return None


def taken_arguments(call: Callable[..., Any], given: int) -> int:
    """Return how many of a signal's arguments PythonQt hands to a callable: for functions, as many as they have."""
    function = call.__func__ if inspect.ismethod(call) else call
    if not inspect.isfunction(function) or function.__code__.co_flags & inspect.CO_VARARGS:
        return given
    return min(given, function.__code__.co_argcount - inspect.ismethod(call))
