"""The conversation between a user and a model about one object: prompts go in, results come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.core.errors import AutoLabelError, InputError, JobCancelled
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompt
from AutoLabelLib.core.prompt_history import PromptHistory
from AutoLabelLib.gui.autolabel_effect.answer_words import answer_text, prompts_text
from AutoLabelLib.gui.autolabel_effect.asking import Asking
from AutoLabelLib.gui.autolabel_effect.given_prompts import GivenPrompts
from AutoLabelLib.gui.autolabel_effect.place import Place, place_of
from AutoLabelLib.gui.autolabel_effect.segment_object import SegmentObject
from AutoLabelLib.gui.autolabel_effect.segmentation_watch import SegmentationWatch
from AutoLabelLib.gui.errors import reported
from AutoLabelLib.scene.prompt_marks import PromptMarks


class Conversation:
    """Keeps prompts, marks and segment in step.

    An *object* begins with its first prompt, in the segment that is chosen then, and ends when it is accepted or
    reset, or when something else is chosen.

    Args:
        scripted_effect: Slicer's side of the effect.
        asking: Asks the model.
        on_change: Called when anything here has changed.

    Attributes:
        text: What happened or what to do next, in one sentence.
        error: What went wrong last; None if nothing did.
        corrects: Whether the next object is what the segment holds already; else it is added to that.
    """

    def __init__(self, scripted_effect: Any, asking: Asking, on_change: Callable[[], None]) -> None:
        self._effect = scripted_effect
        self._on_change = on_change
        self.asking = asking
        self.marks = PromptMarks(self._mark_moved, self._mark_removed)
        self._watch = SegmentationWatch(self._segmentation_changed)
        self._object: SegmentObject | None = None
        self._given = GivenPrompts()
        self.text = ""
        self.corrects = False
        self.error: AutoLabelError | None = None

    @property
    def prompts(self) -> list[Prompt]:
        """The prompts of this object in the order in which they were given."""
        return self._given.in_order

    @property
    def spec(self) -> ModelSpec | None:
        """The model."""
        return self.asking.spec

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to accept or to reset."""
        return self._object is not None and bool(self._given.history.prompts or self._object.has_changed_segment)

    @property
    def has_result(self) -> bool:
        """Whether there is anything to accept."""
        return self._object is not None and self._object.has_changed_segment

    @property
    def can_undo(self) -> bool:
        """Whether there is a prompt to take back."""
        return self._given.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether a prompt was taken back and none was given since."""
        return self._given.history.can_redo

    def add(self, prompt: Prompt) -> None:
        """Add a prompt and ask the model."""
        with reported(self._fail):
            self._begin(prompt)
            if prompt in self._given.history.prompts:
                return
            self._go(self._given.history.add(prompt))

    def remove(self, prompt: Prompt) -> None:
        """Remove one prompt and ask the model again."""
        with reported(self._fail):
            self._go(self._given.history.remove(prompt))

    def undo(self) -> None:
        """Take the latest step back."""
        if self.can_undo:
            with reported(self._fail):
                self._go(self._given.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self.can_redo:
            with reported(self._fail):
                self._go(self._given.history.redo())

    def reset(self) -> None:
        """Remove all prompts, and give the segment back what it held before them."""
        with reported(self._fail):
            if self._object is not None:
                self._take_back(PromptHistory())
            self._end(_("Reset: the segment is as it was."))

    def accept(self) -> Place | None:
        """Keep the segment, put the prompts away, and return where it is; None if there is nothing to keep.

        While the model computes, this waits for nothing: there is nothing to accept yet.
        """
        if self.asking.busy or self._object is None or not self.has_result:
            self.say(_("Wait for the result.") if self.asking.busy else _("There is nothing to accept yet."))
            return None
        place = self._object.place
        self._end(_("Accepted. Point at the next object."))
        return place

    def cancel(self) -> None:
        """Stop computing, and take the prompts back that have no answer yet."""
        self.asking.cancel()

    def choose(self, spec: ModelSpec, structure: str | None = None) -> None:
        """Use another model from now on; prompts that it does not understand are removed."""
        if (spec, structure) == (self.asking.spec, self.asking.structure):
            return
        self.asking.choose(spec, structure)
        with reported(self._fail):
            if self._object is not None and self._given.history.prompts:
                self._go(self._given.only(spec.prompts))
        self._on_change()

    def welcome(self) -> None:
        """Say what is missing before anything can be pointed at; nothing if all is there."""
        try:
            place_of(self._effect.parameterSetNode())
        except AutoLabelError as error:
            self.say(str(error))
        else:
            self.say("")

    def look_again(self) -> None:
        """Put the prompts away if something else was chosen in the editor, or the segment is gone."""
        if self._object is None:
            return
        try:
            self._object.place.segmentation_node()
            chosen = place_of(self._effect.parameterSetNode())
        except AutoLabelError as error:
            self.put_away(str(error))
            return
        if chosen != self._object.place:
            self.put_away(_("Something else was chosen: the prompts were put away, and the segment was kept."))

    def geometry_changed(self) -> None:
        """Put the prompts away if the editor draws on another grid now: what was written cannot be taken back there."""
        if self._object is not None and not self._object.has_same_geometry():
            self.put_away(_("The segmentation's geometry was changed: the prompts were put away."))

    def put_away(self, why: str = "") -> None:
        """End the object: stop computing, remove the marks, keep what the segment holds."""
        was_busy = self.asking.busy
        self._end(why if self._object is not None else "")
        if was_busy and why:
            self.say(_("{why} What was being computed was dropped.").format(why=why))

    def close(self) -> None:
        """End for good: nothing is called back any more."""
        self._on_change = lambda: None
        self._end("")
        self.asking.stop()
        self.marks.close()

    def _begin(self, first: Prompt) -> None:
        self.look_again()
        if self._object is None:
            place = place_of(self._effect.parameterSetNode())
            # Nothing but what is there can be meant by a first prompt that says what does not belong to it.
            self._object = SegmentObject(place, self._effect, self.corrects or not first.positive)
            self.asking.start_from(self._object.start)
            self._watch.follow(place.segmentation_node())

    def _go(self, history: PromptHistory) -> None:
        """Show the prompts of a history at once, and their answer as soon as there is one."""
        assert self._object is not None
        if not history.prompts:
            self.asking.stop()
            self._take_back(history)
            self.say(_("No prompts left: the segment is as it was."))
            return
        before = self._given.history
        self._given.hold(history)
        self.error = None
        place = self._object.place
        what = _("Segmenting with {count}").format(count=prompts_text(history.prompts))
        if not self.asking.ask(place, history.prompts, what, self._answered, self._unanswered, self._on_change):
            # It cannot be asked like that: a click outside of the volume, a box for a model of points.
            error, text = self.error, self.text
            self._show(before)
            self.say(text, error)
            return
        self.marks.show(self.prompts)  # the model works meanwhile: views are slow to draw what is new
        self._on_change()

    def _answered(self, update: Any, pending: Pending[Any] | None) -> None:
        assert self._object is not None
        with reported(self._fail), self._watch.paused():
            was_written = self._object.write(self._given.history, update)
            self.say(answer_text(update, was_written, pending.warnings if pending is not None else ()))
        self.marks.show(self.prompts)
        self._on_change()

    def _unanswered(self, error: AutoLabelError) -> None:
        if isinstance(error, JobCancelled) and self._object is not None:
            self._show(self._object.shown_history)
            self.say(_("Cancelled: the prompt was taken back."))
        else:
            self.say(str(error), error)

    def _take_back(self, history: PromptHistory) -> None:
        assert self._object is not None
        with self._watch.paused():
            self._object.take_back(history)
        self._show(history)

    def _show(self, history: PromptHistory) -> None:
        self._given.hold(history)
        self.marks.show(self.prompts)
        self._on_change()

    def _end(self, text: str) -> None:
        self.asking.stop()
        self._watch.stop()
        self._object, self._given = None, GivenPrompts()
        self.marks.clear()
        self.say(text)

    def _mark_moved(self, old: Prompt, new: Prompt) -> None:
        with reported(self._fail):
            self._go(self._given.moved(old, new))

    def _mark_removed(self, prompt: Prompt) -> None:
        self.remove(prompt)

    def _segmentation_changed(self) -> None:
        """Follow Slicer's undo and redo, and notice when the segment was edited otherwise or deleted."""
        if self._object is None:
            return
        try:
            known = self._object.recognise()
        except InputError as error:
            self.put_away(str(error))
            return
        if not known:
            self.put_away(_("The segment was edited otherwise: the prompts were put away."))
        elif self._object.shown_history.prompts != self._given.history.prompts and not self.asking.busy:
            self._show(self._object.shown_history)
            self.say(_("{count} now.").format(count=prompts_text(self._given.history.prompts)))

    def _fail(self, text: str) -> None:
        self.say(text, InputError(text))

    def say(self, text: str, error: AutoLabelError | None = None) -> None:
        """Show a sentence, or what went wrong."""
        self.text, self.error = text, error
        self._on_change()
