"""Message boxes that nobody can click: a test says beforehand how each is answered, and reads what it said."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from PySide6 import QtWidgets

from Testing.host import slots

_Button = QtWidgets.QMessageBox.StandardButton
_ANSWERS = {"ok": _Button.Ok, "cancel": _Button.Cancel, "yes": _Button.Yes, "no": _Button.No, "close": _Button.Close}


@dataclass(frozen=True)
class Message:
    """What a message box said."""

    text: str
    detail: str
    title: str


shown: list[Message] = []
answers: deque[str] = deque()
"""The next answers: "ok", "cancel", "yes", "no", "close"; a message box with Ok alone needs none."""


def reset() -> None:
    """Forget what was shown and how the next ones are answered."""
    shown.clear()
    answers.clear()
    file_answers.clear()


def answered(text: str, buttons: Any, detail: str = "", title: str = "") -> int:
    """Return the button that the test wants, and keep what was asked.

    A box that asks something a test did not foresee is a slot error; it counts as cancelled.
    """
    shown.append(Message(text, detail, title))
    if answers:
        return int(_ANSWERS[answers.popleft()].value)
    if buttons in (_Button.NoButton, _Button.Ok, _Button.Close):
        return int(_Button.Ok.value)
    slots.errors.append(f"a message box asked what the test gives no answer to: {text}")
    return int(_Button.Cancel.value)


class QMessageBox(QtWidgets.QMessageBox):
    """A message box that is answered at once."""

    def exec(self) -> int:
        """Return the button that is clicked."""
        return answered(self.text(), self.standardButtons(), self.detailedText(), self.windowTitle())

    @staticmethod
    def _ask(_parent: Any, title: str, text: str, buttons: Any = _Button.Ok, _default: Any = None) -> int:
        return answered(text, buttons, title=title)

    information = warning = critical = about = _ask

    @staticmethod
    def question(
        _parent: Any, title: str, text: str, buttons: Any = _Button.Yes | _Button.No, _default: Any = None
    ) -> int:
        """Return the button that is clicked."""
        return answered(text, buttons, title=title)


file_answers: deque[str] = deque()
"""The next paths that file dialogs return; "" cancels one."""


def _next_path(*_arguments: Any) -> str:
    if not file_answers:
        slots.errors.append("a file dialog opened that the test gives no path to")
        return ""
    return file_answers.popleft()


class QFileDialog(QtWidgets.QFileDialog):
    """A file dialog that is answered at once; like PythonQt's, its functions return a path alone."""

    getOpenFileName = staticmethod(_next_path)
    getSaveFileName = staticmethod(_next_path)
    getExistingDirectory = staticmethod(_next_path)
