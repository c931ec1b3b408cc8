"""The modules in which effects written in Python find their base class and the object that Slicer gives them."""

from __future__ import annotations

import types
from typing import Any

import slicer
from PySide6 import QtCore, QtGui

from Testing.host.pythonqt import wrapper_class
from Testing.host.segment_effects import (
    qSlicerSegmentEditorAbstractEffect,
    qSlicerSegmentEditorEffectFactory,
    qSlicerSegmentEditorScriptedEffect,
)


class AbstractScriptedSegmentEditorEffect:
    """What effects in Python derive from."""

    def __init__(self, scriptedEffect: Any) -> None:
        self.scriptedEffect = scriptedEffect

    def register(self) -> None:
        """Offer the effect."""
        slicer.qSlicerSegmentEditorEffectFactory.instance().registerEffect(self.scriptedEffect)

    def cleanup(self) -> None:
        """Let go of everything."""

    def _vector(self, values: Any) -> Any:
        return wrapper_class(QtGui.QVector3D)(*[float(value) for value in values])

    def _point(self, xy: Any) -> Any:
        return wrapper_class(QtCore.QPoint)(*[int(value) for value in xy])

    def rasToXy(self, ras: Any, viewWidget: Any) -> list[int]:
        """Return where a point in RAS mm is in a slice view."""
        point = self.scriptedEffect.rasToXy(self._vector(ras), viewWidget)
        return [point.x(), point.y()]

    def xyToRas(self, xy: Any, viewWidget: Any) -> list[float]:
        """Return a point of a slice view in RAS mm."""
        ras = self.scriptedEffect.xyToRas(self._point(xy), viewWidget)
        return [ras.x(), ras.y(), ras.z()]

    def xyzToRas(self, xyz: Any, viewWidget: Any) -> list[float]:
        """Return a point of a slice view in RAS mm."""
        ras = self.scriptedEffect.xyzToRas(self._vector(xyz), viewWidget)
        return [ras.x(), ras.y(), ras.z()]

    def xyToIjk(self, xy: Any, viewWidget: Any, image: Any, parentTransformNode: Any = None) -> list[int]:
        """Return the voxel of an image at a point of a slice view."""
        ijk = self.scriptedEffect.xyToIjk(self._point(xy), viewWidget, image, parentTransformNode)
        return [int(ijk.x()), int(ijk.y()), int(ijk.z())]


def make_modules() -> dict[str, types.ModuleType]:
    """Return the modules in which effects find what they need."""
    effects: Any = types.ModuleType("SegmentEditorEffects", __doc__)
    effects.AbstractScriptedSegmentEditorEffect = AbstractScriptedSegmentEditorEffect
    effects.__all__ = ["AbstractScriptedSegmentEditorEffect"]
    bindings: Any = types.ModuleType("qSlicerSegmentationsEditorEffectsPythonQt")
    for native in (
        qSlicerSegmentEditorAbstractEffect,
        qSlicerSegmentEditorScriptedEffect,
        qSlicerSegmentEditorEffectFactory,
    ):
        setattr(bindings, native.__name__, wrapper_class(native))
    return {"SegmentEditorEffects": effects, "qSlicerSegmentationsEditorEffectsPythonQt": bindings}
