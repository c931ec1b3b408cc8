"""Whether an image fits into this computer's memory: a system without any left may end Slicer itself."""

from __future__ import annotations

from AutoLabelLib.core.errors import UnsupportedVolumeError

_COPIES = 2  # one here, so that the user may go on changing the volume, and one in the worker
_GIBIBYTE = 2**30


def available_bytes() -> int | None:
    """Return how much memory is free; None where nobody knows."""
    try:
        import psutil
    except ImportError:  # inside Slicer before AutoLabel has installed what it needs
        return None
    return int(psutil.virtual_memory().available)


def check_fits(image_bytes: int) -> None:
    """Raise UnsupportedVolumeError if there is not even memory for the copies of an image that a job holds."""
    needed, available = _COPIES * image_bytes, available_bytes()
    if available is not None and needed > available:
        raise UnsupportedVolumeError(
            f"The volume is too large: it takes at least {needed / _GIBIBYTE:.1f} GB of memory to work on it, and "
            f"{available / _GIBIBYTE:.1f} GB are free.",
            "Choose a region of interest in it, or close other programs.",
        )
