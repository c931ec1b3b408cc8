"""Observers of nodes that belong to a widget: they end with it, and never let an error out."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import shiboken6

from Testing.host import slots

_all: weakref.WeakSet[Any] = weakref.WeakSet()


def end_with_host(thing: Any) -> None:
    """Call a thing's `clear()` when the host ends: VTK must not call into Python while Python collects its garbage."""
    _all.add(thing)


def end_all() -> None:
    """Let go of everything that is observed, and of the logics that observe."""
    for thing in list(_all):
        thing.clear()
    _all.clear()


class Observations:
    """What a widget observes."""

    def __init__(self, owner: Any) -> None:
        end_with_host(self)
        self._owner = weakref.ref(owner)
        self._tags: list[tuple[Any, int]] = []

    def add(self, observed: Any, event: Any, slot: Callable[[], Any]) -> None:
        """Call a slot at each event, as long as the widget is there."""
        owner = self._owner

        def callback(*_given: Any) -> None:
            widget = owner()
            if widget is not None and shiboken6.isValid(widget):
                slots.guarded(slot)

        self._tags.append((observed, observed.AddObserver(event, callback)))

    def clear(self) -> None:
        """Observe nothing any more."""
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        self._tags.clear()
