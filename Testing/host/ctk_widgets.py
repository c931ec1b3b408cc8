"""The `ctk` module: stand-ins for the widgets of the Common Toolkit that the panels use."""

from __future__ import annotations

import types
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host import dialogs, ui_loader
from Testing.host.ctk_collapsible import ctkCollapsibleButton
from Testing.host.ctk_numbers import ctkDoubleSpinBox, ctkRangeWidget, ctkSliderWidget
from Testing.host.ctk_paths import ctkDirectoryButton, ctkPathLineEdit
from Testing.host.properties import kept
from Testing.host.pythonqt import wrapper_class


class ctkCheckBox(QtWidgets.QCheckBox):
    """A check box that may show an icon."""

    indicatorIcon = kept("QIcon", "indicatorIcon", QtGui.QIcon())


class ctkComboBox(QtWidgets.QComboBox):
    """A combo box that shows a default text while nothing is chosen."""

    defaultText = kept(str, "defaultText", "")
    defaultIcon = kept("QIcon", "defaultIcon", QtGui.QIcon())
    forceDefault = kept(bool, "forceDefault", False)
    elideMode = kept(int, "elideMode", 3)

    def sizeHint(self) -> QtCore.QSize:
        """Return a size with room for the default text, too."""
        hint = super().sizeHint()
        wanted = self.fontMetrics().horizontalAdvance(self.defaultText)
        text = max((self.fontMetrics().horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0)
        return hint + QtCore.QSize(max(0, wanted - text), 0)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Draw the text, or the default text, shortened to the room there is."""
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0 or self.forceDefault:
            option.currentText = self.defaultText
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        field = self.style().subControlRect(
            QtWidgets.QStyle.ComplexControl.CC_ComboBox, option, QtWidgets.QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = option.fontMetrics.elidedText(
            option.currentText, QtCore.Qt.TextElideMode.ElideMiddle, field.width()
        )
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)


class ctkSearchBox(QtWidgets.QLineEdit):
    """A line to type what is looked for, with a magnifying glass and a button to clear it."""

    showSearchIcon = kept(bool, "showSearchIcon", False)
    alwaysShowClearIcon = kept(bool, "alwaysShowClearIcon", False)
    searchIcon = kept("QIcon", "searchIcon", QtGui.QIcon())
    clearIcon = kept("QIcon", "clearIcon", QtGui.QIcon())

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Search...")
        self.setClearButtonEnabled(True)


class ctkMessageBox(dialogs.QMessageBox):
    """A message box that can be told not to show again."""

    dontShowAgain = kept(bool, "dontShowAgain", False)
    dontShowAgainVisible = kept(bool, "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = kept(str, "dontShowAgainSettingsKey", "")


class ctkCheckablePushButton(QtWidgets.QPushButton):
    """A button with a check box in it."""

    checkBoxToggled = QtCore.Signal(bool)
    checkState = kept(int, "checkState", 0)
    checkBoxControlsButton = kept(bool, "checkBoxControlsButton", True)
    checkBoxControlsButtonToggleState = kept(bool, "checkBoxControlsButtonToggleState", True)
    checkBoxUserCheckable = kept(bool, "checkBoxUserCheckable", True)


class ctkPushButton(QtWidgets.QPushButton):
    """A button whose text may be elided."""

    buttonTextAlignment = kept(int, "buttonTextAlignment", 0)
    elideMode = kept(int, "elideMode", 3)


class ctkMenuButton(QtWidgets.QPushButton):
    """A button with a menu of its own at its side."""


class ctkExpandButton(QtWidgets.QToolButton):
    """A small arrow that shows or hides something."""

    orientation = kept(int, "orientation", 1)
    mirrorOnExpand = kept(bool, "mirrorOnExpand", False)


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """A text that is as high as it needs to be."""

    collapsed = kept(bool, "collapsed", True)
    collapsibleText = kept(str, "collapsibleText", "")


class ctkColorPickerButton(QtWidgets.QPushButton):
    """A button that shows a colour and asks for another."""

    colorChanged = QtCore.Signal(QtGui.QColor)
    color = kept("QColor", "color", QtGui.QColor("black"), "colorChanged")
    displayColorName = kept(bool, "displayColorName", True)


WIDGETS = (
    ctkCheckBox,
    ctkCheckablePushButton,
    ctkCollapsibleButton,
    ctkColorPickerButton,
    ctkComboBox,
    ctkDirectoryButton,
    ctkDoubleSpinBox,
    ctkExpandButton,
    ctkFittedTextBrowser,
    ctkMenuButton,
    ctkMessageBox,
    ctkPathLineEdit,
    ctkPushButton,
    ctkRangeWidget,
    ctkSearchBox,
    ctkSliderWidget,
)


def make_ctk() -> types.ModuleType:
    """Return a new `ctk` module."""
    module: Any = types.ModuleType("ctk", "Widgets of the Common Toolkit")
    ui_loader.register(*WIDGETS)
    for native in WIDGETS:
        setattr(module, native.__name__, wrapper_class(native))
    return module
