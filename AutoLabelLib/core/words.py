"""Lists in sentences that people read."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names for a sentence: the first ones, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
