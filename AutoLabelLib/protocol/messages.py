"""Every message between client and worker.

| message    | from   | says                                                                             |
|------------|--------|----------------------------------------------------------------------------------|
| Hello      | both   | who I am; the worker begins, the client answers                                  |
| Submit     | client | do this; images are named by their fingerprints, labelmaps come with it          |
| NeedImages | worker | send me these images, I do not hold them                                         |
| ImageData  | client | here is one                                                                      |
| Progressed | worker | so far a job is; the first one says that it has begun                            |
| Log        | worker | a line about a job                                                               |
| Done       | worker | here is the result                                                               |
| Failed     | worker | it ended with this error; without a job: your last message was not understood    |
| Cancel     | client | stop this job                                                                    |
| Ping, Pong | client, worker | are you there? Yes                                                       |
| Shutdown   | client | stop everything and end                                                          |

Jobs run one after the other in the order in which they were submitted. A message travels as a frame (frames.py);
its class name stands in the field "type".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from AutoLabelLib.core.errors import AutoLabelError, ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.protocol import fields as f
from AutoLabelLib.protocol import frames
from AutoLabelLib.protocol.fields import Fields
from AutoLabelLib.protocol.frames import Array

VERSION = 1  # grows with every change to the messages


@dataclass(frozen=True, eq=False)
class Message:
    """Anything that crosses; each kind writes and reads its own fields."""

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields; voxels are appended to the arrays."""
        return {}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Message:
        """Return the message of these fields; raise one of `BROKEN_FIELDS` if they are not right."""
        return cls()


@dataclass(frozen=True, eq=False)
class Hello(Message):
    """Who speaks: version of the protocol, process, and names and versions of the software."""

    pid: int
    versions: Mapping[str, str] = field(default_factory=dict)
    protocol_version: int = VERSION

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        return {"pid": self.pid, "versions": dict(self.versions), "protocol_version": self.protocol_version}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Hello:
        """Return the message of these fields."""
        versions = f.mapping(fields, "versions")
        named = {name: f.text(versions, name) for name in versions}
        return cls(f.whole(fields, "pid"), named, f.whole(fields, "protocol_version"))

    def check_version(self) -> None:
        """Raise ProtocolError if the other side speaks another version of the protocol."""
        if self.protocol_version != VERSION:
            raise ProtocolError(
                f"The other side speaks version {self.protocol_version} of the protocol, this one {VERSION}.",
                "Install the same AutoLabel for both, and start the worker again.",
            )


@dataclass(frozen=True, eq=False)
class Submit(Message):
    """A job without its images, which are named by their fingerprints."""

    job_id: str
    task: str
    model_folder: str
    fingerprints: tuple[str, ...]
    labelmaps: tuple[Labelmap, ...]
    prompts: Prompts
    options: Mapping[str, Any]

    @classmethod
    def from_job(cls, job: Job) -> Submit:
        """Return the message for a job; hashes images that have not been hashed yet."""
        fingerprints = tuple(image.fingerprint for image in job.images)
        return cls(job.id, job.task, job.model_folder, fingerprints, job.labelmaps, job.prompts, job.options)

    def to_job(self, images: Sequence[Image]) -> Job:
        """Return the job, given its images in the order of the fingerprints."""
        return Job(self.task, self.model_folder, tuple(images), self.labelmaps, self.prompts, self.options, self.job_id)

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields; the voxels of the labelmaps are appended to the arrays."""
        return {
            "job_id": self.job_id,
            "task": self.task,
            "model_folder": self.model_folder,
            "fingerprints": list(self.fingerprints),
            "labelmaps": [f.labelmap_fields(labelmap, arrays) for labelmap in self.labelmaps],
            "prompts": self.prompts.to_json(),
            "options": dict(self.options),
        }

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Submit:
        """Return the message of these fields."""
        return cls(
            f.text(fields, "job_id"),
            f.text(fields, "task"),
            f.text(fields, "model_folder"),
            f.texts(fields, "fingerprints"),
            tuple(f.read_labelmap(entry, arrays) for entry in f.objects(fields, "labelmaps")),
            Prompts.from_json(f.mapping(fields, "prompts")),
            f.mapping(fields, "options"),
        )


@dataclass(frozen=True, eq=False)
class NeedImages(Message):
    """Fingerprints of images that the worker does not hold."""

    fingerprints: tuple[str, ...]

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        return {"fingerprints": list(self.fingerprints)}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> NeedImages:
        """Return the message of these fields."""
        return cls(f.texts(fields, "fingerprints"))


@dataclass(frozen=True, eq=False)
class ImageData(Message):
    """An image with its voxels; it knows its fingerprint without being hashed again."""

    fingerprint: str
    image: Image

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields; the voxels are appended to the arrays."""
        return {"fingerprint": self.fingerprint, "image": f.image_fields(self.image, arrays)}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> ImageData:
        """Return the message of these fields."""
        fingerprint, image = f.text(fields, "fingerprint"), f.read_image(f.mapping(fields, "image"), arrays)
        image.__dict__["fingerprint"] = fingerprint  # where cached_property keeps it: spares a hash of every voxel
        return cls(fingerprint, image)


