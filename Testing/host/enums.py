"""Enumerators as PythonQt has them: whole numbers with a name."""

from __future__ import annotations

import enum
from typing import Any

_known: dict[tuple[type, int], EnumValue] = {}


class EnumValue(int):
    """One value of a Qt enumeration or set of flags."""

    native: enum.Enum

    def __repr__(self) -> str:
        return f"{type(self.native).__name__}({int(self)})"

    def __or__(self, other: int) -> int:
        return _combined(self, other, int(self) | int(other))

    def __and__(self, other: int) -> int:
        return _combined(self, other, int(self) & int(other))

    def __xor__(self, other: int) -> int:
        return _combined(self, other, int(self) ^ int(other))

    __ror__, __rand__, __rxor__ = __or__, __and__, __xor__

    def __reduce__(self) -> Any:
        return (int, (int(self),))


def _combined(one: EnumValue, other: int, value: int) -> int:
    """Return flags that were put together, still knowing their type where PySide6 has one for them."""
    kinds = [type(member.native) for member in (one, other) if isinstance(member, EnumValue)]
    for kind in kinds:
        if issubclass(kind, enum.Flag):
            return enum_value(kind(value))
    return value


def enum_value(native: enum.Enum) -> EnumValue:
    """Return PySide6's enumerator as PythonQt shows it."""
    key = (type(native), int(native.value))
    if key not in _known:
        value = EnumValue(native.value)
        value.native = native
        _known[key] = value
    return _known[key]
