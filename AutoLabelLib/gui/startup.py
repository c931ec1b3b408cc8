"""What Slicer learns from AutoLabel once it has started: sample data and a terminology. A few milliseconds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from AutoLabelLib.gui import sample_data
from AutoLabelLib.scene.terminology import load_terminology


def announce() -> None:
    """Register what other modules offer for us; connected to the application's startupCompleted()."""
    for announcement in (sample_data.register, load_terminology):
        _tried(announcement)


def _tried(announcement: Callable[[], None]) -> None:
    try:
        announcement()
    except Exception:  # the border to Qt: nothing may pass, and Slicer must start
        logging.warning("AutoLabel: %s did not work", announcement.__name__, exc_info=True)
