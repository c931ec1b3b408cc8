"""The classes that 3D Slicer demands of a scripted module; everything else is in AutoLabelLib."""

from __future__ import annotations

import sys
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# From a source checkout Slicer puts only this module's folder on the path, not the one that AutoLabelLib lies in.
_ROOT = str(Path(__file__).resolve().parents[1])
if (Path(_ROOT) / "AutoLabelLib").is_dir() and _ROOT not in sys.path:
    sys.path.append(_ROOT)


class AutoLabel(ScriptedLoadableModule):
    """What the module is, for Slicer's list of modules."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = "AutoLabel"
        parent.categories = ["Segmentation"]
        parent.dependencies = ["Segmentations", "Terminologies", "Volumes"]
        parent.contributors = ["The AutoLabel contributors"]
        parent.helpText = (
            "Segments medical images automatically or from a click, on this computer. "
            "In the Python console: <pre>import AutoLabelLib as al\nal.segment(volumeNode, model=...)</pre>"
        )
        parent.acknowledgementText = "Built on MONAI, PyTorch, SimpleITK and 3D Slicer."


class AutoLabelWidget(ScriptedLoadableModuleWidget):
    """The module's panel: which models there are, and how they are called from the Python console."""

    def setup(self):
        """Show the installed models and the line that runs each."""
        import qt

        super().setup()
        text = qt.QLabel(AutoLabelLogic().overview())
        text.wordWrap = True
        text.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        self.layout.addWidget(text)
        self.layout.addStretch(1)


class AutoLabelLogic(ScriptedLoadableModuleLogic):
    """AutoLabel without its panel, for scripts and for other modules."""

    def segment(self, volumeNode, model, **options):  # noqa: N803 - as Slicer spells it
        """Return a segmentation node; see `AutoLabelLib.segment`."""
        import AutoLabelLib

        return AutoLabelLib.segment(volumeNode, model=model, **options)

    def overview(self):
        """Return, in plain words, the installed models and how to run them."""
        import AutoLabelLib

        lines = [f"{spec.name}: {spec.description}" for spec in AutoLabelLib.models()]
        call = 'AutoLabelLib.segment(volumeNode, model="…")'
        return "\n\n".join([*lines, f"In the Python console: import AutoLabelLib; {call}"])


class AutoLabelTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer's developer menu runs."""

    def runTest(self):  # noqa: N802 - as Slicer spells it
        """Check that a volume becomes an image and comes back as a segment in the same place."""
        self.setUp()
        self.test_a_volume_becomes_an_image()

    def setUp(self):
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def test_a_volume_becomes_an_image(self):
        """A volume node's voxels and spacing arrive in the core type."""
        import numpy as np

        from AutoLabelLib.scene.volumes import image_from_volume

        volume_node = slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
        volume_node.SetSpacing(1.0, 2.0, 3.0)
        image = image_from_volume(volume_node)
        self.assertEqual(image.spatial_shape, (4, 3, 2))
        self.assertEqual(image.spacing_mm, (1.0, 2.0, 3.0))
