"""ctkCollapsibleButton: a titled section that opens and closes."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.properties import kept

_Option = QtWidgets.QStyleOptionButton
_Metric = QtWidgets.QStyle.PixelMetric
_Attribute = QtCore.Qt.WidgetAttribute
_WANTED = "visibilityToParent"


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
        self._collapsed = self._is_forcing = self._was_created = False
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
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                self._show_child(child)

    def _show_child(self, child: QtWidgets.QWidget) -> None:
        """Hide a child of a closed section, and show it in an open one unless it was hidden by itself."""
        if not self.testAttribute(_Attribute.WA_WState_Created):
            return  # Qt shows children with their parent; hidden now, they would count as hidden by themselves
        is_wanted = child.property(_WANTED) is not False
        self._is_forcing = True
        if child.testAttribute(_Attribute.WA_WState_Created) or self._collapsed or not is_wanted:
            child.setVisible(is_wanted and not self._collapsed)
        if is_wanted:
            child.setAttribute(_Attribute.WA_WState_ExplicitShowHide, False)
        self._is_forcing = False

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        """Follow what happens to a new child; one that comes into a closed section is hidden."""
        child = event.child()
        if event.type() == QtCore.QEvent.Type.ChildAdded and isinstance(child, QtWidgets.QWidget):
            if child.testAttribute(_Attribute.WA_WState_ExplicitShowHide) and child.isHidden():
                child.setProperty(_WANTED, False)
            child.installEventFilter(self)
            self._show_child(child)
        super().childEvent(event)

    def setVisible(self, visible: bool) -> None:
        """Show or hide the section."""
        self._is_forcing = True
        super().setVisible(visible)
        self._is_forcing = False
        if not self._was_created and self.testAttribute(_Attribute.WA_WState_Created):
            self._was_created = True
            self._show_children()

    def eventFilter(self, child: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Remember whether a child was shown or hidden by itself; in a closed section it stays hidden."""
        kinds = QtCore.QEvent.Type
        if not self._is_forcing and event.type() in (kinds.ShowToParent, kinds.HideToParent):
            child.setProperty(_WANTED, event.type() == kinds.ShowToParent)
            if event.type() == kinds.ShowToParent and isinstance(child, QtWidgets.QWidget):
                self._show_child(child)
        return super().eventFilter(child, event)

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        """Hide what is in a section that is closed before it is first seen."""
        self._was_created = True
        self._show_children()
        super().showEvent(event)

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
