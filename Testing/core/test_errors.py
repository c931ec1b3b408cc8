from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core import errors
from AutoLabelLib.core.errors import AutoLabelError, GeometryError, JobCancelled, WorkerError, from_wire


def every_error(root: type[AutoLabelError] = AutoLabelError) -> list[type[AutoLabelError]]:
    return [root, *(error for child in root.__subclasses__() for error in every_error(child))]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_crosses_the_wire(kind: type[AutoLabelError]) -> None:
    error = kind("It broke.", "Mend it.")
    back = from_wire(error.to_wire())
    assert type(back) is kind
    assert (back.message, back.hint, back.code) == ("It broke.", "Mend it.", kind.__name__)


@pytest.mark.parametrize("kind", every_error())
def test_every_error_can_be_pickled(kind: type[AutoLabelError]) -> None:
    back = pickle.loads(pickle.dumps(kind("It broke.", "Mend it.")))
    assert type(back) is kind
    assert str(back) == "It broke. Mend it."


@pytest.mark.parametrize("kind", every_error())
def test_the_tree_in_the_docstring_is_complete(kind: type[AutoLabelError]) -> None:
    assert kind.__doc__
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


@given(st.text(), st.text(), st.text())
def test_whatever_comes_over_the_wire_becomes_an_error(code: str, message: str, hint: str) -> None:
    back = from_wire({"code": code, "message": message, "hint": hint})
    assert isinstance(back, AutoLabelError)
    assert (back.message, back.hint) == (message, hint)


@pytest.mark.parametrize("code", ["Unheard", "Exception", "SystemExit", "", "__class__"])
def test_an_unknown_code_becomes_a_worker_error(code: str) -> None:
    assert type(from_wire({"code": code, "message": "What?"})) is WorkerError


def test_missing_fields_still_make_an_error() -> None:
    assert str(from_wire({})) == "Unknown error."


def test_text_for_a_person() -> None:
    assert str(GeometryError("The grid is bad.")) == "The grid is bad."
    assert str(JobCancelled()) == "The job was cancelled."
