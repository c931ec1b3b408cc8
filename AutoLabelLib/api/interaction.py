"""The verb `interact`: a segment that grows and is corrected prompt by prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from AutoLabelLib.api.interaction_source import InteractionSource
from AutoLabelLib.api.mask_update import MaskUpdate, mask_update
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.sources import Source
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.crop import cropped_labelmap, found_box
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Box, Lasso, Point, Position, Prompt, Prompts, Scribble
from AutoLabelLib.core.prompt_history import PromptHistory
from AutoLabelLib.core.words import listed

_FINISHED = ("done", "failed", "cancelled")
_REMEMBERED = 16  # answers, so that undo and redo need no computing


def interact(
    source: Source,
    model: str | Path = "any_structure",
    *,
    segmentation: Any = None,
    segment_id: str | None = None,
    start: Labelmap | bool | None = None,
    structure: str | None = None,
    modality: str = "",
    series_uid: str | None = None,
    **options: Any,
) -> Interaction:
    """Return a session in which each prompt updates one segment; see `Interaction`.

    Args:
        source: Volume node, `Image`, path of an image or of a DICOM folder, or a list of those (channels).
        model: Name of an installed model that understands prompts, or folder of a bundle.
        segmentation: Segmentation node to write to, for a node; None makes a new one with the first prompt.
        segment_id: Segment of it to write to, which keeps what it holds; None makes a new one.
        start: Mask to correct: a `Labelmap` on the image's grid, or True for what the segment holds. Whatever made it,
            it stays as it is where no prompt points.
        structure: Which of the model's segments; None where it has only one.
        modality: DICOM modality, for images that do not say it.
        series_uid: Which series of a DICOM folder, where there are several.
        **options: Of the worker's segmentation task: device, engine, mirror.

    Raises:
        InputError: If source, segmentation or starting mask cannot be used.
        ModelError: If the model is missing, understands no prompts, or has no such structure.
    """
    return Interaction(
        InteractionSource(source, modality, series_uid),
        catalogue.find(model),
        segmentation=segmentation,
        segment_id=segment_id,
        start=start,
        structure=structure,
        options=options,
    )


class Interaction:
    """A session: prompts go in, one segment comes out, corrected with each prompt.

        session = al.interact(volumeNode)
        session.add_point((12.5, -40.0, 88.0))
        session.add_point((30.0, -41.0, 88.0), positive=False)
        session.undo()
        session.accept()

    Positions are RAS mm as Slicer's views show them (world). For a node, the segment is written into the scene before
    a method returns, and what it held before stays. For an image, `accept` returns a `Labelmap`.

    Attributes:
        spec: The model.
        segment: What it segments: the segment of the model that was asked for.
    """

    def __init__(
        self,
        source: InteractionSource,
        spec: ModelSpec,
        *,
        segmentation: Any = None,
        segment_id: str | None = None,
        start: Labelmap | bool | None = None,
        structure: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.spec = spec
        self._source = source
        self.segment = _segment(spec, structure)
        self._options = {**(options or {}), "crop": True}
        if len(spec.segments) > 1:
            self._options["structures"] = [self.segment.name]
        self._history = PromptHistory()
        self._running: Pending[MaskUpdate] | None = None
        self._answers: dict[Prompts, MaskUpdate] = {}
        self._latest: MaskUpdate | None = None
        self._shown = source.shown_segment(self.segment, segmentation, segment_id, replaces=start is True)
        held = self._shown.labelmap() if start is True and self._shown else None
        self._start = self._cropped(start if isinstance(start, Labelmap) else held)

    def __repr__(self) -> str:
        count = sum(1 for _ in self.prompts)
        found = "nothing yet" if self._latest is None else f"{self._latest.volume_ml:.3g} ml"
        return f"<Interaction with {self.spec.name}: {count} prompt(s), {found}>"

    @property
    def prompts(self) -> Prompts:
        """Everything that was pointed at, in RAS mm as it was given."""
        return self._history.prompts

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back and nothing new was done since."""
        return self._history.can_redo

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the latest answer, one sentence each."""
        return self._source.remarks() + (self._latest.result.warnings if self._latest else ())

    @property
    def latest(self) -> MaskUpdate | None:
        """The answer to the prompts as they are; None without prompts."""
        return self._latest

    @property
    def segmentation_node(self) -> Any:
        """The segmentation node that is written to; None before the first prompt, or where there is no scene."""
        return self._shown.segmentation_node if self._shown else None

    @property
    def segment_id(self) -> str | None:
        """The segment that is written to; None before the first prompt, or where there is no scene."""
        return self._shown.segment_id if self._shown else None

    def add_point(self, position_ras_mm: Position, positive: bool = True) -> Interaction:
        """Say that a position belongs to it, or does not."""
        return self.add(Point(position_ras_mm, positive))

    def add_box(self, low_ras_mm: Position, high_ras_mm: Position, positive: bool = True) -> Interaction:
        """Say that it lies in a box, given by two opposite corners, or that nothing in the box belongs to it."""
        return self.add(Box(low_ras_mm, high_ras_mm, positive))

    def add_scribble(self, path_ras_mm: Sequence[Position], positive: bool = True) -> Interaction:
        """Say that what lies under a stroke belongs to it, or does not."""
        return self.add(Scribble(tuple(path_ras_mm), positive))

    def add_lasso(self, path_ras_mm: Sequence[Position], positive: bool = True) -> Interaction:
        """Say that in the plane of a closed loop it lies inside, or that nothing inside belongs to it."""
        return self.add(Lasso(tuple(path_ras_mm), positive))

    def add(self, prompt: Prompt) -> Interaction:
        """Add a prompt and update the segment.

        Raises:
            AutoLabelError: If it cannot be used; then nothing has changed.
        """
        return self._go(self._history.add(prompt))

    def remove(self, prompt: Prompt) -> Interaction:
        """Take one prompt away and update the segment."""
        return self._go(self._history.remove(prompt))

    def undo(self) -> Interaction:
        """Take the latest step back."""
        return self._go(self._history.undo())

    def redo(self) -> Interaction:
        """Do again what was undone last."""
        return self._go(self._history.redo())

    def reset(self) -> Interaction:
        """Take all prompts away; the segment holds again what it held at first. Can be undone."""
        return self._go(self._history.clear())

    def accept(self) -> Any:
        """Keep what was found, forget the prompts, and return it: the segmentation node, or a `Labelmap`.

        Further prompts then add to what was kept.

        Raises:
            InputError: If nothing was pointed at yet.
        """
        if self._latest is None:
            raise InputError("There is nothing to accept yet.", "Give a prompt first, for example a point.")
        latest, self._latest, self._history = self._latest, None, PromptHistory()
        if self._shown:
            self._shown.keep()
            return self._shown.segmentation_node
        return latest.labelmap(self.segment)

    def submit(self, prompts: Prompts) -> Pending[MaskUpdate]:
        """Start to compute the answer to prompts and return at once; nothing is written, and no history kept.

        An earlier answer that is still being computed is cancelled.

        Raises:
            ContractError: If the model does not understand these prompts, or not this image.
            GeometryError: If a prompt lies outside the volume.
        """
        image, grid = self._source.image(), self._source.grid()
        given = self._source.prompts_in_image(prompts)
        remarks = (*self.spec.check(image, given), *self._source.remarks())
        if self._running is not None and self._running.state not in _FINISHED:
            self._running.cancel()
        labelmaps = (self._start,) if self._start is not None else ()
        folder = str(self.spec.folder)
        job = Job("segmentation", folder, (image,), labelmaps=labelmaps, prompts=given, options=self._options)

        def finish(result: Result) -> MaskUpdate:
            return mask_update(result, self.segment, grid, self.spec)

        self._running = Pending(default_worker().submit(job), finish, remarks)
        return self._running

    def _go(self, history: PromptHistory) -> Interaction:
        """Show the answer to a history's prompts, and only then make it the session's own."""
        latest = self._answer(history.prompts) if history.prompts else None
        if self._shown and latest is not None:
            self._shown.show(latest.mask, latest.start_ijk, latest.grid, latest.tags)
        elif self._shown:
            self._shown.clear()
        self._latest, self._history = latest, history
        return self

    def _answer(self, prompts: Prompts) -> MaskUpdate:
        if self._source.has_changed():
            self._answers.clear()
        if prompts not in self._answers:
            answer = self.submit(prompts).wait()
            while len(self._answers) >= _REMEMBERED:
                del self._answers[next(iter(self._answers))]
            self._answers[prompts] = answer
        return self._answers[prompts]

    def _cropped(self, start: Labelmap | None) -> Labelmap | None:
        """Return a starting mask without the emptiness around it, which need not be sent."""
        if start is None:
            return None
        if not start.same_grid(self._source.image()):
            raise InputError("The mask to start from is not on the image's grid.", "Resample it to the image first.")
        return cropped_labelmap(start, found_box(start.array))


def _segment(spec: ModelSpec, structure: str | None) -> Segment:
    """Return the segment of a model that is asked for."""
    if not spec.prompts:
        raise ContractError(f'"{spec.name}" understands no prompts.', 'Choose another model, such as "any_structure".')
    names = [segment.name for segment in spec.segments]
    if structure is None and (len(names) == 1 or spec.anything is not None):
        return spec.segments[0]
    if structure not in names:
        asked = f'has no structure "{structure}"' if structure else "has several structures"
        raise ContractError(f'"{spec.name}" {asked}.', f"Choose one of: {listed(names)}.")
    return spec.segments[names.index(structure)]
