"""What belongs to the user and not to the scene, kept where Slicer keeps its own settings."""

from __future__ import annotations

import qt
import slicer

_GROUP = "AutoLabel"


class Settings:
    """The user's own choices; each is kept at once and has a default."""

    @property
    def device(self) -> str:
        """Where networks run: "auto", or a name that the worker knows, such as "cpu" or "cuda:0"."""
        return self._text("Device", "auto")

    @device.setter
    def device(self, name: str) -> None:
        self._keep("Device", name)

    @property
    def worker_interpreter(self) -> str:
        """Path of the Python that the worker runs on; "" for Slicer's own."""
        return self._text("WorkerInterpreter", "")

    @worker_interpreter.setter
    def worker_interpreter(self, path: str) -> None:
        self._keep("WorkerInterpreter", path)

    @property
    def worker_facts(self) -> str:
        """What was found in that Python when it was checked, as JSON: its version and packages; "" for nothing."""
        return self._text("WorkerFacts", "")

    @worker_facts.setter
    def worker_facts(self, facts: str) -> None:
        self._keep("WorkerFacts", facts)

    def _text(self, key: str, default: str) -> str:
        return str(slicer.util.settingsValue(f"{_GROUP}/{key}", default))

    def _keep(self, key: str, value: str) -> None:
        qt.QSettings().setValue(f"{_GROUP}/{key}", value)
