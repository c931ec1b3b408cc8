"""The classes that 3D Slicer demands of a scripted module; everything else is in AutoLabelLib."""

from __future__ import annotations

import sys
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

# From a source checkout Slicer puts only this module's folder on the path, not the one that AutoLabelLib lies in.
_ROOT = str(Path(__file__).resolve().parents[1])
if (Path(_ROOT) / "AutoLabelLib").is_dir() and _ROOT not in sys.path:
    sys.path.append(_ROOT)

_OLDEST_PYTHON = (3, 11)  # Slicer 5.10 comes with 3.12, those before it with 3.9, which cannot even read AutoLabelLib


class AutoLabel(ScriptedLoadableModule):
    """What the module is, for Slicer's list of modules."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("AutoLabel")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Markups", "Segmentations", "Terminologies", "Volumes"]
        parent.contributors = ["The AutoLabel contributors"]
        parent.helpText = _(
            "Segments medical images automatically or from a click, on this computer. "
            "In the Python console: <pre>import AutoLabelLib as al\nal.segment(volumeNode, model=...)</pre>"
        )
        parent.acknowledgementText = _("Built on MONAI, PyTorch, SimpleITK and 3D Slicer.")
        icon = Path(_ROOT) / "Resources" / "Icons" / "AutoLabel.png"
        if icon.is_file():  # a source checkout; once installed, it lies where Slicer looks by itself
            parent.icon = qt.QIcon(str(icon))
        slicer.app.connect("startupCompleted()", self.announce)

    def announce(self):
        """Tell other modules, once Slicer has started, what AutoLabel offers them."""
        if sys.version_info < _OLDEST_PYTHON:
            return
        from AutoLabelLib.gui.startup import announce

        announce()


class AutoLabelWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel; what it shows is AutoLabelLib.gui.module_panel."""

    logic = None
    panel = None

    def setup(self):
        """Build the panels and let them follow the scene."""
        super().setup()
        if sys.version_info < _OLDEST_PYTHON:
            self._ask_for_a_newer_slicer()
            return
        from AutoLabelLib.gui.module_panel import ModulePanel

        self.logic = AutoLabelLogic()
        self.panel = ModulePanel(self.logic)
        self.layout.addWidget(self.panel.widget)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.initializeParameterNode()

    def _ask_for_a_newer_slicer(self):
        text = _("AutoLabel needs 3D Slicer 5.10 or newer, but this is {version}. Please update 3D Slicer.")
        label = qt.QLabel(text.format(version=slicer.app.applicationVersion))
        label.wordWrap = True
        self.layout.addWidget(label)
        self.layout.addStretch(1)

    def cleanup(self):
        """End what runs and let go of the scene: Slicer quits, or reloads the module."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.set_parameters(None)
            self.panel.cleanup()
            self.panel = None

    def enter(self):
        """Show the scene as it is now: the user opened the module."""
        if self.panel is not None:
            self.initializeParameterNode()
            self.panel.enter()

    def exit(self):
        """Stop following what the user does elsewhere; a job goes on."""
        if self.panel is not None:
            self.panel.exit()

    def initializeParameterNode(self):  # noqa: N802 - as Slicer spells it
        """Let the panels show the choices of the scene."""
        self.panel.set_parameters(self.logic.getParameterNode())

    def onSceneStartClose(self, caller, event):  # noqa: N802 - as Slicer spells it
        """Drop what was for this scene, before its nodes go."""
        self.panel.set_parameters(None)
        self.panel.scene_closed()

    def onSceneEndClose(self, caller, event):  # noqa: N802 - as Slicer spells it
        """Begin anew; a module that is not shown does so when it is entered."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller, event):  # noqa: N802 - as Slicer spells it
        """Take over the choices of a scene that was opened."""
        if self.parent.isEntered:
            self.initializeParameterNode()


class AutoLabelLogic(ScriptedLoadableModuleLogic):
    """AutoLabel without its panel, for scripts and for other modules."""

    def getParameterNode(self):  # noqa: N802 - as Slicer spells it
        """Return the choices that are kept in the scene, as `AutoLabelLib.gui.parameters.AutoLabelParameters`."""
        from AutoLabelLib.gui.parameters import AutoLabelParameters

        return AutoLabelParameters(super().getParameterNode())

    def segment(self, volumeNode, model, **options):  # noqa: N803 - as Slicer spells it
        """Return a segmentation node; see `AutoLabelLib.segment`."""
        import AutoLabelLib

        return AutoLabelLib.segment(volumeNode, model=model, **options)

    def classify(self, volumeNode, model, **options):  # noqa: N803 - as Slicer spells it
        """Return findings, which go into the scene's table, too; see `AutoLabelLib.classify`."""
        import AutoLabelLib

        return AutoLabelLib.classify(volumeNode, model=model, **options)

    def explain(self, volumeNode, model, **options):  # noqa: N803 - as Slicer spells it
        """Return a volume node with heat where something speaks for the answer; see `AutoLabelLib.explain`."""
        import AutoLabelLib

        return AutoLabelLib.explain(volumeNode, model=model, **options)

    def compare(self, cases, output, **options):
        """Return a comparison of classifiers on a list of cases; see `AutoLabelLib.compare`."""
        import AutoLabelLib

        return AutoLabelLib.compare(cases, output=output, **options)


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
