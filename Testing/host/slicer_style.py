"""Slicer's look: the style Fusion with narrower margins, in light and dark colours."""

from __future__ import annotations

from typing import Any

from PySide6 import QtGui, QtWidgets

_Role, _Group = QtGui.QPalette.ColorRole, QtGui.QPalette.ColorGroup
_Metric, _Hint = QtWidgets.QStyle.PixelMetric, QtWidgets.QStyle.StyleHint

FONT = ("DejaVu Sans", 9)

_MARGINS = (
    _Metric.PM_LayoutLeftMargin,
    _Metric.PM_LayoutTopMargin,
    _Metric.PM_LayoutRightMargin,
    _Metric.PM_LayoutBottomMargin,
)
_OTHERS = {
    _Metric.PM_LayoutHorizontalSpacing: 3,
    _Metric.PM_LayoutVerticalSpacing: 3,
    _Metric.PM_SliderLength: 12,
    _Metric.PM_ButtonIconSize: 24,
}

# Role -> light and dark; for the disabled group, None keeps the enabled colour.
_COLORS = {
    _Role.Window: ("#ffffff", "#323232"),
    _Role.WindowText: ("#000000", "#ffffff"),
    _Role.Base: ("#ffffff", "#1e1e1e"),
    _Role.AlternateBase: ("#e4e4fe", "#323232"),
    _Role.ToolTipBase: ("#ffffdc", "#ffffff"),
    _Role.ToolTipText: ("#000000", "#323232"),
    _Role.Text: ("#000000", "#ffffff"),
    _Role.PlaceholderText: ("#808080", "#c0c0c0"),
    _Role.Button: ("#fcfcfc", "#323232"),
    _Role.ButtonText: ("#000000", "#ffffff"),
    _Role.BrightText: ("#ff0000", "#ff4444"),
    _Role.Light: ("#c8c8c8", "#828284"),
    _Role.Midlight: ("#e6e6e6", "#5a5a5b"),
    _Role.Dark: ("#aaaaaa", "#232323"),
    _Role.Mid: ("#c8c8c8", "#2b2b2b"),
    _Role.Shadow: ("#5a5a5a", "#141414"),
    _Role.Highlight: ("#308cc6", "#3ca4ff"),
    _Role.HighlightedText: ("#ffffff", "#ffffff"),
    _Role.Link: ("#0000ff", "#3ca4ff"),
}
_DISABLED = {
    _Role.WindowText: ("#bebebe", "#6d6d6d"),
    _Role.Text: ("#bebebe", "#6d6d6d"),
    _Role.ButtonText: ("#bebebe", "#b4b4b4"),
    _Role.Highlight: ("#919191", "#505050"),
    _Role.HighlightedText: ("#ffffff", "#6d6d6d"),
}


class SlicerStyle(QtWidgets.QProxyStyle):
    """Fusion, with the distances that Slicer's panels have."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def pixelMetric(self, metric: Any, option: Any = None, widget: Any = None) -> int:
        """Return a distance."""
        if metric in _MARGINS:
            return 4 if widget is not None and widget.inherits("ctkCollapsibleButton") else 6
        return _OTHERS[metric] if metric in _OTHERS else super().pixelMetric(metric, option, widget)

    def styleHint(self, hint: Any, option: Any = None, widget: Any = None, data: Any = None) -> int:
        """Return how something behaves; combo boxes open a list instead of a menu."""
        return 0 if hint == _Hint.SH_ComboBox_Popup else super().styleHint(hint, option, widget, data)


def slicer_palette(dark: bool = False) -> QtGui.QPalette:
    """Return the colours of Slicer's light or dark style."""
    palette = QtGui.QPalette()
    for role, colors in _COLORS.items():
        palette.setColor(role, QtGui.QColor(colors[dark]))
    for role, colors in _DISABLED.items():
        palette.setColor(_Group.Disabled, role, QtGui.QColor(colors[dark]))
    return palette
