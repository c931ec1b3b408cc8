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
| Ping       | client | are you there?                                                                   |
| Pong       | worker | yes                                                                              |
| Shutdown   | client | stop everything and end                                                          |

Jobs run one after the other in the order in which they were submitted. A message travels as a frame (frames.py): its
class name as "type", beside its fields (fields.py), which are those of the dataclass and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from AutoLabelLib.core.errors import AutoLabelError, ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.protocol import frames
from AutoLabelLib.protocol.fields import read_record, write_record
from AutoLabelLib.protocol.frames import Array

VERSION = 1  # grows with every change to a message or to what it holds


class Message:
    """Anything that crosses."""


@dataclass(frozen=True, eq=False)
class Hello(Message):
    """Who speaks: process, names and versions of the software, version of the protocol."""

    pid: int
    versions: Mapping[str, str] = field(default_factory=dict)
    protocol_version: int = VERSION

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


@dataclass(frozen=True, eq=False)
class NeedImages(Message):
    """Fingerprints of images that the worker does not hold."""

    fingerprints: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ImageData(Message):
    """An image with its voxels; it knows its fingerprint without being hashed again."""

    fingerprint: str
    image: Image

    def __post_init__(self) -> None:
        self.image.__dict__["fingerprint"] = self.fingerprint  # where cached_property keeps it


@dataclass(frozen=True, eq=False)
class Progressed(Message):
    """How far a job is."""

    job_id: str
    progress: Progress


@dataclass(frozen=True, eq=False)
class Log(Message):
    """A line about a job, such as a warning; never patient data."""

    job_id: str
    line: str


@dataclass(frozen=True, eq=False)
class Done(Message):
    """What a job produced."""

    result: Result


@dataclass(frozen=True, eq=False)
class Failed(Message):
    """Why a job ended without a result; a cancelled one ends with JobCancelled."""

    job_id: str
    error: AutoLabelError


@dataclass(frozen=True, eq=False)
class Cancel(Message):
    """Stop a job, whether it has begun or not."""

    job_id: str


@dataclass(frozen=True, eq=False)
class Ping(Message):
    """Are you there?"""


@dataclass(frozen=True, eq=False)
class Pong(Message):
    """Yes."""


@dataclass(frozen=True, eq=False)
class Shutdown(Message):
    """Stop everything and end."""


_KINDS = {kind.__name__: kind for kind in Message.__subclasses__()}


def to_frame(message: Message) -> list[memoryview]:
    """Return the bytes of a message as consecutive pieces.

    Raises:
        ProtocolError: If it holds something that cannot be sent.
    """
    arrays: list[Array] = []
    fields = write_record(message, arrays)
    return frames.encode({"type": type(message).__name__, **fields}, arrays)


def from_frame(frame: bytes | bytearray) -> Message:
    """Return the message of a whole frame.

    Raises:
        ProtocolError: If it is not a frame, not a message, or not a whole one.
    """
    fields, arrays = frames.decode(frame)
    name = fields.pop("type", None)
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError("A message is of an unknown kind.", "Install the same AutoLabel on both sides.")
    return read_record(kind, fields, arrays)
