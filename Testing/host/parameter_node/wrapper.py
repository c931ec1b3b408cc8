"""The class decorator: attributes that live in a parameter node, and their binding to widgets."""

from __future__ import annotations

import typing
import weakref
from typing import Any

import slicer
import vtk

from Testing.host import slots
from Testing.host.parameter_node.annotations import Default, first, split
from Testing.host.parameter_node.connectors import connector_for
from Testing.host.parameter_node.storage import Storage, storage_for

PROPERTY = "SlicerParameterName"
_SUPPORTED_RESERVED = "Cannot use reserved name '{name}' in a parameterNodeWrapper"


class _Parameter:
    """One attribute of the class: where it is kept, and its default."""

    def __init__(self, owner: type, name: str, annotated: Any) -> None:
        self.name = name
        self.annotated = annotated
        self.storage: Storage = storage_for(annotated)
        given = first(split(annotated)[1], Default)
        if name in vars(owner):
            given = Default(vars(owner)[name])
        self.default: Default = given if given is not None else Default(self.storage.default)


class _Value:
    """The value of a parameter in one node, kept in memory until the node is modified."""

    def __init__(self, parameter: _Parameter, node: Any) -> None:
        self.parameter, self._node = parameter, node
        storage = parameter.storage
        if not storage.is_in(node, parameter.name):
            storage.validate(parameter.default.value)
            storage.write(node, parameter.name, parameter.default.value)
        self._value = storage.read(node, parameter.name)
        self._is_writing = False
        own = weakref.ref(self)
        self._tag = node.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda *_: (value := own()) and value._node_modified()
        )

    def __del__(self) -> None:
        self._node.RemoveObserver(self._tag)

    def _node_modified(self) -> None:
        if not self._is_writing:
            self._value = self.read_node()

    def read_node(self) -> Any:
        """Return the value as the node has it; the default where it lost it."""
        storage, name = self.parameter.storage, self.parameter.name
        if not storage.is_in(self._node, name):
            storage.write(self._node, name, self.parameter.default.value)
        return storage.read(self._node, name)

    def read(self) -> Any:
        """Return the value."""
        return self._value

    def write(self, value: Any) -> None:
        """Keep a value, or raise what the validators say."""
        self._is_writing = True
        try:
            with slicer.util.NodeModify(self._node):
                self.parameter.storage.validate(value)
                self.parameter.storage.write(self._node, self.parameter.name, value)
                self._value = self.read_node()
        finally:
            self._is_writing = False


class _Wrapped:
    """What the decorator adds to a class."""

    allParameters: dict[str, _Parameter]
    _is_parameter_node_wrapper = True

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        if prefix:
            raise NotImplementedError("The test host has no prefixes of parameters")
        self.parameterNode = parameterNode
        self._guis: dict[int, tuple[dict[str, Any], int]] = {}
        self._is_updating = False
        self._values = {name: _Value(known, parameterNode) for name, known in self.allParameters.items()}

    def getValue(self, name: str) -> Any:
        """Return the value of a parameter."""
        return self._values[self._checked(name)].read()

    def setValue(self, name: str, value: Any) -> None:
        """Set the value of a parameter."""
        self._values[self._checked(name)].write(value)

    def default(self, name: str) -> Default:
        """Return the default of a parameter."""
        return self.allParameters[self._checked(name)].default

    def dataType(self, name: str) -> Any:
        """Return the type of a parameter, with what is said beside it."""
        return self.allParameters[self._checked(name)].annotated

    def isCached(self, name: str) -> bool:
        """Return whether a value is kept in memory."""
        return bool(self._checked(name))

    @classmethod
    def _checked(cls, name: str) -> str:
        if name not in cls.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}\n  Found {list(cls.allParameters)}")
        return name

    def connectGui(self, gui: Any) -> int:
        """Bind every widget that names a parameter in its dynamic property SlicerParameterName."""
        import qt

        widgets = gui.findChildren(qt.QWidget) if hasattr(gui, "findChildren") else list(vars(gui).values())
        named = {widget.property(PROPERTY): widget for widget in widgets}
        return self.connectParametersToGui({name: widget for name, widget in named.items() if name})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Bind widgets to parameters; the widgets show the values at once."""
        connectors = {name: connector_for(widget, self.dataType(name)) for name, widget in mapping.items()}
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.on_changed(self._to_node(name, connector))
        tag = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: slots.guarded(self._update_guis))
        number = max(self._guis, default=-1) + 1
        self._guis[number] = (connectors, tag)
        return number

    def _to_node(self, name: str, connector: Any) -> Any:
        def changed() -> None:
            with slicer.util.NodeModify(self):
                if not self._is_updating:
                    self.setValue(name, connector.read())

        return changed

    def _update_guis(self) -> None:
        if self._is_updating:
            return
        self._is_updating = True
        try:
            with slicer.util.NodeModify(self):
                for connectors, _ in list(self._guis.values()):
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._is_updating = False

    def disconnectGui(self, tag: int) -> None:
        """Undo `connectGui`."""
        connectors, observer = self._guis.pop(tag, ({}, None))
        for connector in connectors.values():
            connector.on_changed(None)
        if observer is not None:
            self.RemoveObserver(observer)

    def StartModify(self) -> Any:
        """Hold back the node's events."""
        return self.parameterNode.StartModify()

    def EndModify(self, was_modified: Any) -> Any:
        """Let the node's events go on."""
        return self.parameterNode.EndModify(was_modified)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        """Observe the node."""
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        """Stop observing the node."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        """Say that the node was modified."""
        self.parameterNode.Modified()


def _as_property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def _wrapped(owner: type) -> type:
    hints = typing.get_type_hints(owner, include_extras=True)
    parameters = {name: _Parameter(owner, name, annotated) for name, annotated in hints.items()}
    for name in vars(owner):
        if not name.startswith("__") and name not in parameters and hasattr(_Wrapped, name):
            raise ValueError(_SUPPORTED_RESERVED.format(name=name))
    for name, member in vars(_Wrapped).items():
        if name == "__init__" or not name.startswith("__"):
            setattr(owner, name, member)
    owner.allParameters = parameters  # type: ignore[attr-defined]
    for name in parameters:
        setattr(owner, name, _as_property(name))
    return owner


def parameterNodeWrapper(owner: type | None = None) -> Any:
    """Let a class keep its annotated attributes in a parameter node."""
    return _wrapped if owner is None else _wrapped(owner)


def isParameterNodeWrapper(thing: Any) -> bool:
    """Return whether a class, or an object of it, was decorated."""
    return bool(getattr(thing, "_is_parameter_node_wrapper", False))
