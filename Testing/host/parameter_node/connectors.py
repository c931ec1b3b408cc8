"""Which widget can show a parameter of which type, and how; as in Slicer, a widget's class must be exactly that one."""

from __future__ import annotations

import enum
import inspect
import pathlib
import typing
from collections.abc import Callable
from typing import Any

import slicer

from Testing.host.parameter_node.annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    first,
    split,
)


class Connector:
    """A widget's property, and the signal that tells of its change."""

    def __init__(self, widget: Any, attribute: str, signal: str) -> None:
        self.widget, self._attribute, self._signal = widget, attribute, signal
        self._callback: Callable[[], None] | None = None

    def on_changed(self, callback: Callable[[], None] | None) -> None:
        """Call something when the user changes the value; None for nothing any more."""
        self._callback = callback
        signal = getattr(self.widget, self._signal, None)
        if signal is not None:
            (signal.connect if callback else signal.disconnect)(self.changed)

    def changed(self) -> None:
        """Tell of a change."""
        if self._callback:
            self._callback()

    def read(self) -> Any:
        """Return what the widget shows."""
        return getattr(self.widget, self._attribute)

    def write(self, value: Any) -> None:
        """Show a value."""
        if self.read() != value:
            setattr(self.widget, self._attribute, value)


class _Number(Connector):
    def __init__(self, widget: Any, kind: Any, extras: list[Any]) -> None:
        super().__init__(widget, "value", "valueChanged")
        self._kind = kind
        within = first(extras, WithinRange)
        low = within.minimum if within else getattr(first(extras, Minimum), "minimum", None)
        high = within.maximum if within else getattr(first(extras, Maximum), "maximum", None)
        if widget.className() in _SLIDERS and None in (low, high):
            raise RuntimeError(f"Cannot have a connection to {widget.className()} where the type is unbounded.")
        if kind is float and (decimals := first(extras, Decimals)):
            widget.decimals = decimals.value
        elif kind is int and widget.className() not in ("QSpinBox", "QSlider"):
            widget.decimals = 0
        if step := first(extras, SingleStep):
            widget.singleStep = step.value
        largest = 2**31 - 1 if widget.className() in ("QSpinBox", "QSlider") else 1e300
        widget.minimum = -largest if low is None else low
        widget.maximum = largest if high is None else high

    def read(self) -> Any:
        return self._kind(self.widget.value)


class _Listed(Connector):
    """A combo box whose items are the choices."""

    def __init__(self, widget: Any, choices: list[tuple[str, Any]]) -> None:
        super().__init__(widget, "currentIndex", "currentIndexChanged")
        self._choices = choices
        widget.clear()
        for label, _ in choices:
            widget.addItem(label)

    def read(self) -> Any:
        return self._choices[self.widget.currentIndex][1]

    def write(self, value: Any) -> None:
        for index, (_, choice) in enumerate(self._choices):
            if choice == value:
                self.widget.currentIndex = index
                return
        raise ValueError(f"Unable to find value {value} in choices {[choice for _, choice in self._choices]}")


class _PlainText(Connector):
    def read(self) -> str:
        return str(self.widget.toPlainText())

    def write(self, value: str) -> None:
        self.widget.setPlainText(value)


class _Node(Connector):
    def __init__(self, widget: Any, kinds: list[Any]) -> None:
        super().__init__(widget, "", "currentNodeChanged")
        widget.nodeTypes = [kind().GetClassName() for kind in kinds]

    def read(self) -> Any:
        return self.widget.currentNode()

    def write(self, value: Any) -> None:
        self.widget.setCurrentNode(value)


class _Path(Connector):
    def __init__(self, widget: Any, kind: Any, attribute: str, signal: str) -> None:
        super().__init__(widget, attribute, signal)
        self._kind = kind

    def read(self) -> Any:
        return self._kind(super().read())

    def write(self, value: Any) -> None:
        setattr(self.widget, self._attribute, str(value))


_SLIDERS = ("QSlider", "ctkSliderWidget", "qMRMLSliderWidget")
_NUMBERS = (*_SLIDERS, "QDoubleSpinBox", "ctkDoubleSpinBox", "qMRMLSpinBox")


def connector_for(widget: Any, annotated: Any) -> Connector:
    """Return what binds a widget to a parameter of a type.

    Raises:
        RuntimeError: If that widget cannot show that type.
    """
    kind, extras = split(annotated)
    name = widget.className()
    found = _node_connector(widget, name, kind) or _value_connector(widget, name, kind, extras)
    if found is None:
        raise RuntimeError(f"Unable to create GUI connector from datatype '{annotated}' to widget type '{name}'.")
    return found


def _node_connector(widget: Any, name: str, kind: Any) -> Connector | None:
    kinds = [one for one in typing.get_args(kind) or (kind,) if one is not type(None)]
    are_nodes = all(inspect.isclass(one) and issubclass(one, slicer.vtkMRMLNode) for one in kinds)
    return _Node(widget, kinds) if name == "qMRMLNodeComboBox" and are_nodes else None


def _value_connector(widget: Any, name: str, kind: Any, extras: list[Any]) -> Connector | None:
    if kind is bool and name in ("QCheckBox", "ctkCheckBox"):
        return Connector(widget, "checked", "stateChanged")
    if kind is bool and name in ("QPushButton", "ctkCheckablePushButton"):
        widget.checkable = True
        return Connector(widget, "checked", "toggled")
    if (kind is int and name in ("QSlider", "QSpinBox")) or (kind in (int, float) and name in _NUMBERS[1:]):
        return _Number(widget, kind, extras)
    if name in ("QComboBox", "ctkComboBox"):
        return _list_connector(widget, kind, extras)
    if kind is str and name == "QLineEdit":
        return Connector(widget, "text", "textChanged")
    if kind is str and name == "QLabel":
        return Connector(widget, "text", "")
    if kind is str and name == "QTextEdit":
        return _PlainText(widget, "", "textChanged")
    if inspect.isclass(kind) and issubclass(kind, pathlib.PurePath):
        attributes = {
            "ctkPathLineEdit": ("currentPath", "currentPathChanged"),
            "ctkDirectoryButton": ("directory", "directoryChanged"),
        }
        return _Path(widget, kind, *attributes[name]) if name in attributes else None
    return None


def _list_connector(widget: Any, kind: Any, extras: list[Any]) -> Connector | None:
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return _Listed(widget, [(kind.label(one) if hasattr(kind, "label") else one.name, one) for one in kind])
    if kind not in (int, float, str, bool):
        return None
    choice = first(extras, Choice)
    if choice is None:
        raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
    return _Listed(widget, [(str(one), one) for one in choice.choices])
