"""The panel Classify: what is it, how sure is that, and why."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Position
from AutoLabelLib.gui import classify_words as words
from AutoLabelLib.gui.autolabel_effect.shortcuts import Shortcuts
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.compare_group import CompareGroup
from AutoLabelLib.gui.errors import as_error, reported
from AutoLabelLib.gui.explain_group import ExplainGroup
from AutoLabelLib.gui.scene_job import SceneJob
from AutoLabelLib.gui.scene_panel import ScenePanel
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.subject_choice import SubjectChoice
from AutoLabelLib.scene.point_placing import PointPlacing
from AutoLabelLib.scene.volumes import channels_of, check_kind, modality_of, remarks, shared_image


class ClassifyPanel(ScenePanel):
    """Classifies segments, what the user clicks, a region or a volume, and shows what speaks for the answer.

    Args:
        shared: What the panels share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared, "AutoLabelClassify.ui")
        self._job = SceneJob(shared)
        self._placing: PointPlacing | None = None
        self._keys = Shortcuts({"Esc": self._give_up_click})
        self._watched: Any = None
        self._judged: Any = None  # the volume that the shown result is about
        self._specs: dict[str, ModelSpec] = {}
        self._model = ChoiceBox(self.ui.modelBox, self._choose_model)
        self._subject = SubjectChoice(self.ui, shared.report)
        self._explain = ExplainGroup(shared, self.ui)
        self._compare = CompareGroup(shared, self.ui)
        self.ui.runButton.connect("clicked()", self._run)
        self.ui.findingsButton.connect("clicked()", self._show_in_findings)
        self._shown_finding = ""
        self._say("")
        shared.runner.watch(self._update_button)
        self.models_changed()

    @property
    def _spec(self) -> ModelSpec | None:
        return self._specs.get(self._model.chosen)

    def _followed(self) -> None:
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._scene_changed)

    def _let_go(self) -> None:
        self._watched = None
        self._give_up_click()
        self._explain.show(None, self._specs)
        self._compare.forget()
        self._say("")

    def exit(self) -> None:
        """The user went to another module: a click there means something else."""
        self._give_up_click()

    def cleanup(self) -> None:
        """Let go of the scene."""
        self._job.release()
        self._explain.cleanup()
        self._compare.cleanup()
        super().cleanup()

    def models_changed(self) -> None:
        """Read anew which models there are."""
        self._specs = {spec.name: spec for spec in catalogue.models(task="classification")}
        self.update()

    def update(self) -> None:
        """Show everything as it is now."""
        parameters = self._parameters
        self.widget.enabled = parameters is not None
        if parameters is None:
            return
        self._show_models()
        self.ui.modelLabel.text = words.model_text(self._spec)
        self._subject.show(parameters, self._spec)
        self.ui.runButton.text = _("Click on it…") if self._subject.chosen == words.CLICK else _("Classify")
        self._watch(parameters.classifySegmentation)
        if parameters.inputVolume is not self._judged:
            self._say("")
        self._explain.show(parameters.inputVolume, self._specs)
        self._update_button()

    def _show_models(self) -> None:
        """Offer the models, and choose the first one for the volume where none is chosen."""
        volume, chosen = self._parameters.inputVolume, self._parameters.classifyModel
        modality = (modality_of(volume) or self._parameters.modality) if volume is not None else ""
        channels = channels_of(volume) if volume is not None else 1
        self._model.offer(words.choices_of_models(self._specs.values(), modality, channels))
        self._model.choose(chosen)  # of a scene from elsewhere it may be missing, which chooses the first

    def _watch(self, segmentation_node: Any) -> None:
        """Follow which segments there are."""
        content = segmentation_node.GetSegmentation() if segmentation_node is not None else None
        if content is self._watched:
            return
        kind = slicer.vtkSegmentation
        for event in (kind.SegmentAdded, kind.SegmentRemoved, kind.SegmentModified):
            if self._watched is not None:
                self.removeObserver(self._watched, event, self._scene_changed)
            if content is not None:
                self.addObserver(content, event, self._scene_changed)
        self._watched = content

    # What the user chooses

    def _choose_model(self, name: str) -> None:
        if self._parameters is not None:
            self._subject.keep("")  # what the model offers first
            self._parameters.classifyModel = name

    # What is shown

    def _update_button(self) -> None:
        """Say whether it can be classified, and if not, why."""
        if self._parameters is None:
            return
        waiting = self._placing is not None
        reason, notes = ("", "") if waiting else self._why_not()
        self.ui.runButton.enabled = waiting or not reason
        if waiting:
            self.ui.runButton.text = _("Click it in a slice view (press here to stop)")
        self.ui.runButton.toolTip = reason or _("Classify it; the window stays free meanwhile")
        text = "" if self._shared.runner.busy else reason or notes  # the status row says what is going on
        self.ui.reasonLabel.text = text
        self.ui.reasonLabel.visible = bool(text)
        self._explain.update()

    def _why_not(self) -> tuple[str, str]:
        """Return why it cannot start, and what the user should know before it does; in sentences, "" for nothing."""
        try:
            return "", " ".join(self._check())
        except Exception as problem:  # the border to Qt: nothing may pass
            return str(as_error(problem)), ""

    def _check(self) -> tuple[str, ...]:
        parameters, spec = self._parameters, self._spec
        if self._shared.runner.busy:
            raise AutoLabelError(_("{what} is not finished yet.").format(what=self._shared.runner.what))
        if parameters.inputVolume is None:
            raise AutoLabelError(_("Choose a volume."))
        if spec is None:
            raise AutoLabelError(_("Choose a model."))
        check_kind(parameters.inputVolume)
        notes = spec.check_form(shared_image(parameters.inputVolume, parameters.modality))
        self._subject.check()
        return remarks(parameters.inputVolume) + notes

    def _say(self, text: str) -> None:
        self.ui.resultLabel.text = text
        self.ui.resultLabel.visible = self.ui.findingsButton.visible = bool(text)

    # What is done

    def _run(self) -> None:
        with reported(self._shared.report):
            if self._placing is not None:
                self._placing.end()
            elif self._subject.chosen == words.CLICK:
                self._wait_for_click()
            else:
                self._start()

    def _wait_for_click(self) -> None:
        self._shared.report("")
        self._subject.keep(words.CLICK)  # also once there is a segment
        later = lambda action: qt.QTimer.singleShot(0, action)  # noqa: E731
        self._placing = PointPlacing(_("What is this?"), slicer.mrmlScene, self._clicked, self._placing_ended, later)
        self._keys.install()
        self._update_button()

    def _give_up_click(self) -> None:
        with reported(self._shared.report):
            if self._placing is not None:
                self._placing.end()

    def _placing_ended(self) -> None:
        self._placing = None
        self._keys.remove()
        with reported(self._shared.report):
            self.update()

    def _clicked(self, position_ras_mm: Position) -> None:
        with reported(self._shared.report):
            self._start([position_ras_mm])

    def _start(self, prompts: list[Position] | None = None) -> None:
        parameters, spec, subject = self._parameters, self._spec, self._subject.chosen
        if parameters is None or spec is None:
            return
        volume, choices = parameters.inputVolume, self._subject.arguments()
        choices |= {"device": self._shared.settings.device, "modality": parameters.modality}
        self._say("")
        self._job.start(
            lambda: self._shared.logic.classify(volume, spec.name, prompts=prompts, wait=False, **choices),
            what=_("Classifying {volume}").format(volume=volume.GetName()),
            nodes=(volume, choices.get("segmentation")),
            on_done=lambda classified, pending, seconds: self._done(classified, volume, subject, seconds),
        )

    def _done(self, classified: Any, volume_node: Any, subject: str, seconds: float) -> None:
        findings = classified.findings
        if self._parameters is not None and classified.segmentation_node is not None:
            self._parameters.classifySegmentation = classified.segmentation_node
        self._judged = volume_node
        self._shown_finding = findings[0].id if findings else ""
        self.update()
        self._say(words.result_text(findings, subject == words.REGION))
        if findings:
            self._explain.choose(findings[0].id)
        self._shared.report(words.classified_text(findings, seconds, classified.warnings))

    def _show_in_findings(self) -> None:
        with reported(self._shared.report):
            self._shared.show_finding(self._shown_finding)
