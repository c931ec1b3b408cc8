"""Whether a model's files are the published ones and approved; found out in small pieces, as models can be large."""

from __future__ import annotations

from collections.abc import Callable

import qt

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.stepwise import Steps, stepwise
from AutoLabelLib.core import bundle, catalogue
from AutoLabelLib.core.errors import AutoLabelError, ChecksumError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.errors import as_error

_POLL_MILLISECONDS = 50


class ModelCheck:
    """Checks one model at a time in the background of the window.

    Attributes:
        problem: What is wrong with its files; None if nothing is, or it is not known yet.
        is_trusted: Whether it may run; None while that is not known.
        sha256: Its common hash; "" while that is not known.

    Args:
        on_done: Called when the state is known.
    """

    def __init__(self, on_done: Callable[[], None]) -> None:
        self._on_done = on_done
        self._pending: Pending[dict[str, object]] | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.connect("timeout()", self._poll)
        self._forget()

    def _forget(self) -> None:
        self.problem: AutoLabelError | None = None
        self.is_trusted: bool | None = None
        self.sha256 = ""

    @property
    def is_running(self) -> bool:
        """Whether the state is not known yet."""
        return self._pending is not None

    def start(self, spec: ModelSpec | None) -> None:
        """Check a model; what ran for another one is dropped."""
        self.stop()
        self._forget()
        if spec is not None and spec.folder is not None:
            self._pending = stepwise("check of the model", _checking(spec))
            self._timer.start()

    def stop(self) -> None:
        """Stop checking; no callback follows."""
        self._timer.stop()
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def _poll(self) -> None:
        try:
            self._follow()
        except Exception as problem:  # the border to Qt: nothing may pass
            self.problem = as_error(problem)
            self.stop()

    def _follow(self) -> None:
        if self._pending is None or self._pending.handle.poll() in ("queued", "running"):
            return
        try:
            found = self._pending.wait(0)
            self.sha256, self.is_trusted = str(found["sha256"]), bool(found["is_trusted"])
        except AutoLabelError as problem:
            self.problem = problem
        self.stop()
        self._on_done()


def _checking(spec: ModelSpec) -> Steps:
    assert spec.folder is not None
    try:
        yield from bundle.verifying(spec)
        sha256 = yield from bundle.hashing(spec.folder)
    except OSError as problem:
        raise ChecksumError(f"A file of the model cannot be read: {problem.strerror}.") from problem
    return {"sha256": sha256, "is_trusted": catalogue.is_trusted(spec.folder, sha256)}
