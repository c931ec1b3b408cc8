"""The effects of the Segment Editor: its own copies of what is registered, their buttons, and the one in use."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.segment_editor_choices import EditorChoices
from Testing.host.segment_editor_form import Form
from Testing.host.segment_editor_views import ViewObservations
from Testing.host.segment_effects import qSlicerSegmentEditorEffectFactory


class EditorEffects(EditorChoices):
    """Effects, one of which is in use or none."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._segmentation: Any = None
        self._active: Any = None
        self._last_active: Any = None
        self._effects: list[Any] = []
        self._is_initializing = False
        self._views = ViewObservations(self)
        self.form = Form(self)

    def _parameter_changed(self) -> None:
        if not self._is_initializing:
            for effect in self._effects:
                effect.updateGUIFromMRML()

    def _initialize_effects(self) -> None:
        if self._node is None:
            return
        self._is_initializing = True
        was = self._node.StartModify()
        for effect in self._effects:
            effect.setParameterSetNode(self._node)
            effect.call("setMRMLDefaults")
        self._node.EndModify(was)
        self._is_initializing = False

    def _show_effect(self) -> None:
        enabled = self._node.GetSourceVolumeNode() is not None
        self.form.effects.setEnabled(enabled)
        self.form.options.setEnabled(enabled)
        count = self._segmentation.GetSegmentation().GetNumberOfSegments() if self._segmentation is not None else 0
        is_selected = bool(self._node.GetSelectedSegmentID())
        for effect, button in self._buttons():
            button.setEnabled(
                effect is None or not effect.requireSegments or (count > 0 and (is_selected or not effect.perSegment))
            )
        wanted = self._native_effect(self._node.GetActiveEffectName())
        if wanted is self._active:
            return
        if self._active is not None:
            self._active.deactivate()
        if wanted is not None:
            self._views.observe(self._segmentation)
            wanted.activate()
            self.form.options.setTitle(wanted.title or wanted.name)
        else:
            self._views.clear()
        self.form.options.setVisible(wanted is not None)
        self.form.masking.setVisible(wanted is not None)
        for effect, button in self._buttons():
            button.setChecked(effect is wanted)
        self._last_active, self._active = self._active, wanted

    def _buttons(self) -> list[tuple[Any, QtWidgets.QToolButton]]:
        buttons = self.form.effects.findChildren(QtWidgets.QToolButton)
        return [(self._native_effect(button.objectName()), button) for button in buttons]

    def updateEffectList(self) -> None:
        """Add what was registered since: each editor has its own copies."""
        grid = self.form.effects.layout()
        if grid.count() == 0:
            self._add_button("None", "None", None)
        known = [effect.name for effect in self._effects]
        for registered in qSlicerSegmentEditorEffectFactory.instance().registered:
            if registered.name in known:
                continue
            effect = registered.clone()
            effect.editor = self
            if self._node is not None:
                effect.setParameterSetNode(self._node)
                effect.call("setMRMLDefaults")
            self._effects.append(effect)
            self._add_button(effect.name, effect.title or effect.name, effect)
            effect.call("setupOptionsFrame")
            effect.optionsFrame().setVisible(False)
            self.form.options.layout().addWidget(effect.optionsFrame())

    def _add_button(self, name: str, text: str, effect: Any) -> None:
        button = QtWidgets.QToolButton(self.form.effects)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(text)
        button.setCheckable(True)
        if effect is not None:
            button.setIcon(effect.icon())
        button.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(lambda: self.setActiveEffect(effect))
        grid = self.form.effects.layout()
        grid.addWidget(button, grid.count() // 2, grid.count() % 2)

    def _native_effect(self, name: str | None) -> Any:
        return next((effect for effect in self._effects if effect.name == name), None)

    def effectByName(self, name: str) -> Any:
        """Return the editor's copy of an effect; None where it has none."""
        return self._native_effect(name)

    def availableEffectNames(self) -> list[str]:
        """Return the names of all effects."""
        return [effect.name for effect in self._effects]

    def activeEffect(self) -> Any:
        """Return the effect in use; None where there is none."""
        return self._active

    def setActiveEffect(self, effect: Any) -> None:
        """Use another effect; None for none."""
        if self._node is not None:
            self._node.SetActiveEffectName(effect.name if effect is not None else "")
            self.updateWidgetFromMRML()

    def setActiveEffectByName(self, name: str) -> None:
        """Use another effect; "" for none."""
        self.setActiveEffect(self._native_effect(name))
