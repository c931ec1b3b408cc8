"""How a value of each type stands in a parameter node: under the names and as the text that Slicer writes."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from typing import Any

import slicer

from Testing.host.parameter_node.annotations import IsInstance, NotNone, Validator, split


class Storage:
    """Keeps a value as text."""

    default: Any = ""

    def __init__(self, kind: Any, accepted: Any) -> None:
        self.kind = kind
        self.validators: list[Validator] = [NotNone(), IsInstance(accepted)]

    def is_in(self, node: Any, name: str) -> bool:
        """Return whether a node has the parameter."""
        return bool(node.HasParameter(name))

    def validate(self, value: Any) -> None:
        """Accept a value, or raise."""
        for validator in self.validators:
            validator.validate(value)

    def write(self, node: Any, name: str, value: Any) -> None:
        """Write a value that was accepted."""
        node.SetParameter(name, str(value))

    def read(self, node: Any, name: str) -> Any:
        """Return the value."""
        return self.kind(node.GetParameter(name))

    def remove(self, node: Any, name: str) -> None:
        """Take the parameter out of the node."""
        node.UnsetParameter(name)


class NumberStorage(Storage):
    """Keeps a number."""

    default = 0


class BoolStorage(Storage):
    """Keeps "True" or "False"."""

    default = False

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "True" if value else "False")

    def read(self, node: Any, name: str) -> bool:
        return bool(node.GetParameter(name) == "True")


class EnumStorage(Storage):
    """Keeps an enumerator's name."""

    @property
    def default(self) -> Any:  # type: ignore[override]
        return next(iter(self.kind))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, value.name)

    def read(self, node: Any, name: str) -> Any:
        return self.kind[node.GetParameter(name)]


class NodeStorage(Storage):
    """Keeps a reference to a node; the parameter of the same name says that it was ever set."""

    default = None

    def __init__(self, kind: Any, accepted: Any) -> None:
        super().__init__(kind, accepted)
        self.validators = [IsInstance(accepted)]

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class NothingStorage(Storage):
    """Keeps None, as one of the types of a union."""

    default = None

    def __init__(self) -> None:
        super().__init__(type(None), type(None))
        self.validators = []

    def validate(self, value: Any) -> None:
        if value is not None:
            raise ValueError("Value must be None")

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "True")

    def read(self, node: Any, name: str) -> None:
        return None


class UnionStorage(Storage):
    """Keeps a value of one of several types, under "<name>.<index of the type>"."""

    def __init__(self, kinds: tuple[Any, ...]) -> None:
        super().__init__(None, object)
        self.validators = []
        self._storages = [storage_for(kind) for kind in kinds]
        is_optional = len(kinds) == 2 and isinstance(self._storages[1], NothingStorage)
        self.default = None if is_optional else self._storages[0].default

    def _found(self, node: Any, name: str) -> tuple[Storage, str] | None:
        for index, storage in enumerate(self._storages):
            if storage.is_in(node, f"{name}.{index}"):
                return storage, f"{name}.{index}"
        return None

    def is_in(self, node: Any, name: str) -> bool:
        return self._found(node, name) is not None

    def validate(self, value: Any) -> None:
        self._index_for(value)

    def _index_for(self, value: Any) -> int:
        for index, storage in enumerate(self._storages):
            is_nothing = isinstance(storage, NothingStorage)
            if (value is None) != is_nothing:
                continue
            try:
                storage.validate(value)
            except (TypeError, ValueError):
                continue
            return index
        raise TypeError(f"Unable to write value '{value}' of type '{type(value)}'")

    def write(self, node: Any, name: str, value: Any) -> None:
        index = self._index_for(value)
        with slicer.util.NodeModify(node):
            self.remove(node, name)
            self._storages[index].write(node, f"{name}.{index}", value)

    def read(self, node: Any, name: str) -> Any:
        found = self._found(node, name)
        if found is None:
            raise KeyError(f"Unable to find value for name: {name}")
        return found[0].read(node, found[1])

    def remove(self, node: Any, name: str) -> None:
        for index, storage in enumerate(self._storages):
            storage.remove(node, f"{name}.{index}")


def storage_for(annotated: Any) -> Storage:
    """Return how a type is kept.

    Raises:
        TypeError: If this stand-in does not know the type.
    """
    kind, extras = split(annotated)
    storage = _plain_storage(kind)
    storage.validators += [extra for extra in extras if isinstance(extra, Validator)]
    return storage


def _plain_storage(kind: Any) -> Storage:
    if typing.get_origin(kind) is typing.Union or isinstance(kind, types.UnionType):
        return UnionStorage(typing.get_args(kind))
    if kind is None or kind is type(None):
        return NothingStorage()
    if kind is bool:
        return BoolStorage(bool, bool)
    if kind in (int, float):
        return NumberStorage(kind, (int, float) if kind is float else int)
    if kind is str:
        return Storage(str, str)
    if isinstance(kind, type) and issubclass(kind, pathlib.PurePath):
        return Storage(kind, kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return EnumStorage(kind, kind)
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeStorage(kind, kind)
    raise TypeError(f"Unable to create serializer for type: {kind} (the test host has none)")
