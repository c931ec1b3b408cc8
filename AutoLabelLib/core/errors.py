"""Every error that a user can meet, as one tree.

    AutoLabelError
    ├── InputError              the image, prompt or file that was given cannot be used
    │   ├── GeometryError       its grid is not usable (singular affine, no voxels, prompt outside)
    │   ├── UnsupportedVolumeError   its content is not usable (NaN, RGB, 4D, one slice)
    │   └── FileError           it cannot be read or written
    ├── ModelError              the model cannot be used
    │   ├── ContractError       the image does not fit the model (modality, channels, prompts)
    │   ├── ChecksumError       a file of the model is missing or altered
    │   └── UntrustedModelError it would run code that nobody has approved
    ├── WorkerError             the process that computes failed
    │   ├── WorkerCrashed
    │   ├── WorkerTimeout
    │   ├── OutOfMemory
    │   └── ProtocolError       the two sides do not understand each other
    ├── MissingDependency       a package that this needs is not installed
    ├── SetupError              what AutoLabel needs cannot be installed, or not be used
    └── JobCancelled            the user stopped the job

An error crosses the wire as code, message and hint, and is raised again as the same class on the other side.
"""

from __future__ import annotations


class AutoLabelError(Exception):
    """One clear sentence about what went wrong, and a hint with a way out.

    Args:
        message: What happened, for a reader who does not know the code.
        hint: What the reader can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[type[AutoLabelError], tuple[str, str]]:
        return type(self), (self.message, self.hint)

    @property
    def code(self) -> str:
        """Name of the class, which is also its name on the wire."""
        return type(self).__name__

    def to_wire(self) -> dict[str, str]:
        """Return the error as plain strings, to be sent to the other side."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class InputError(AutoLabelError):
    """What was given cannot be used."""


class GeometryError(InputError):
    """The grid or a position on it is not usable."""


class UnsupportedVolumeError(InputError):
    """The voxels are not what a computation can start from."""


class FileError(InputError):
    """A file cannot be read or written."""


class ModelError(AutoLabelError):
    """The model cannot be used."""


class ContractError(ModelError):
    """The input does not fit what the model was made for."""


class ChecksumError(ModelError):
    """A file of the model is missing or is not the one that was published."""


class UntrustedModelError(ModelError):
    """The model would run code that nobody has approved."""


class WorkerError(AutoLabelError):
    """The computing process failed."""


class WorkerCrashed(WorkerError):
    """The computing process ended in the middle of the work."""


class WorkerTimeout(WorkerError):
    """The computing process did not answer in time."""


class OutOfMemory(WorkerError):
    """The computation does not fit into memory, even in its smallest form."""


class ProtocolError(WorkerError):
    """A message was malformed or of another version."""


class MissingDependency(AutoLabelError):
    """A package that this function needs is not installed."""


class SetupError(AutoLabelError):
    """What AutoLabel needs cannot be installed, or a Python that was chosen cannot be used."""


class JobCancelled(AutoLabelError):
    """The user stopped the job."""

    def __init__(self, message: str = "The job was cancelled.", hint: str = "") -> None:
        super().__init__(message, hint)


def _tree(root: type[AutoLabelError]) -> dict[str, type[AutoLabelError]]:
    classes = {root.__name__: root}
    for child in root.__subclasses__():
        classes.update(_tree(child))
    return classes


def from_wire(fields: dict[str, str]) -> AutoLabelError:
    """Return the error that `to_wire` described; an unknown code becomes a `WorkerError`.

    Args:
        fields: The mapping with the keys code, message and hint.
    """
    known = _tree(AutoLabelError)
    error_class = known.get(str(fields.get("code")), WorkerError)
    return error_class(str(fields.get("message", "Unknown error.")), str(fields.get("hint", "")))
