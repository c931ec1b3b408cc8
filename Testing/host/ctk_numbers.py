"""Sliders and spin boxes of ctk: a number, or the two ends of a range."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.properties import kept

_LARGEST = 1e300


class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """A box for a number."""

    decimalsOption = kept(int, "decimalsOption", 0)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0.0, 99.99)


class _Numbers(QtWidgets.QWidget):
    """A slider between a range's ends, with boxes for the exact numbers."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, 1000)

    def _boxes(self) -> list[QtWidgets.QDoubleSpinBox]:
        return [child for child in self.children() if isinstance(child, QtWidgets.QDoubleSpinBox)]

    def _of_box(kind: Any, name: str) -> Any:  # noqa: N805 - makes properties of the class
        def read(self: Any) -> Any:
            return getattr(self._boxes()[0], name)()

        def write(self: Any, value: Any) -> None:
            for box in self._boxes():
                limit = _LARGEST if kind is float else value
                getattr(box, f"set{name[0].upper()}{name[1:]}")(
                    max(-limit, min(limit, value)) if kind is float else value
                )

        return QtCore.Property(kind, read, write)

    minimum = _of_box(float, "minimum")
    maximum = _of_box(float, "maximum")
    singleStep = _of_box(float, "singleStep")
    decimals = _of_box(int, "decimals")
    suffix = _of_box(str, "suffix")
    prefix = _of_box(str, "prefix")

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set both ends of what can be chosen."""
        for box in self._boxes():
            box.setRange(minimum, maximum)


class ctkSliderWidget(_Numbers):
    """A slider with a box for the exact number."""

    valueChanged = QtCore.Signal(float)
    tracking = kept(bool, "tracking", True)
    spinBoxVisible = kept(bool, "spinBoxVisible", True)
    pageStep = kept(float, "pageStep", 10.0)
    tickInterval = kept(float, "tickInterval", 0.0)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QtWidgets.QDoubleSpinBox(self)
        for widget in (self._slider, self._box):
            self.layout().addWidget(widget)
        self._box.valueChanged.connect(self._changed)
        self._slider.sliderMoved.connect(self._moved)

    def _changed(self, value: float) -> None:
        span = self._box.maximum() - self._box.minimum()
        self._slider.setValue(round(1000 * (value - self._box.minimum()) / span) if span else 0)
        self.valueChanged.emit(value)

    def _moved(self, position: int) -> None:
        self._box.setValue(self._box.minimum() + position / 1000 * (self._box.maximum() - self._box.minimum()))

    def _value(self) -> float:
        return self._box.value()

    def setValue(self, value: float) -> None:
        """Set the number, within the range."""
        self._box.setValue(value)

    value = QtCore.Property(float, _value, setValue)


class ctkRangeWidget(_Numbers):
    """Two numbers, the lower never above the upper."""

    valuesChanged = QtCore.Signal(float, float)
    minimumValueChanged = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = QtWidgets.QDoubleSpinBox(self), QtWidgets.QDoubleSpinBox(self)
        self.setRange(0.0, 99.0)
        self._high.setValue(self._high.maximum())
        for widget in (self._low, self._slider, self._high):
            self.layout().addWidget(widget)
        self._low.valueChanged.connect(self._low_changed)
        self._high.valueChanged.connect(self._high_changed)

    def _low_changed(self, value: float) -> None:
        self._high.setValue(max(value, self._high.value()))
        self.minimumValueChanged.emit(value)
        self.valuesChanged.emit(value, self._high.value())

    def _high_changed(self, value: float) -> None:
        self._low.setValue(min(value, self._low.value()))
        self.maximumValueChanged.emit(value)
        self.valuesChanged.emit(self._low.value(), value)

    def setValues(self, low: float, high: float) -> None:
        """Set both numbers."""
        self._high.setValue(high)
        self._low.setValue(low)

    minimumValue = QtCore.Property(float, lambda self: self._low.value(), lambda self, value: self._low.setValue(value))
    maximumValue = QtCore.Property(
        float, lambda self: self._high.value(), lambda self, value: self._high.setValue(value)
    )
