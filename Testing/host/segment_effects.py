"""Effects of the Segment Editor: the object that Slicer puts between its editor and an effect in Python."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host import dialogs, slots
from Testing.host.effect_parameters import EffectParameters
from Testing.host.effect_views import EffectViews
from Testing.host.pythonqt import unwrap, wrap

_Logic = slicer.vtkSlicerSegmentEditorLogic
_MODES = (
    _Logic.ModificationModeSet,
    _Logic.ModificationModeAdd,
    _Logic.ModificationModeRemove,
    _Logic.ModificationModeRemoveAll,
)


class qSlicerSegmentEditorAbstractEffect(EffectViews, EffectParameters):
    """What every effect can ask of the editor. What it draws into the segment goes through Slicer's real logic."""

    ModificationModeSet, ModificationModeAdd, ModificationModeRemove, ModificationModeRemoveAll = range(4)
    NotConfirmed, ConfirmedWithoutDialog, ConfirmedWithDialog = range(3)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.editor: Any = None
        self._is_active = False
        self._confirmed: Any = None
        policy = QtWidgets.QSizePolicy.Policy
        self._frame = QtWidgets.QFrame()
        self._frame.setSizePolicy(policy.Preferred, policy.MinimumExpanding)
        form = QtWidgets.QFormLayout(self._frame)
        form.setContentsMargins(4, 4, 4, 4)
        form.setSpacing(4)

    def optionsFrame(self) -> Any:
        """Return the frame of the effect's options."""
        return self._frame

    def optionsLayout(self) -> Any:
        """Return the layout of the effect's options."""
        return self._frame.layout()

    def addOptionsWidget(self, widget: Any) -> None:
        """Add a widget or a layout over the whole width of the options."""
        self._fit(widget)
        self.optionsLayout().addRow(widget)

    def addLabeledOptionsWidget(self, label: str, widget: Any) -> Any:
        """Add a widget or a layout beside a label, which is returned."""
        text = QtWidgets.QLabel(label)
        self._fit(widget)
        self.optionsLayout().addRow(text, widget)
        return text

    def _fit(self, widget: Any) -> None:
        if isinstance(widget, QtWidgets.QWidget):
            widget.setParent(self._frame)
            policy = QtWidgets.QSizePolicy.Policy
            widget.setSizePolicy(policy.Preferred, policy.MinimumExpanding)

    def active(self) -> bool:
        """Return whether this is the effect in use."""
        return self._is_active

    def activate(self) -> None:
        """Show the options: the user chose the effect."""
        self._frame.setVisible(True)
        self._is_active = True
        self.updateGUIFromMRML()

    def deactivate(self) -> None:
        """Hide the options: the user left the effect."""
        self._frame.setVisible(False)
        self._is_active = False

    def updateGUIFromMRML(self) -> None:
        """Show what the parameters are now."""

    def selectEffect(self, name: str) -> None:
        """Change to another effect; "" for none."""
        if self.editor is not None:
            self.editor.setActiveEffectByName(name)

    def saveStateForUndo(self) -> None:
        """Let the user come back to what the segmentation is now."""
        self.editor.saveStateForUndo()

    def modifySelectedSegmentByLabelmap(self, labelmap: Any, mode: int, *more: Any) -> None:
        """Change the selected segment, as far as the editor's masking allows.

        Args:
            labelmap: Which voxels.
            mode: Set, add, remove.
            more: Whether masking is bypassed; or the extent that is changed, of six numbers, and that. An extent alone
                is taken for the former, as PythonQt does.
        """
        node = self.parameterSetNode()
        self.modifySegmentByLabelmap(
            node.GetSegmentationNode(), node.GetSelectedSegmentID() or "", labelmap, mode, *more
        )

    def modifySegmentByLabelmap(self, segmentation: Any, segment_id: str, labelmap: Any, mode: int, *more: Any) -> None:
        """Change a segment, as far as the editor's masking allows."""
        extent = list(more[0]) if len(more) == 2 else [0, -1, 0, -1, 0, -1]
        bypass = bool(more[-1]) if more else False
        self.editor.logic.ModifySegmentByLabelmap(
            segmentation, segment_id, labelmap, _MODES[mode], extent, self.perSegment, bypass
        )

    def modifierLabelmap(self) -> Any:
        """Return the labelmap to draw into, as it was left."""
        return self.editor.logic.GetModifierLabelmap()

    def defaultModifierLabelmap(self) -> Any:
        """Return the labelmap to draw into, empty, on the reference geometry; None where there is none."""
        return self._updated("ResetModifierLabelmapToDefault", "GetModifierLabelmap")

    def maskLabelmap(self) -> Any:
        """Return where the mask forbids editing."""
        return self._updated("UpdateMaskLabelmap", "GetMaskLabelmap")

    def sourceVolumeImageData(self) -> Any:
        """Return the source volume, resampled to the modifier labelmap."""
        return self._updated("UpdateAlignedSourceVolume", "GetAlignedSourceVolume")

    def selectedSegmentLabelmap(self) -> Any:
        """Return the selected segment on the modifier labelmap's grid."""
        return self._updated("UpdateSelectedSegmentLabelmap", "GetSelectedSegmentLabelmap")

    def referenceGeometryImage(self) -> Any:
        """Return an image without voxels that has the reference geometry."""
        return self._updated("UpdateReferenceGeometryImage", "GetReferenceGeometryImage")

    def _updated(self, update: str, get: str) -> Any:
        if self.editor is None or self.parameterSetNode() is None:
            return None
        logic = self.editor.logic
        return getattr(logic, get)() if getattr(logic, update)() else None

    def confirmCurrentSegmentVisible(self) -> int:
        """Ask whether a hidden segment is meant."""
        node = self.parameterSetNode()
        segmentation = node.GetSegmentationNode() if node is not None else None
        segment_id = node.GetSelectedSegmentID() if node is not None else None
        if segmentation is None or not segment_id or self._confirmed == segment_id:
            return self.ConfirmedWithoutDialog
        display = segmentation.GetDisplayNode()
        if display is not None and display.GetVisibility() and display.GetSegmentVisibility(segment_id):
            return self.ConfirmedWithoutDialog
        button = QtWidgets.QMessageBox.StandardButton
        answer = dialogs.answered(
            "The currently selected segment is hidden. Would you like to make it visible?",
            button.Yes | button.No | button.Cancel,
        )
        if answer == button.Cancel.value:
            return self.NotConfirmed
        if answer == button.Yes.value:
            display.SetVisibility(True)
            display.SetSegmentVisibility(segment_id, True)
        else:
            self._confirmed = segment_id
        return self.ConfirmedWithDialog


