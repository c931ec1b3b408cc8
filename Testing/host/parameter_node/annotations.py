"""What can be said of a parameter beside its type: its default, what values it may have, how a widget steps."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from typing import Any


class Default:
    """The value of a parameter that was never set."""

    def __init__(self, value: Any = None, *, generator: Callable[[], Any] | None = None) -> None:
        self._value = value
        self._generator = generator

    @property
    def value(self) -> Any:
        """The value, made anew by a generator."""
        return self._generator() if self._generator else self._value


@dataclasses.dataclass
class Decimals:
    """How many decimals a widget shows."""

    value: int


@dataclasses.dataclass
class SingleStep:
    """How far one step of a widget goes."""

    value: float


class Validator:
    """Says which values a parameter may have."""

    def validate(self, value: Any) -> None:
        """Accept a value, or raise ValueError."""
        raise NotImplementedError


class NotNone(Validator):
    """Refuses None."""

    def validate(self, value: Any) -> None:
        if value is None:
            raise ValueError("Value must not be None")


class IsInstance(Validator):
    """Refuses values of another type."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def validate(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.kind):
            raise TypeError(f"Value must be of type '{self.kind}', is type '{type(value)}' value '{value}'")


class WithinRange(Validator):
    """Refuses values outside a range."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


class Minimum(Validator):
    """Refuses lower values."""

    def __init__(self, minimum: float) -> None:
        self.minimum = minimum

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"Value must be greater than {self.minimum}, is {value}")


class Maximum(Validator):
    """Refuses higher values."""

    def __init__(self, maximum: float) -> None:
        self.maximum = maximum

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"Value must be less than {self.maximum}, is {value}")


class Choice(Validator):
    """Refuses values that are not offered."""

    def __init__(self, choices: Any) -> None:
        self.choices = choices

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be in one of the following: {self.choices}")


class Exclude(Validator):
    """Refuses some values."""

    def __init__(self, excluded: Any) -> None:
        self.excluded = excluded

    def validate(self, value: Any) -> None:
        if value in self.excluded:
            raise ValueError(f"Value is {value}, but must not be one of {self.excluded}")


def split(annotated: Any) -> tuple[Any, list[Any]]:
    """Return a type and what is said beside it."""
    if typing.get_origin(annotated) is typing.Annotated:
        kind, *extras = typing.get_args(annotated)
        return kind, extras
    return annotated, []


def first(extras: list[Any], kind: type) -> Any:
    """Return the first annotation of a class; None where there is none."""
    return next((extra for extra in extras if isinstance(extra, kind)), None)
