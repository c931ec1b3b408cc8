"""`slicer.i18n`: texts in the user's language. The stand-in remembers which were asked for, and can change them all."""

from __future__ import annotations

import types
from typing import Any

asked_for: set[str] = set()


def translate(context: str, text: str) -> str:
    """Return a text in the user's language."""
    asked_for.add(text)
    return text


def tr(text: str) -> str:
    """Return a text in the user's language.

    Raises:
        TypeError: If it is no text: Slicer's own needs one to look it up.
    """
    if not isinstance(text, str):
        raise TypeError(f"tr() takes a text, not {text!r}")
    return translate("", text)


def make_module() -> types.ModuleType:
    """Return a new `slicer.i18n` module."""
    module: Any = types.ModuleType("slicer.i18n", __doc__)
    module.translate, module.tr = translate, tr
    return module
