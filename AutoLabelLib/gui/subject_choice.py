"""What the panel Classify judges: segments, what is clicked, a region, or the whole volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui import classify_words as words
from AutoLabelLib.gui.choice_box import ChoiceBox
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.scene.regions import fit_roi
from AutoLabelLib.scene.segmentations import segmentations_with_segments


class SubjectChoice:
    """Lets the user choose what is judged, and keeps the choice in the scene.

    Args:
        ui: Has the widgets.
        report: Shows a sentence in the status row.
    """

    def __init__(self, ui: Any, report: Callable[[str], None]) -> None:
        self._ui, self._report = ui, report
        self._parameters: Any = None
        self._subject = ChoiceBox(ui.subjectBox, lambda subject: self.keep(subject))
        self._segment = ChoiceBox(ui.segmentBox, self._keep_segment)
        ui.roiBox.connect("nodeAddedByUser(vtkMRMLNode*)", self._fit_new_roi)

    @property
    def chosen(self) -> str:
        """One of the subjects of `classify_words`."""
        return self._subject.chosen

    def show(self, parameters: Any, spec: ModelSpec | None) -> None:
        """Show what a model can judge, and the choices of a scene."""
        self._parameters = parameters
        there = segmentations_with_segments(slicer.mrmlScene)
        self._subject.offer(words.subjects(spec, is_segment_there=bool(there)))
        self._subject.choose(parameters.classifySubject)
        if self.chosen == words.SEGMENTS and parameters.classifySegmentation is None and there:
            parameters.classifySegmentation = there[-1]
        self._show_rows(parameters.classifySegmentation)

    def _show_rows(self, segmentation: Any) -> None:
        """Show the choices that belong to what is judged, and hide the others."""
        subject, ui = self.chosen, self._ui
        shows = {
            "segmentation": subject in (words.SEGMENTS, words.CLICK),
            "segment": subject == words.SEGMENTS and segmentation is not None,
            "roi": subject == words.REGION,
        }
        for name, visible in shows.items():
            getattr(ui, f"{name}Title").visible = getattr(ui, f"{name}Box").visible = visible
        ui.segmentationBox.noneDisplay = _("New segmentation") if subject == words.CLICK else _("Choose one")
        named: list[tuple[str, str]] = []
        if segmentation is not None:
            content = segmentation.GetSegmentation()
            named = [(segment_id, content.GetSegment(segment_id).GetName()) for segment_id in content.GetSegmentIDs()]
        self._segment.offer([(words.ALL_SEGMENTS, _("All segments")), *named])
        self._segment.choose(self._parameters.classifySegment)

    def check(self) -> None:
        """Raise what is missing.

        Raises:
            AutoLabelError: If something has to be chosen first.
        """
        parameters, subject = self._parameters, self.chosen
        if subject == words.REGION and parameters.classifyRoi is None:
            raise AutoLabelError(_("Choose a region, or draw one."))
        if subject == words.SEGMENTS:
            if parameters.classifySegmentation is None:
                raise AutoLabelError(_("Choose a segmentation."))
            if not parameters.classifySegmentation.GetSegmentation().GetNumberOfSegments():
                raise AutoLabelError(_("The segmentation has no segments yet."))

    def arguments(self) -> dict[str, Any]:
        """Return the choices as the verb `classify` takes them."""
        parameters, subject = self._parameters, self.chosen
        given: dict[str, Any] = {}
        if subject in (words.SEGMENTS, words.CLICK):
            given["segmentation"] = parameters.classifySegmentation
        if subject == words.SEGMENTS and self._segment.chosen != words.ALL_SEGMENTS:
            given["segment"] = self._segment.chosen
        if subject == words.REGION:
            given["roi"] = parameters.classifyRoi
        return given

    def keep(self, subject: str) -> None:
        """Remember the choice in the scene; "" for what the model offers first."""
        if self._parameters is not None:
            self._parameters.classifySubject = subject

    def _keep_segment(self, segment_id: str) -> None:
        if self._parameters is not None:
            self._parameters.classifySegment = segment_id

    def _fit_new_roi(self, roi_node: Any) -> None:
        with reported(self._report):
            if self._parameters is not None and self._parameters.inputVolume is not None:
                fit_roi(roi_node, self._parameters.inputVolume)
