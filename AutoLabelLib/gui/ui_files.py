"""Widgets from the files that Qt Designer writes."""

from __future__ import annotations

from typing import Any

import slicer

from AutoLabelLib.core.locations import resources


def load_ui(name: str) -> tuple[Any, Any]:
    """Return the widget of a .ui file, and an object that has each named child of it as an attribute.

    Args:
        name: Name of a file in Resources/UI, such as "AutoLabelSegment.ui".
    """
    widget = slicer.util.loadUI(str(resources() / "UI" / name))
    ui = slicer.util.childWidgetVariables(widget)
    # From here the scene goes on to every child, by the connections in the file.
    widget.setMRMLScene(slicer.mrmlScene)
    return widget, ui
