"""Hidden module that adds the effect "AutoLabel" to Slicer's Segment Editor."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

# From a source checkout Slicer puts only this module's folder on the path, not the one that AutoLabelLib lies in.
_ROOT = str(Path(__file__).resolve().parents[1])
if (Path(_ROOT) / "AutoLabelLib").is_dir() and _ROOT not in sys.path:
    sys.path.append(_ROOT)


class SegmentEditorAutoLabel(ScriptedLoadableModule):
    """Registers the effect; it has no panel of its own."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Segment Editor AutoLabel")
        parent.categories = ["Segmentation"]
        parent.dependencies = ["Segmentations", "SegmentEditor"]
        parent.contributors = ["The AutoLabel contributors"]
        parent.hidden = True
        parent.helpText = _("Adds the effect AutoLabel to the Segment Editor.")
        parent.acknowledgementText = _("Built on MONAI, PyTorch, SimpleITK and 3D Slicer.")
        slicer.app.connect("startupCompleted()", self.registerEffect)

    def registerEffect(self):  # noqa: N802 - as Slicer spells it
        """Add the effect to all Segment Editors, those that are open already included."""
        try:
            import qSlicerSegmentationsEditorEffectsPythonQt as effects

            import AutoLabelLib

            effect = effects.qSlicerSegmentEditorScriptedEffect(None)
            folder = Path(AutoLabelLib.__file__).resolve().parent / "gui" / "autolabel_effect"
            effect.setPythonSource((folder / "AutoLabelEffect.py").as_posix())
            effect.self().register()
        except Exception:  # the border to Qt: nothing may pass, and Slicer must start
            logging.exception("AutoLabel: the Segment Editor effect could not be registered")
