"""The classes that only the application adds to `slicer`."""

from __future__ import annotations

from typing import Any

from Testing.host import module_manager, ui_loader
from Testing.host.pythonqt import wrapper_class
from Testing.host.qmrml_node_box import qMRMLNodeComboBox
from Testing.host.qmrml_widgets import qMRMLRangeWidget, qMRMLSliderWidget, qMRMLSpinBox, qMRMLWidget, qSlicerWidget
from Testing.host.segment_editor import qMRMLSegmentEditorWidget
from Testing.host.segment_effects import (
    qSlicerSegmentEditorAbstractEffect,
    qSlicerSegmentEditorEffectFactory,
    qSlicerSegmentEditorScriptedEffect,
)
from Testing.host.segments_table import qMRMLSegmentsTableView
from Testing.host.views import qMRMLSliceView, qMRMLSliceWidget, qMRMLThreeDView, qMRMLThreeDWidget

_IN_UI_FILES = (
    qMRMLNodeComboBox,
    qMRMLRangeWidget,
    qMRMLSegmentEditorWidget,
    qMRMLSegmentsTableView,
    qMRMLSliderWidget,
    qMRMLSpinBox,
    qMRMLWidget,
    qSlicerWidget,
)
_OTHERS = (
    module_manager.qSlicerScriptedLoadableModuleWidget,
    qMRMLSliceView,
    qMRMLSliceWidget,
    qMRMLThreeDView,
    qMRMLThreeDWidget,
    qSlicerSegmentEditorAbstractEffect,
    qSlicerSegmentEditorEffectFactory,
    qSlicerSegmentEditorScriptedEffect,
)


def slicer_classes() -> dict[str, Any]:
    """Return the classes by the names that they have in `slicer`."""
    ui_loader.register(*_IN_UI_FILES)
    classes = {native.__name__: wrapper_class(native) for native in (*_IN_UI_FILES, *_OTHERS)}
    return {**classes, "qSlicerScriptedLoadableModule": module_manager.qSlicerScriptedLoadableModule}
