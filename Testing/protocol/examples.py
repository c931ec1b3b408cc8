"""One message of each kind, for the tests of what carries them."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.core.errors import ContractError, JobCancelled
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, Code, SegmentCode
from AutoLabelLib.protocol.messages import (
    Cancel,
    Done,
    Failed,
    Hello,
    ImageData,
    Log,
    Message,
    NeedImages,
    Ping,
    Pong,
    Progressed,
    Shutdown,
    Submit,
)
from Testing.grids import lopsided, make_affine

AFFINE = make_affine("LPI", (0.7, 0.8, 2.5), (10, 20, 30), (0.1, 0.0, 0.0), (-100.5, 33.25, 7.125))
LIVER = SegmentCode(ANATOMICAL_STRUCTURE, Code("10200004", "SCT", "Liver"), Code("7771000", "SCT", "Left"))
IMAGE = Image(np.stack([lopsided((2, 3, 4)).astype(np.int16)] * 2), AFFINE, "CT", ("a", "b"), "HU")
LABELMAP = Labelmap(
    lopsided((2, 3, 4)).astype(np.uint8)[None],
    AFFINE,
    (Segment("liver", 3, 0, LIVER, (0.25, 0.5, 1.0)), Segment("Größe", 7)),
)
PROMPTS = Prompts(
    (Point((1, 2, 3)), Point((-1.5, 0, 1e-3), positive=False)),
    (Box((0, 0, 0), (1, 2, 3)),),
    (Scribble(((0, 0, 0), (1, 1, 1))),),
    (Lasso(((0, 0, 0), (1, 1, 1), (2, 0, 0)), positive=False),),
)
JOB = Job("segmentation", "/models/liver", (IMAGE,), (LABELMAP,), PROMPTS, {"overlap": 0.25, "device": None}, "job-1")
RESULT = Result(
    "job-1", (LABELMAP,), (IMAGE,), {"dice": [0.9, float("inf")]}, ("careful",), {"load": 0.5}, {"device": "cpu"}
)

MESSAGES: tuple[Message, ...] = (
    Hello(4711, {"python": "3.12.10"}),
    Submit.from_job(JOB),
    NeedImages(("abc", "def")),
    ImageData("abc", IMAGE),
    Progressed("job-1", Progress(0.25, "tile 3 of 12", 4.5)),
    Progressed("job-1", Progress(0.0)),
    Log("job-1", "the engine fell back to float32"),
    Done(RESULT),
    Failed("job-1", ContractError("It takes CT.", "Give it CT.")),
    Failed("job-1", JobCancelled()),
    Cancel("job-1"),
    Ping(),
    Pong(),
    Shutdown(),
)
