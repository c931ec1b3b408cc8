"""Qt objects as PythonQt shows them to Python: properties are attributes, signals are connected by their text.

A wrapper holds the PySide6 object behind it. What goes in is unwrapped, what comes out is wrapped.
"""

from __future__ import annotations

import enum
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore

from Testing.host import overrides, slots
from Testing.host.enums import EnumValue, enum_value
from Testing.host.signals import BoundSignal, connect, disconnect, is_signal

_classes: dict[type, WrapperClass] = {}
_NOT_A_PROPERTY = {("QTimer", "singleShot")}  # PythonQt leaves it to setSingleShot and isSingleShot


def wrap(value: Any) -> Any:
    """Return a value as PythonQt would hand it to Python."""
    if isinstance(value, enum.Enum):
        return enum_value(value)
    if isinstance(value, list | tuple):
        return tuple(wrap(item) for item in value)
    if isinstance(value, dict):
        return {name: wrap(item) for name, item in value.items()}
    if isinstance(value, shiboken6.Object):
        kept = getattr(value, "_host_wrapper", None)
        known = kept() if isinstance(kept, weakref.ref) else kept
        return known if known is not None else _wrapped(value)
    return value


def unwrap(value: Any) -> Any:
    """Return what PySide6 takes for a value that comes from Python."""
    if isinstance(value, Wrapper):
        return value.__dict__["_native"]
    if isinstance(value, EnumValue):
        return value.native
    if isinstance(value, WrapperClass):
        return value.native
    if isinstance(value, list | tuple):
        return type(value)(unwrap(item) for item in value)
    if isinstance(value, dict):
        return {name: unwrap(item) for name, item in value.items()}
    return value


def wrapper_class(native: type) -> WrapperClass:
    """Return the class that Python sees of a PySide6 class; always the same one."""
    if native not in _classes:
        _classes[native] = WrapperClass(
            native.__name__, (Wrapper,), {"__doc__": native.__doc__, "_is_host_class": True}
        )
        _classes[native].native = native
    return _classes[native]


def _wrapped(native: Any) -> Wrapper:
    wrapper = object.__new__(wrapper_class(overrides.visible_class(type(native))))
    _bind(wrapper, native)
    return wrapper


def _bind(wrapper: Wrapper, native: Any) -> None:
    wrapper.__dict__["_native"] = native
    if isinstance(native, QtCore.QObject):
        # Python's own classes hold attributes, so they live as long as the object behind them.
        is_own = not type(wrapper).__dict__.get("_is_host_class")
        native._host_wrapper = wrapper if is_own else weakref.ref(wrapper)


