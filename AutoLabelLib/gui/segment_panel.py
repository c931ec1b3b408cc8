"""The panel Segment: a volume, a model, where the segments go, and a button."""

from __future__ import annotations

from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from AutoLabelLib.api.readiness import check_segment
from AutoLabelLib.core import catalogue, model_choice
from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import as_error, reported
from AutoLabelLib.gui.model_list import ModelList
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.scene_panel import ScenePanel
from AutoLabelLib.gui.segment_words import device_names, done_text, policy_text
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.scene.regions import fit_roi
from AutoLabelLib.scene.views import volume_in_view
from AutoLabelLib.scene.volumes import channels_of, modality_of


class SegmentPanel(ScenePanel):
    """Segments a volume with a model when the user asks for it.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "AutoLabelSegment.ui")
        self._watched: list[Any] = []
        self._job = SceneJob(shared)
        self._specs: tuple[ModelSpec, ...] = ()
        self._models = ModelList(self.ui, self._choose_model, self._choose_filter)
        self._modality = ChoiceBox(self.ui.modalityBox, self._choose_modality)
        self._same_name = ChoiceBox(self.ui.sameNameBox, self._choose_same_name)
        self._same_name.offer([("replace", _("Replace")), ("add", _("Keep both"))])
        self._device = ChoiceBox(self.ui.deviceBox, self._choose_device)
        self._device.offer(device_names())
        self._device.choose(shared.settings.device)
        self.ui.runButton.connect("clicked()", self._run)
        self.ui.interactiveButton.connect("clicked()", self._open_interactive)
        self.ui.roiBox.connect("nodeAddedByUser(vtkMRMLNode*)", self._fit_new_roi)
        self._obvious = qt.QTimer()
        self._obvious.setSingleShot(True)
        self._obvious.connect("timeout()", self._choose_what_is_obvious)
        shared.runner.watch(self._update_button)
        self.models_changed()

    def _followed(self) -> None:
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAddedEvent, self._node_added)
        self._choose_what_is_obvious()

    def _let_go(self) -> None:
        self._watched = []

    def cleanup(self) -> None:
        """Let go of the scene."""
        self._obvious.stop()
        self._job.release()
        super().cleanup()

    def models_changed(self) -> None:
        """Read anew which models there are."""
        self._specs = tuple(catalogue.models(task="segmentation"))
        self.update()

    def update(self) -> None:
        """Show everything as it is now."""
        parameters = self._parameters
        self.widget.enabled = parameters is not None
        if parameters is None:
            return
        volume = parameters.inputVolume
        said = modality_of(volume) if volume else ""
        image = (said or parameters.modality, channels_of(volume) if volume else 1)
        self._models.show(self._specs, parameters.modelName, parameters.modalityFilter, parameters.anatomyFilter, image)
        if not parameters.modelName and self._models.first_usable and volume:
            parameters.modelName = self._models.first_usable  # which shows everything again
            return
        self._watch(volume, parameters.roi)
        self._show_modality(volume is not None and not said)
        output = parameters.outputSegmentation
        self._same_name.choose(parameters.sameName)
        self.ui.sameNameLabel.visible = self.ui.sameNameBox.visible = output is not None
        self.ui.policyLabel.text = policy_text(output.GetName() if output else "", parameters.sameName)
        self._update_button()

    def _choose_what_is_obvious(self) -> None:
        """Choose the volume that the user looks at where none is chosen yet."""
        with reported(self._shared.report):
            if self._parameters is not None and self._parameters.inputVolume is None:
                self._parameters.inputVolume = volume_in_view()

    def _node_added(self, caller: Any, event: str) -> None:
        # Later, when it has voxels and the views show it.
        if self._parameters is not None and self._parameters.inputVolume is None:
            self._obvious.start()

    def _watch(self, *nodes: Any) -> None:
        """Follow what may change whether the volume can be segmented: its voxels and place, and the region's."""
        wanted = [node for node in nodes if node is not None]
        if wanted == self._watched:
            return
        for node in self._watched:
            for event in _events():
                self.removeObserver(node, event, self._scene_changed)
        self._watched = wanted
        for node in wanted:
            for event in _events():
                self.addObserver(node, event, self._scene_changed)

    # What the user chooses

    def _choose_model(self, name: str) -> None:
        if self._parameters is not None:
            self._parameters.modelName = name

    def _choose_filter(self, modality: str, anatomy: str) -> None:
        if self._parameters is not None:
            self._parameters.modalityFilter, self._parameters.anatomyFilter = modality, anatomy
            self._update_button()

    def _choose_modality(self, modality: str) -> None:
        if self._parameters is not None:
            self._parameters.modality = modality

    def _choose_same_name(self, policy: str) -> None:
        if self._parameters is not None:
            self._parameters.sameName = policy

    def _choose_device(self, name: str) -> None:
        self._shared.settings.device = name

    def _fit_new_roi(self, roi_node: Any) -> None:
        with reported(self._shared.report):
            if self._parameters is not None and self._parameters.inputVolume is not None:
                fit_roi(roi_node, self._parameters.inputVolume)

    # What is shown

    def _show_modality(self, visible: bool) -> None:
        self.ui.modalityLabel.visible = self.ui.modalityBox.visible = visible
        spec = self._models.shown
        assumed = spec.modality if spec is not None else ""
        text = _("Not said: taken as {modality}").format(modality=assumed) if assumed else _("Not said")
        names = sorted({"CT", "MR", "PT", *model_choice.modalities(self._specs)})
        self._modality.offer([("", text), *((name, name) for name in names)])
        self._modality.choose(self._parameters.modality)

    def _update_button(self) -> None:
        """Say whether the volume can be segmented, and if not, why."""
        if self._parameters is None:
            return
        remarks: tuple[str, ...] = ()
        reason = ""
        try:
            remarks = self._check()
        except Exception as problem:  # the border to Qt: nothing may pass
            reason = str(as_error(problem))
        self.ui.runButton.enabled = not reason
        self.ui.runButton.toolTip = reason or _("Segment the volume; the window stays free meanwhile")
        self.ui.reasonLabel.text = reason or " ".join(remarks)
        self.ui.reasonLabel.visible = bool(self.ui.reasonLabel.text)
        spec = self._models.shown
        self.ui.interactiveButton.visible = spec is not None and spec.needs_prompt

    def _check(self) -> tuple[str, ...]:
        """Return what the user should know before; raise why it cannot be done."""
        parameters, spec = self._parameters, self._models.shown
        if self._shared.runner.busy:
            raise AutoLabelError(_("{what} is not finished yet.").format(what=self._shared.runner.what))
        if parameters.inputVolume is None:
            raise AutoLabelError(_("Choose a volume."))
        if spec is None:
            raise AutoLabelError(_("Choose a model."))
        return check_segment(
            parameters.inputVolume,
            spec,
            roi=parameters.roi,
            segmentation=parameters.outputSegmentation,
            modality=parameters.modality,
        )

    def _open_interactive(self) -> None:
        """Go on with the chosen model where the user can click."""
        with reported(self._shared.report):
            if self._parameters is not None and self._models.shown is not None:
                self._parameters.interactiveModel = self._models.shown.name
            self._shared.open_panel("interactive")

    def _run(self) -> None:
        with reported(self._shared.report):
            parameters, spec = self._parameters, self._models.shown
            if parameters is None or spec is None:
                return
            volume, segmentation = parameters.inputVolume, parameters.outputSegmentation
            choices = {
                "roi": parameters.roi,
                "segmentation": segmentation,
                "same_name": parameters.sameName,
                "modality": parameters.modality,
                "device": self._shared.settings.device,
            }
            self._job.start(
                lambda: self._shared.logic.segment(volume, spec.name, wait=False, **choices),
                what=_("Segmenting {volume}").format(volume=volume.GetName()),
                nodes=(volume, segmentation),
                on_done=self._done,
            )

    def _done(self, segmentation_node: Any, pending: Any, seconds: float) -> None:
        text = done_text(segmentation_node, pending.handle.id, seconds, pending.warnings)
        if self._parameters is not None:
            self._parameters.shownSegmentation = segmentation_node
        self._shared.announce(text, segmentation_node)


def _events() -> tuple[Any, ...]:
    return (
        vtk.vtkCommand.ModifiedEvent,
        slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
        slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
    )
