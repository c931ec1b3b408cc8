"""Asks a model about prompts, without blocking the window; the latest question is the only one that counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.core.errors import AutoLabelError, ModelError
from AutoLabelLib.core.job import Progress
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.gui.autolabel_effect.place import Place
from AutoLabelLib.gui.errors import as_error
from AutoLabelLib.gui.runner import Runner
from AutoLabelLib.gui.settings import Settings
from AutoLabelLib.scene.content_stamp import content_stamp

_REMEMBERED_ANSWERS = 16

OnAnswer = Callable[[Any, Pending[Any] | None], None]
OnFailed = Callable[[AutoLabelError], None]


class Asking:
    """Holds the model and the image that it looks at, and remembers its latest answers.

    Attributes:
        spec: The model; None for none yet.
        structure: Which of its segments is asked for; None where it has only one.
    """

    def __init__(self) -> None:
        self.spec: ModelSpec | None = None
        self.structure: str | None = None
        self._runner = Runner()
        self._interaction: Any = None
        self._about: Any = None  # the volume that the session looks at, and the answers are about
        self._answers: dict[Prompts, Any] = {}
        self._start: Labelmap | None = None

    @property
    def busy(self) -> bool:
        """Whether the model computes."""
        return self._runner.busy

    @property
    def is_cancelling(self) -> bool:
        """Whether it was told to stop, and has not stopped yet."""
        return self._runner.is_cancelling

    @property
    def what(self) -> str:
        """What it computes, in plain words; "" while it does not."""
        return self._runner.what

    @property
    def progress(self) -> Progress | None:
        """How far it is; None while nobody knows."""
        return self._runner.progress

    def choose(self, spec: ModelSpec | None, structure: str | None = None) -> None:
        """Ask another model from now on; what is being computed is dropped."""
        self.stop()
        self.spec, self.structure = spec, structure
        self._interaction = self._about = None
        self._answers.clear()

    def start_from(self, start: Labelmap | None) -> None:
        """Ask about what corrects a mask from now on; None: about something new."""
        if start is not None or self._start is not None:
            self._start = start
            self._interaction = self._about = None
            self._answers.clear()

    def ask(
        self,
        place: Place,
        prompts: Prompts,
        what: str,
        on_answer: OnAnswer,
        on_failed: OnFailed,
        on_progress: Callable[[], None],
    ) -> bool:
        """Ask about prompts in place of whatever was asked before; an answer that is still known comes at once.

        Args:
            place: Whose volume is looked at.
            prompts: In world RAS mm.
            what: What is computed, in plain words.
            on_answer: Gets the `MaskUpdate`, and the job with its warnings if it was computed.
            on_failed: Gets the error otherwise.
            on_progress: Called whenever there is progress.

        Returns:
            False if it cannot be asked like that; on_failed knows why.
        """
        self.stop()
        try:
            interaction = self._session(place)
        except Exception as problem:
            on_failed(as_error(problem))
            return False
        if prompts in self._answers:
            on_answer(self._answers[prompts], None)
            return True

        def answered(update: Any, pending: Pending[Any]) -> None:
            self._remember(prompts, update)
            on_answer(update, pending)

        pending = self._runner.start(
            lambda: interaction.submit(prompts),
            what=what,
            on_done=answered,
            on_failed=on_failed,
            on_progress=lambda progress: on_progress(),
        )
        return pending is not None

    def cancel(self) -> None:
        """Stop computing; on_failed is told soon after."""
        self._runner.cancel()

    def stop(self) -> None:
        """Stop computing, and tell nobody."""
        self._runner.stop()

    def _session(self, place: Place) -> Any:
        """Return the session on a volume; one on a volume that has changed since has forgotten its answers."""
        if self.spec is None:
            raise ModelError("No model is chosen.", "Choose one at the top of the options.")
        volume_node = place.volume_node()
        about = (place.volume_id, content_stamp(volume_node))
        if about != self._about:
            self._answers.clear()
        if self._interaction is None or self._about is None or self._about[0] != place.volume_id:
            self._interaction = _interaction(volume_node, self.spec, self.structure, self._start)
        self._about = about
        return self._interaction

    def _remember(self, prompts: Prompts, update: Any) -> None:
        while len(self._answers) >= _REMEMBERED_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[prompts] = update


def _interaction(volume_node: Any, spec: ModelSpec, structure: str | None, start: Labelmap | None) -> Any:
    from AutoLabelLib.api.interaction import interact
    from AutoLabelLib.gui.slicer_worker import use_slicer_worker

    settings = Settings()
    use_slicer_worker(settings)
    return interact(volume_node, spec.folder or spec.name, start=start, structure=structure, device=settings.device)
