"""ctkCollapsibleButton: a titled section that opens and closes."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.properties import kept

_Option = QtWidgets.QStyleOptionButton
_Metric = QtWidgets.QStyle.PixelMetric


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A button over the widgets of its layout, which it hides while it is collapsed."""

    contentsCollapsed = QtCore.Signal(bool)
    collapsedHeight = kept(int, "collapsedHeight", 14)
    flat = kept(bool, "flat", False)
    contentsFrameShape = kept(int, "contentsFrameShape", 0)
    contentsFrameShadow = kept(int, "contentsFrameShadow", 0)
    contentsLineWidth = kept(int, "contentsLineWidth", 1)

    def __init__(self, *arguments: Any) -> None:
        text = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        super().__init__(
            arguments[1] if text and len(arguments) > 1 else None if text or not arguments else arguments[0]
        )
        self._collapsed = False
        self._open_height = self.maximumHeight()
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.setBackgroundRole(QtGui.QPalette.ColorRole.Window)
        self.setText(text)
        self.setContentsMargins(0, self._head_size().height(), 0, 0)
        self.toggled.connect(lambda checked: self._collapse(not checked))

    def _is_collapsed(self) -> bool:
        return self._collapsed

    def setCollapsed(self, collapsed: bool) -> None:
        """Close or open it."""
        self.setChecked(not collapsed)

    collapsed = QtCore.Property(bool, _is_collapsed, setCollapsed)

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        if collapsed:
            self._open_height = self.maximumHeight()
            self.setMaximumHeight(self.sizeHint().height())
        else:
            self.setMaximumHeight(self._open_height)
        self._show_children()
        self.updateGeometry()
        self.contentsCollapsed.emit(collapsed)

    def _show_children(self) -> None:
        """Hide the children of a closed section, except that what is hidden by itself stays so when it opens."""
        for child in self.children():
            if not isinstance(child, QtWidgets.QWidget):
                continue
            if self._collapsed:
                child.setProperty("shownInSection", not child.isHidden())
                child.hide()
            elif child.property("shownInSection") is not False:
                child.show()

    def _option(self) -> _Option:
        option = _Option()
        option.initFrom(self)
        option.text = self.text()
        state = QtWidgets.QStyle.StateFlag
        option.state |= state.State_Sunken if self.isDown() else state.State_Raised
        if self.flat:
            option.features |= _Option.ButtonFeature.Flat
        return option

    def _head_size(self) -> QtCore.QSize:
        option = self._option()
        indicator = self.style().pixelMetric(_Metric.PM_IndicatorWidth, option, self)
        spacing = self.style().pixelMetric(_Metric.PM_CheckBoxLabelSpacing, option, self)
        text = self.fontMetrics().size(QtCore.Qt.TextFlag.TextShowMnemonic, self.text() or "XXXX")
        content = QtCore.QSize(text.width() + indicator + spacing, max(text.height(), indicator))
        return self.style().sizeFromContents(QtWidgets.QStyle.ContentsType.CT_PushButton, option, content, self)

    def sizeHint(self) -> QtCore.QSize:
        """Return the size of the head, and of what is in it while it is open."""
        head = self._head_size()
        closed = head + QtCore.QSize(0, self.collapsedHeight)
        if self._collapsed or self.layout() is None:
            return closed
        return self.layout().totalSizeHint().expandedTo(closed)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the smallest size in which nothing is cut off."""
        if self._collapsed or self.layout() is None:
            return self._head_size() + QtCore.QSize(0, self.collapsedHeight if self._collapsed else 0)
        return self.layout().totalMinimumSize().expandedTo(self._head_size())

    def hitButton(self, position: QtCore.QPoint) -> bool:
        """Return whether a click there opens or closes it: only on its head."""
        return position.y() < self._head_size().height()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Draw the head: a bevel, an arrow and the title."""
        painter = QtGui.QPainter(self)
        option = self._option()
        option.rect.setHeight(self._head_size().height())
        style = self.style()
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        margin = style.pixelMetric(_Metric.PM_ButtonMargin, option, self)
        size = style.pixelMetric(_Metric.PM_IndicatorWidth, option, self)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(margin, (option.rect.height() - size) // 2, size, size)
        kinds = QtWidgets.QStyle.PrimitiveElement
        kind = kinds.PE_IndicatorArrowDown if not self._collapsed else kinds.PE_IndicatorArrowRight
        style.drawPrimitive(kind, arrow, painter, self)
        text = option.rect.adjusted(margin + size + style.pixelMetric(_Metric.PM_CheckBoxLabelSpacing), 0, -margin, 0)
        flags = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter
        shown = flags | QtCore.Qt.TextFlag.TextHideMnemonic
        style.drawItemText(
            painter,
            text,
            int(shown),
            option.palette,
            self.isEnabled(),
            self.text(),
            QtGui.QPalette.ColorRole.ButtonText,
        )
