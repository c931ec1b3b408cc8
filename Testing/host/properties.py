"""Properties of stand-ins that only keep what they are given."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore


def kept(kind: Any, name: str, default: Any, notify: str | None = None) -> Any:
    """Return a Qt property that keeps its value and may send a signal when it changes."""

    def read(self: Any) -> Any:
        return self.__dict__.get(f"_kept_{name}", default)

    def write(self: Any, value: Any) -> None:
        if value != read(self):
            self.__dict__[f"_kept_{name}"] = value
            if notify is not None:
                getattr(self, notify).emit(value)

    return QtCore.Property(kind, read, write)