@dataclass(frozen=True, eq=False)
class _AboutJob(Message):
    """A message that names a job and says no more."""

    job_id: str

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        return {"job_id": self.job_id}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Message:
        """Return the message of these fields."""
        return cls(f.text(fields, "job_id"))


@dataclass(frozen=True, eq=False)
class Cancel(_AboutJob):
    """Stop a job, whether it has begun or not."""


@dataclass(frozen=True, eq=False)
class Progressed(_AboutJob):
    """How far a job is."""

    progress: Progress

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        progress = self.progress
        eta = None if progress.eta_seconds is None else float(progress.eta_seconds)
        return {
            "job_id": self.job_id,
            "fraction": float(progress.fraction),
            "message": progress.message,
            "eta_seconds": eta,
        }

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Progressed:
        """Return the message of these fields."""
        eta = None if fields["eta_seconds"] is None else f.number(fields, "eta_seconds")
        return cls(f.text(fields, "job_id"), Progress(f.number(fields, "fraction"), f.text(fields, "message"), eta))


@dataclass(frozen=True, eq=False)
class Log(_AboutJob):
    """A line about a job, such as a warning; never patient data."""

    line: str

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        return {"job_id": self.job_id, "line": self.line}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Log:
        """Return the message of these fields."""
        return cls(f.text(fields, "job_id"), f.text(fields, "line"))


@dataclass(frozen=True, eq=False)
class Done(Message):
    """What a job produced."""

    result: Result

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields; voxels are appended to the arrays."""
        result = self.result
        return {
            "job_id": result.job_id,
            "labelmaps": [f.labelmap_fields(labelmap, arrays) for labelmap in result.labelmaps],
            "images": [f.image_fields(image, arrays) for image in result.images],
            "values": dict(result.values),
            "warnings": list(result.warnings),
            "phase_seconds": dict(result.phase_seconds),
            "provenance": dict(result.provenance),
        }

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Done:
        """Return the message of these fields."""
        return cls(
            Result(
                f.text(fields, "job_id"),
                tuple(f.read_labelmap(entry, arrays) for entry in f.objects(fields, "labelmaps")),
                tuple(f.read_image(entry, arrays) for entry in f.objects(fields, "images")),
                f.mapping(fields, "values"),
                f.texts(fields, "warnings"),
                f.numbers(fields, "phase_seconds"),
                f.mapping(fields, "provenance"),
            )
        )


@dataclass(frozen=True, eq=False)
class Failed(_AboutJob):
    """Why a job ended without a result; a cancelled one ends with JobCancelled."""

    error: AutoLabelError

    def write(self, arrays: list[Array]) -> Fields:
        """Return the fields."""
        return {"job_id": self.job_id, "error": self.error.to_wire()}

    @classmethod
    def read(cls, fields: Fields, arrays: Sequence[Array]) -> Failed:
        """Return the message of these fields."""
        return cls(f.text(fields, "job_id"), f.read_error(f.mapping(fields, "error")))


@dataclass(frozen=True, eq=False)
class Ping(Message):
    """Are you there?"""


@dataclass(frozen=True, eq=False)
class Pong(Message):
    """Yes."""


@dataclass(frozen=True, eq=False)
class Shutdown(Message):
    """Stop everything and end."""


_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        Hello,
        Submit,
        NeedImages,
        ImageData,
        Progressed,
        Log,
        Done,
        Failed,
        Cancel,
        Ping,
        Pong,
        Shutdown,
    )
}


def to_frame(message: Message) -> list[memoryview]:
    """Return the bytes of a message as consecutive pieces.

    Raises:
        ProtocolError: If it holds something that cannot be sent.
    """
    arrays: list[Array] = []
    fields = message.write(arrays)
    return frames.encode({"type": type(message).__name__, **fields}, arrays)


def from_frame(frame: bytes | bytearray) -> Message:
    """Return the message of a whole frame.

    Raises:
        ProtocolError: If it is not a frame, not a message, or not a whole one.
    """
    fields, arrays = frames.decode(frame)
    name = fields.get("type")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError("A message is of an unknown kind.", "Install the same AutoLabel on both sides.")
    try:
        with np.errstate(all="ignore"):  # affines of enormous numbers overflow, and are then refused
            return kind.read(fields, arrays)
    except f.BROKEN_FIELDS as problem:
        raise ProtocolError(f"A message of the kind {name} is not right: {_reason(problem)}") from problem


def _reason(problem: BaseException) -> str:
    """Return a problem's own sentence where it is one of ours; Python's may quote what the message held."""
    return problem.message if isinstance(problem, AutoLabelError) else type(problem).__name__
