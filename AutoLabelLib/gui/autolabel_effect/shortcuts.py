"""Keys that work while the effect is active, wherever the mouse is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
import slicer


class Shortcuts:
    """Installs keys in Slicer's main window, and removes them again.

    Args:
        actions: What each key does, by key sequences such as "P" or "Shift+Backspace".
    """

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        self._actions = dict(actions)
        self._installed: list[Any] = []

    def install(self) -> None:
        """Let the keys work."""
        self.remove()
        main_window = slicer.util.mainWindow()
        if main_window is None:  # Slicer runs without a window
            return
        for key, action in self._actions.items():
            shortcut = qt.QShortcut(main_window)
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.setContext(qt.Qt.WindowShortcut)
            shortcut.connect("activated()", action)
            self._installed.append(shortcut)

    def remove(self) -> None:
        """Give the keys back."""
        for shortcut in self._installed:
            shortcut.disconnect("activated()")
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._installed.clear()
