"""The panel Interactive: choose a volume, a segmentation and a model, and go on in the Segment Editor."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.errors import AutoLabelError, InputError, MissingDependency
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.autolabel_effect.model_choice import ModelChoice
from AutoLabelLib.gui.autolabel_effect.tools import shortcuts_text
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.scene_panel import ScenePanel
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node
from AutoLabelLib.scene.volumes import check_kind, shared_image

EFFECT = "AutoLabel"


class InteractivePanel(ScenePanel):
    """Opens the Segment Editor with the effect AutoLabel, ready for the first click.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "AutoLabelInteractive.ui")
        self._models = ModelChoice(self.ui.modelBox, self.ui.modelLabel, self._model_chosen)
        self.ui.startButton.connect("clicked()", self._start)
        self.ui.howLabel.text = _how()
        self.update()

    def models_changed(self) -> None:
        """Read anew which models there are."""
        self._models.refresh()
        self.update()

    def update(self) -> None:
        """Show everything as it is now, and say why it cannot start where it cannot."""
        self.widget.enabled = self._parameters is not None
        if self._parameters is None:
            return
        if self._parameters.interactiveModel:
            self._models.choose(self._parameters.interactiveModel)
        reason = self._why_not()
        self.ui.startButton.enabled = not reason
        self.ui.startButton.toolTip = reason or _("Open the Segment Editor with these, ready for the first click")
        self.ui.whyLabel.text = reason
        self.ui.whyLabel.visible = bool(reason)

    def _why_not(self) -> str:
        """Return why it cannot start, in one sentence; "" if it can."""
        spec = self._models.spec
        if self._parameters.inputVolume is None:
            return _("Load a volume, and choose it above.")
        if spec is None:
            return _("No model that can be pointed at something is installed; see the panel Models.")
        try:
            check_kind(self._parameters.inputVolume)
            spec.check_form(shared_image(self._parameters.inputVolume))
        except AutoLabelError as error:
            return str(error)
        return ""

    def _model_chosen(self) -> None:
        if self._parameters is not None and self._models.spec is not None:
            self._parameters.interactiveModel = self._models.spec.name

    def _start(self) -> None:
        with reported(self._shared.report):
            assert self._models.spec is not None
            volume_node = self._parameters.inputVolume
            segmentation_node = self._parameters.interactiveSegmentation or _new_segmentation(volume_node)
            self._parameters.interactiveSegmentation = segmentation_node
            self._parameters.shownSegmentation = segmentation_node
            open_editor(volume_node, segmentation_node, self._models.spec)


def open_editor(volume_node: Node, segmentation_node: Node, spec: ModelSpec) -> None:
    """Show the Segment Editor with the effect AutoLabel active.

    Args:
        volume_node: Its source volume.
        segmentation_node: What is edited; gets an empty segment if it has none.
        spec: Model of the effect.

    Raises:
        MissingDependency: If Slicer has no Segment Editor, or no such effect.
    """
    slicer.util.selectModule("SegmentEditor")
    widget = getattr(slicer.modules, "SegmentEditorWidget", None)
    editor = widget.editor if widget is not None else None
    effect = editor.effectByName(EFFECT) if editor is not None else None
    if editor is None or effect is None:
        raise MissingDependency(
            _("The Segment Editor does not have the effect AutoLabel."), _("Restart Slicer; if it stays, reinstall it.")
        )
    segmentation = segmentation_node.GetSegmentation()
    if segmentation.GetNumberOfSegments() == 0:
        segmentation.AddEmptySegment()
    editor.setSegmentationNode(segmentation_node)
    editor.setSourceVolumeNode(volume_node)
    if not editor.currentSegmentID():
        editor.setCurrentSegmentID(segmentation.GetNthSegmentID(0))
    effect.setParameter("Model", spec.name)
    editor.setActiveEffectByName(EFFECT)


def _new_segmentation(volume_node: Node) -> Node:
    """Return an empty segmentation on a volume's grid and under its transform."""
    name = slicer.mrmlScene.GenerateUniqueName(f"{volume_node.GetName()} segmentation")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    if node is None:
        raise InputError(_("Slicer could not make a segmentation."))
    node.CreateDefaultDisplayNodes()
    node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    hierarchy.place_beside(node, volume_node)
    return node


def _how() -> str:
    steps = (
        _("Click inside the object in a slice view: the segment appears."),
        _("Correct it: click what is missing, or hold Shift and click what is too much."),
        _("Or draw a box around it, scribble through it, or draw a lasso, where the model understands that."),
        _("Accept, and begin the next object."),
    )
    return "<ol>" + "".join(f"<li>{step}</li>" for step in steps) + "</ol>" + shortcuts_text()
