"""Figures in the words of a panel."""

from __future__ import annotations

from slicer.i18n import tr as _


def duration(seconds: float) -> str:
    """Return a time as a person says it: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 9.95:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}")
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)


def counted(count: int, one: str, many: str) -> str:
    """Return a number with the right form of its noun: "1 segment", "2 segments"."""
    return f"{count} {one if count == 1 else many}"
