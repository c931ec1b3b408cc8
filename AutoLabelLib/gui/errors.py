"""What a slot does with an error: one sentence for the user, the traceback for the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from slicer.i18n import tr as _

from AutoLabelLib.core.errors import AutoLabelError


def as_error(problem: Exception) -> AutoLabelError:
    """Return an exception as an error that can be shown; the log gets the traceback of an unexpected one."""
    if isinstance(problem, AutoLabelError):
        return problem
    logging.error("AutoLabel: unexpected error", exc_info=problem)
    message = _("Something unexpected went wrong ({kind}).").format(kind=type(problem).__name__)
    return AutoLabelError(message, _("Slicer's error log tells more."))


@contextmanager
def reported(report: Callable[[str], None]) -> Iterator[None]:
    """Report in one sentence whatever a block raises: a slot of Qt must not raise.

    Args:
        report: Shows a sentence to the user.
    """
    try:
        yield
    except Exception as problem:  # the border to Qt: nothing may pass
        report(str(as_error(problem)))
