"""Messages: each comes back as it was, and nothing else is accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core.errors import OutOfMemory, ProtocolError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.protocol import frames
from AutoLabelLib.protocol.messages import Failed, Hello, ImageData, Message, Progressed, Submit, from_frame, to_frame
from Testing.grids import affines, lopsided, shapes
from Testing.protocol.examples import IMAGE, JOB, LABELMAP, MESSAGES, RESULT


def crossed(message: Any) -> Any:
    return from_frame(b"".join(to_frame(message)))


def assert_same_image(one: Image, other: Image) -> None:
    np.testing.assert_array_equal(one.array, other.array)
    assert one.array.dtype == other.array.dtype
    np.testing.assert_array_equal(one.affine, other.affine)
    assert (one.modality, one.channel_names, one.unit) == (other.modality, other.channel_names, other.unit)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_kind_comes_back(message: Message) -> None:
    again = crossed(message)
    assert type(again) is type(message)
    assert b"".join(to_frame(again)) == b"".join(to_frame(message))


def test_every_kind_is_among_the_examples() -> None:
    assert {type(message) for message in MESSAGES} == set(Message.__subclasses__())


def test_submit_becomes_the_same_job_without_sending_the_image() -> None:
    message = crossed(Submit.from_job(JOB))
    assert message.fingerprints == (IMAGE.fingerprint,)
    job = message.to_job([IMAGE])
    assert (job.id, job.task, job.model_folder) == (JOB.id, JOB.task, JOB.model_folder)
    assert job.prompts == JOB.prompts
    assert dict(job.options) == JOB.options
    assert job.images == (IMAGE,)
    np.testing.assert_array_equal(job.labelmaps[0].array, LABELMAP.array)
    assert job.labelmaps[0].segments == LABELMAP.segments


def test_a_result_comes_back_whole() -> None:
    result = crossed(MESSAGES[7]).result
    assert_same_image(result.images[0], RESULT.images[0])
    assert result.labelmaps[0].segments == LABELMAP.segments
    for name in ("job_id", "values", "warnings", "phase_seconds", "provenance"):
        assert getattr(result, name) == getattr(RESULT, name)


@given(shapes(), affines(), st.sampled_from(["i2", "u1", "f4", "f8"]), st.permutations(range(3)))
def test_images_of_any_grid_and_memory_order_keep_their_fingerprint(
    shape: tuple[int, int, int], affine: Any, dtype: str, order: list[int]
) -> None:
    voxels = lopsided(shape).astype(dtype).transpose(order)[None]
    image = Image(voxels, affine, "MR")
    again = crossed(ImageData(image.fingerprint, image)).image
    assert_same_image(image, again)
    assert again.fingerprint == image.fingerprint
    assert Image(again.array, again.affine, again.modality).fingerprint == image.fingerprint  # hashed anew


@given(
    st.floats(0, 1),
    st.text(),
    st.none() | st.floats(0, 1e9),
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3)),
    st.text(),
)
def test_any_text_and_number_crosses(
    fraction: float, text: str, eta: float | None, positions: list[Any], option: str
) -> None:
    progress = Progress(fraction, text, eta)
    assert crossed(Progressed(text, progress)).progress == progress
    job = Job(text, text, prompts=Prompts(tuple(Point(p) for p in positions)), options={option: text})
    again = crossed(Submit.from_job(job)).to_job([])
    assert (again.task, again.prompts, dict(again.options)) == (job.task, job.prompts, job.options)


def test_an_error_keeps_its_class_message_and_hint() -> None:
    error = crossed(Failed("1", OutOfMemory("Too large.", "Crop it."))).error
    assert (type(error), error.message, error.hint) == (OutOfMemory, "Too large.", "Crop it.")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": None},
        {"type": "Message"},
        {"type": "Result"},
        {"type": "Ping", "more": 1},
        {"type": "__import__"},
        {"type": ["Ping"]},
        {"type": "Cancel"},
        {"type": "Cancel", "job_id": 3},
        {"type": "Hello", "pid": -1, "versions": {}, "protocol_version": 1},
        {"type": "Hello", "pid": True, "versions": {}, "protocol_version": 1},
        {"type": "Hello", "pid": 1, "versions": {"python": 3}, "protocol_version": 1},
        {"type": "Progressed", "job_id": "1", "fraction": float("nan"), "message": "", "eta_seconds": None},
        {"type": "Progressed", "job_id": "1", "fraction": 0.5, "message": "", "eta_seconds": "soon"},
        {"type": "Failed", "job_id": "1", "error": {"code": "InputError"}},
        {"type": "NeedImages", "fingerprints": "abc"},
        {"type": "ImageData", "fingerprint": "a", "image": {"array": 0}},
        {
            "type": "ImageData",
            "fingerprint": "a",
            "image": {"array": 0, "affine": [[1e308] * 4] * 4, "modality": "", "channel_names": [], "unit": None},
        },
    ],
)
def test_messages_that_are_not_right_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        from_frame(b"".join(frames.encode(fields)))


def test_another_version_of_the_protocol_is_refused() -> None:
    Hello(1).check_version()
    with pytest.raises(ProtocolError, match="version 99") as caught:
        Hello(1, protocol_version=99).check_version()
    assert "same AutoLabel" in caught.value.hint