def called(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Return what a Qt function returns; refuses keyword arguments, as PythonQt does.

    Raises:
        ValueError: If the arguments do not fit, or have names.
    """
    name = getattr(function, "__name__", "function")
    if keywords:
        raise ValueError(f"Called {name} with keyword arguments, but called slot does not support kwargs.")
    try:
        return wrap(function(*[_argument(argument) for argument in arguments]))
    except TypeError as error:
        raise ValueError(f"Could not find matching overload for given arguments of {name}: {error}") from error


def _argument(value: Any) -> Any:
    if inspect.isroutine(value) and not isinstance(value, type):
        return lambda *given: slots.guarded(value, *map(wrap, given[: slots.taken_arguments(value, len(given))]))
    return unwrap(value)


class WrapperClass(type):
    """A Qt class: enumerators, nested classes and static functions are its attributes."""

    native: type

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_") or name == "native":
            raise AttributeError(name)
        member = getattr(cls.native, name.removesuffix("_"), None)
        if isinstance(member, enum.Enum):
            return enum_value(member)
        if isinstance(member, int | str):
            return member
        if isinstance(member, type):
            return wrapper_class(member) if issubclass(member, shiboken6.Object) else EnumClass(member)
        if not callable(member):
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '{name}'")
        return lambda *arguments, **keywords: called(member, arguments, keywords)


class EnumClass:
    """An enumeration: its values by name, and one for a number."""

    def __init__(self, native: type) -> None:
        self._native = native

    def __call__(self, value: int) -> EnumValue:
        return enum_value(self._native(int(value)))

    def __getattr__(self, name: str) -> EnumValue:
        return enum_value(getattr(self._native, name))


class Wrapper(metaclass=WrapperClass):
    """A Qt object as Python sees it."""

    native = object

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        native_class = overrides.native_class(type(self))
        if keywords:
            raise ValueError(f"Called {type(self).__name__} with keyword arguments, but it does not support kwargs.")
        try:
            native = native_class(*[_argument(argument) for argument in arguments])
        except TypeError as error:
            raise ValueError(
                f"Could not find matching overload for the arguments of {type(self).__name__}: {error}"
            ) from error
        _bind(self, native)

    def __getattr__(self, name: str) -> Any:
        native = self.__dict__.get("_native")
        if name.startswith("__") or native is None:
            raise AttributeError(name)
        self._check_alive(name)
        if isinstance(native, QtCore.QObject):
            if has_property(native, name):
                return wrap(native.property(_property_name(native, name)))
            if is_signal(native, name):
                return BoundSignal(self, name)
        member = getattr(native, name.removesuffix("_") or name, None) if not name.startswith("_") else None
        if callable(member):
            return lambda *arguments, **keywords: called(member, arguments, keywords)
        return self._other_attribute(native, name)

    def _check_alive(self, name: str) -> None:
        if not shiboken6.isValid(self.__dict__["_native"]):
            raise ValueError(f"Trying to use '{name}' of a destroyed {type(self).__name__} object")

    def _other_attribute(self, native: Any, name: str) -> Any:
        """Return what PythonQt finds last: enumerators, dynamic properties, children by their name."""
        if isinstance(native, QtCore.QObject):
            if name.encode() in [bytes(given) for given in native.dynamicPropertyNames()]:
                return wrap(native.property(name))
            for child in native.children():
                if child.objectName() == name:
                    return wrap(child)
        try:
            return getattr(type(self), name)
        except AttributeError:
            raise AttributeError(f"{type(self).__name__} has no attribute named '{name}'") from None

    def __setattr__(self, name: str, value: Any) -> None:
        native = self.__dict__.get("_native")
        if native is not None and not shiboken6.isValid(native):
            raise AttributeError(f"Trying to set '{name}' on a destroyed {type(self).__name__} object")
        if isinstance(native, QtCore.QObject) and (
            has_property(native, name) or name.encode() in [bytes(given) for given in native.dynamicPropertyNames()]
        ):
            set_property(native, name, value)
        elif not type(self).__dict__.get("_is_host_class"):
            object.__setattr__(self, name, value)
        elif native is not None and hasattr(native, name):
            raise AttributeError(f"Slot or signal '{name}' can not be overwritten on {type(self).__name__} object")
        else:
            raise AttributeError(
                f"'{name}' does not exist on {type(self).__name__} and "
                "creating new attributes on C++ objects is not allowed"
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Wrapper):
            return False
        mine, theirs = self.__dict__["_native"], other.__dict__["_native"]
        return mine is theirs or (not isinstance(mine, QtCore.QObject) and bool(mine == theirs))

    def __hash__(self) -> int:
        native = self.__dict__["_native"]
        return id(native) if isinstance(native, QtCore.QObject) else hash(native)

    def __bool__(self) -> bool:
        return shiboken6.isValid(self.__dict__["_native"])

    def __str__(self) -> str:
        return f"{type(self).__name__} ({self.__dict__['_native']})"

    __repr__ = __str__

    def className(self) -> str:
        """Return the name of the object's class."""
        return type(self).__name__

    def inherits(self, class_name: str) -> bool:
        """Return whether a class, by its name, is among the object's."""
        return class_name in [ancestor.__name__ for ancestor in type(self.__dict__["_native"]).__mro__]

    def delete(self) -> None:
        """Destroy the object behind at once."""
        shiboken6.delete(self.__dict__["_native"])

    def connect(self, signal: str, receiver: Any, slot: str | None = None) -> bool:
        """Let a signal, given by its signature, call a function, or a slot of another object."""
        self._check_alive("connect")
        return connect(self, signal, receiver if slot is None else getattr(receiver, slot.partition("(")[0]))

    def disconnect(self, signal: str, receiver: Any = None, slot: str | None = None) -> bool:
        """Undo `connect`; without a function, for all of them."""
        self._check_alive("disconnect")
        return disconnect(self, signal, receiver if slot is None else getattr(receiver, slot.partition("(")[0]))

    def findChildren(self, kind: Any, name: str | None = None) -> tuple[Any, ...]:
        """Return the descendants of a class, given as such or by name."""
        return tuple(wrap(child) for child in _descendants(self.__dict__["_native"], kind, name))

    def findChild(self, kind: Any, name: str | None = None) -> Any:
        """Return the first descendant of a class; None where there is none."""
        found = self.findChildren(kind)
        return next((child for child in found if name is None or child.objectName == name), None)


def _descendants(native: QtCore.QObject, kind: Any, name: str | None) -> list[QtCore.QObject]:
    """Return descendants; with a name, PythonQt looks only below objects that have it, too."""
    if name is None:
        found = native.findChildren(QtCore.QObject)
    else:
        named = [child for child in native.children() if child.objectName() == name]
        found = [*named, *(below for child in named for below in _descendants(child, "QObject", name))]
    if isinstance(kind, str):
        return [child for child in found if kind in [ancestor.__name__ for ancestor in type(child).__mro__]]
    return [child for child in found if isinstance(child, kind.native)]


def _property_name(native: QtCore.QObject, name: str) -> str:
    """Return what Qt calls a property: "name" is short for objectName, except where there is a property "name"."""
    return "objectName" if name == "name" and native.metaObject().indexOfProperty(name) < 0 else name


def has_property(native: QtCore.QObject, name: str) -> bool:
    """Return whether Qt's description of an object's class has a property that PythonQt shows."""
    hidden = any((ancestor.__name__, name) in _NOT_A_PROPERTY for ancestor in type(native).__mro__)
    index = native.metaObject().indexOfProperty(name)
    return (index >= 0 and not hidden) or name == "name"


def set_property(native: QtCore.QObject, name: str, value: Any) -> None:
    """Set a property, or say why not.

    Raises:
        AttributeError: If it is read-only or does not take the value.
    """
    name = _property_name(native, name)
    index = native.metaObject().indexOfProperty(name)
    if index < 0:
        native.setProperty(name, unwrap(value))
        return
    declared = native.metaObject().property(index)
    given = unwrap(value)
    if not declared.isWritable():
        raise AttributeError(f"Property '{name}' of {type(native).__name__} object is not writable")
    if isinstance(given, int) and not isinstance(given, bool) and (declared.isEnumType() or declared.isFlagType()):
        given = type(native.property(name))(given)
    if not declared.write(native, given):
        raise AttributeError(
            f"Property '{name}' of type '{declared.typeName()}' does not accept an object of type "
            f"{type(value).__name__} ({value!r})"
        )