class qSlicerSegmentEditorScriptedEffect(qSlicerSegmentEditorAbstractEffect):
    """An effect whose methods are those of a Python object; a method that it has not is left out."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.name = "UnnamedScriptedEffect"
        self._python: Any = None

    def setPythonSource(self, path: str) -> bool:
        """Load the class of an effect: named as the file, in a module named as the file's folder.

        Raises:
            RuntimeError: If the class is not there.
        """
        source = Path(path)
        if source.suffix not in (".py", ".pyc"):
            return False
        module_name = source.parent.name
        class_name = source.stem if source.stem.endswith("Effect") else f"{source.stem}Effect"
        module = sys.modules.get(module_name)
        if module is None or not hasattr(module, class_name):
            spec = importlib.util.spec_from_file_location(module_name, source)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            spec.loader.exec_module(module)
        if not hasattr(module, class_name):
            raise RuntimeError(
                f"Failed to load segment editor scripted effect: class {class_name} was not found in {path}"
            )
        self._python = getattr(module, class_name)(wrap(self))
        setattr(slicer, module_name, self._python)
        return True

    def self(self) -> Any:
        """Return the Python object."""
        return self._python

    def call(self, name: str, *arguments: Any, default: Any = None) -> Any:
        """Return what a method of the Python object returns; the default where it has none or it raises."""
        method = getattr(self._python, name, None)
        if method is None:
            return default
        result = slots.guarded(method, *map(wrap, arguments))
        return default if result is None else unwrap(result)

    def clone(self) -> Any:
        """Return another effect of the same kind."""
        return self.call("clone")

    def icon(self) -> QtGui.QIcon:
        """Return the effect's picture."""
        found = self.call("icon")
        return found if isinstance(found, QtGui.QIcon) else QtGui.QIcon()

    def helpText(self) -> str:
        """Return the effect's help."""
        return str(self.call("helpText", default=""))

    def activate(self) -> None:
        super().activate()
        self.call("activate")

    def deactivate(self) -> None:
        super().deactivate()
        self.call("deactivate")

    def updateGUIFromMRML(self) -> None:
        self.call("updateGUIFromMRML")

    def updateMRMLFromGUI(self) -> None:
        """Keep what the widgets show."""
        self.call("updateMRMLFromGUI")

    def interactionNodeModified(self, node: Any) -> None:
        """Leave the effect when the user begins to place markups, unless the effect says otherwise."""
        if hasattr(self._python, "interactionNodeModified"):
            self.call("interactionNodeModified", node)
        elif node.GetCurrentInteractionMode() != slicer.vtkMRMLInteractionNode.ViewTransform:
            self.selectEffect("")


class qSlicerSegmentEditorEffectFactory(QtCore.QObject):
    """The effects that are registered; each editor makes its own copies."""

    effectRegistered = QtCore.Signal(str)
    _only: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.registered: list[Any] = []

    @classmethod
    def instance(cls) -> Any:
        """Return the only one."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    @classmethod
    def forget(cls) -> None:
        """Register nothing any more: the application ended."""
        cls._only = None

    def registerEffect(self, effect: Any) -> bool:
        """Offer an effect; returns False where one of its name is offered already."""
        if effect.name in [known.name for known in self.registered]:
            return False
        self.registered.append(effect)
        self.effectRegistered.emit(effect.name)
        return True

    def registeredEffects(self) -> list[Any]:
        """Return the effects that are offered."""
        return list(self.registered)
