"""Python classes derived from Qt's: their methods replace Qt's virtual ones, as in PythonQt."""

from __future__ import annotations

from typing import Any

from Testing.host import slots

_derived: dict[type, type] = {}


def native_class(wrapper_class: Any) -> type:
    """Return the PySide6 class to make for a wrapper class: one that calls the methods that the wrapper adds."""
    own = [ancestor for ancestor in wrapper_class.__mro__ if _is_own(ancestor)]
    base = next(ancestor for ancestor in wrapper_class.__mro__ if "_is_host_class" in ancestor.__dict__).native
    names = {name for ancestor in own for name in vars(ancestor) if not name.startswith("_") and hasattr(base, name)}
    if not names:
        return base
    if wrapper_class not in _derived:
        methods = {name: _forwarded(name, getattr(base, name)) for name in names}
        _derived[wrapper_class] = type(wrapper_class.__name__, (base,), {**methods, "_is_derived": True})
    return _derived[wrapper_class]


def visible_class(native: type) -> type:
    """Return the class that Python knows an object by."""
    return next(ancestor for ancestor in native.__mro__ if "_is_derived" not in ancestor.__dict__)


def _is_own(ancestor: type) -> bool:
    return (
        ancestor.__module__ != "Testing.host.pythonqt"
        and "_is_host_class" not in ancestor.__dict__
        and ancestor is not object
    )


def _forwarded(name: str, original: Any) -> Any:
    def method(self: Any, *arguments: Any) -> Any:
        from Testing.host.pythonqt import unwrap, wrap

        wrapper = getattr(self, "_host_wrapper", None)
        if wrapper is None:  # Qt already calls it while it is being made
            return original(self, *arguments)
        return unwrap(slots.guarded(getattr(wrapper, name), *map(wrap, arguments)))

    return method
