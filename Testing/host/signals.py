"""Signals by the text of their signature, as PythonQt connects them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6 import QtCore

from Testing.host import slots

_Connection = tuple[str, Any, Callable[..., None], Any]


def signatures(native: QtCore.QObject) -> dict[str, str]:
    """Return each signal's signature with the name of the PySide6 attribute that it is.

    A stand-in whose signal carries a MRML node cannot say so to PySide6; it says so in SIGNATURES.
    """
    meta = native.metaObject()
    methods = [meta.method(index) for index in range(meta.methodCount())]
    found = {
        bytes(method.methodSignature()).decode(): bytes(method.name()).decode()
        for method in methods
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal
    }
    for ancestor in reversed(type(native).__mro__):
        found.update(ancestor.__dict__.get("SIGNATURES", {}))
    return found


def is_signal(native: QtCore.QObject, name: str) -> bool:
    """Return whether an object has a signal of a name."""
    return isinstance(getattr(native, name, None), QtCore.SignalInstance) or any(
        signature.partition("(")[0] == name for signature in signatures(native)
    )


def _attribute(native: QtCore.QObject, signature: str) -> str:
    """Return the PySide6 attribute of a signal.

    Raises:
        ValueError: If there is no such signal. PythonQt prints this and returns False: a test had better fail.
    """
    normalized = bytes(QtCore.QMetaObject.normalizedSignature(signature)).decode()
    known = signatures(native)
    if normalized not in known:
        raise ValueError(f"QObject::connect() signal '{signature}' does not exist on {type(native).__name__}")
    return known[normalized]


def _connections(native: QtCore.QObject) -> list[_Connection]:
    if not hasattr(native, "_host_connections"):
        native._host_connections = []  # type: ignore[attr-defined]
    return native._host_connections  # type: ignore[attr-defined,no-any-return]


def connect(wrapper: Any, signature: str, call: Any) -> bool:
    """Let a signal call something.

    Raises:
        ValueError: If there is no such signal.
    """
    from Testing.host.pythonqt import wrap

    native = wrapper.__dict__["_native"]
    attribute = _attribute(native, signature)
    arguments = signature[signature.index("(") + 1 : signature.rindex(")")].strip()
    most = len(arguments.split(",")) if arguments else 0
    if isinstance(call, BoundSignal):
        call = call.emit

    def slot(*given: Any) -> None:
        values = [wrap(value) for value in given[:most]]
        slots.guarded(call, *values[: slots.taken_arguments(call, len(values))])

    _connections(native).append((signature, call, slot, getattr(native, attribute).connect(slot)))
    return True


def disconnect(wrapper: Any, signature: str, call: Any = None) -> bool:
    """Stop a signal from calling something; returns whether it did.

    Raises:
        ValueError: If there is no such signal.
    """
    native = wrapper.__dict__["_native"]
    attribute = _attribute(native, signature)
    kept = _connections(native)
    gone = [entry for entry in kept if _attribute(native, entry[0]) == attribute and (call is None or entry[1] == call)]
    for entry in gone if call is None else gone[:1]:
        QtCore.QObject.disconnect(entry[3])
        kept.remove(entry)
    return bool(gone)


def disconnect_all(native: QtCore.QObject) -> None:
    """Undo every `connect` of an object."""
    for entry in _connections(native):
        QtCore.QObject.disconnect(entry[3])
    _connections(native).clear()


class BoundSignal:
    """A signal as an attribute: connect, disconnect, emit; calling it emits."""

    def __init__(self, wrapper: Any, name: str) -> None:
        self._wrapper = wrapper
        self._name = name

    def _signature(self) -> str:
        """Return the longest signature: what a signal without a signature stands for."""
        known = signatures(self._wrapper.__dict__["_native"])
        return max((text for text in known if text.partition("(")[0] == self._name), key=len)

    def connect(self, call: Any) -> bool:
        """Let the signal call something."""
        return connect(self._wrapper, self._signature(), call)

    def disconnect(self, call: Any = None) -> bool:
        """Undo `connect`."""
        return disconnect(self._wrapper, self._signature(), call)

    def emit(self, *arguments: Any) -> None:
        """Send the signal."""
        from Testing.host.pythonqt import unwrap

        native = self._wrapper.__dict__["_native"]
        getattr(native, _attribute(native, self._signature())).emit(*map(unwrap, arguments))

    __call__ = emit
