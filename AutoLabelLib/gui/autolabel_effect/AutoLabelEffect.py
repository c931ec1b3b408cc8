"""The class that Slicer makes of this effect: its hooks, and nothing else.

Slicer finds it by the file's name. It is made once when Slicer starts and once for each Segment Editor, long before
anybody uses it: so everything else is imported when the effect is activated.
"""

from __future__ import annotations

from typing import Any

from SegmentEditorEffects import AbstractScriptedSegmentEditorEffect
from slicer.i18n import tr as _

NAME = "AutoLabel"
"""By this name other modules find the effect."""

# Slicer draws the icon's first size below the mouse's arrow; its own effects have this one.
_CURSOR_PIXELS = 21


class AutoLabelEffect(AbstractScriptedSegmentEditorEffect):
    """Point at something, and the chosen segment becomes what you point at."""

    def __init__(self, scriptedEffect: Any) -> None:  # noqa: N803 - as Slicer spells it
        scriptedEffect.name = NAME  # not translated
        scriptedEffect.title = NAME
        super().__init__(scriptedEffect)
        self.session: Any = None

    def clone(self) -> Any:
        """Return another one, for another Segment Editor."""
        import qSlicerSegmentationsEditorEffectsPythonQt as effects

        cloned = effects.qSlicerSegmentEditorScriptedEffect(None)
        cloned.setPythonSource(__file__.replace("\\", "/"))
        return cloned

    def icon(self) -> Any:
        """Return the picture on the button."""
        import qt

        from AutoLabelLib.core.locations import resources

        picture = qt.QPixmap(str(resources() / "Icons" / "AutoLabelEffect.png"))
        size = _CURSOR_PIXELS
        icon = qt.QIcon(picture.scaled(size, size, qt.Qt.KeepAspectRatio, qt.Qt.SmoothTransformation))
        icon.addPixmap(picture)
        return icon

    def helpText(self) -> str:  # noqa: N802 - as Slicer spells it
        """Return what is said above the options."""
        from AutoLabelLib.gui.autolabel_effect.tools import shortcuts_text

        first = _("Point at something in a slice view: the segment becomes what you point at")
        more = _(
            "Correct it with further prompts, inside or outside. What the segment held before stays, unless you tick "
            "that prompts correct it, whatever made it, or begin with a prompt outside of it. Masking, "
            "editable intensity range, overwrite mode and undo work as in all effects. Marks can be dragged. "
            "Middle and right button and Ctrl with the left one work as without the effect."
        )
        # Slicer shows what is before the break at first, and the point after it belongs to the sentence.
        return f"<html>{first}<br>.<p>{more}</p>{shortcuts_text()}</html>"

    def setMRMLDefaults(self) -> None:  # noqa: N802 - as Slicer spells it
        """Say what is chosen in a new scene."""
        self.scriptedEffect.setParameterDefault("Model", "any_structure")
        self.scriptedEffect.setParameterDefault("Tool", "point")
        self.scriptedEffect.setParameterDefault("NewSegment", 0)
        self.scriptedEffect.setParameterDefault("Correct", 0)

    def activate(self) -> None:
        """The user has chosen this effect."""
        if self.session is None:
            from AutoLabelLib.gui.autolabel_effect.session import EffectSession

            self.session = EffectSession(self)
        self.session.activate()

    def deactivate(self) -> None:
        """The user has chosen another effect, another segmentation or another module."""
        if self.session is not None:
            self.session.deactivate()

    def cleanup(self) -> None:
        """The Segment Editor goes away."""
        if self.session is not None:
            self.session.close()
            self.session = None

    def processInteractionEvents(self, callerInteractor: Any, eventId: int, viewWidget: Any) -> bool:  # noqa: N802, N803
        """Take an event of a view; return whether nobody else shall get it."""
        return self.session is not None and bool(self.session.process(callerInteractor, eventId, viewWidget))

    def updateGUIFromMRML(self) -> None:  # noqa: N802 - as Slicer spells it
        """Show the choices that the scene holds."""
        if self.session is not None:
            self.session.show_choices()

    def updateMRMLFromGUI(self) -> None:  # noqa: N802 - as Slicer spells it
        """Keep the user's choices in the scene."""
        if self.session is not None:
            self.session.keep_choices()

    def sourceVolumeNodeChanged(self) -> None:  # noqa: N802 - as Slicer spells it
        """Another volume was chosen, for whichever effect is active."""
        if self.session is not None:
            self.session.look_again()

    def referenceGeometryChanged(self) -> None:  # noqa: N802 - as Slicer spells it
        """The grid that is drawn on has changed."""
        if self.session is not None:
            self.session.geometry_changed()
