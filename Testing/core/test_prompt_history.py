"""Prompts one after the other, with undo and redo."""

from __future__ import annotations

import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from AutoLabelLib.core.prompt_history import PromptHistory

POINT, OTHER = Point((1.0, 2.0, 3.0)), Point((4.0, 5.0, 6.0), positive=False)
BOX = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
SCRIBBLE = Scribble(((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
LASSO = Lasso(((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), positive=False)


def test_every_kind_goes_where_it_belongs() -> None:
    history = PromptHistory().add(POINT).add(BOX).add(SCRIBBLE).add(LASSO).add(OTHER)
    assert history.prompts == Prompts((POINT, OTHER), (BOX,), (SCRIBBLE,), (LASSO,))
    assert list(history.prompts) == [POINT, OTHER, BOX, SCRIBBLE, LASSO]


def test_undo_and_redo_walk_to_and_fro() -> None:
    history = PromptHistory().add(POINT).add(OTHER).remove(POINT)
    assert history.prompts.points == (OTHER,)
    back = history.undo()
    assert back.prompts.points == (POINT, OTHER)
    assert back.undo().undo().prompts == Prompts()
    assert not back.undo().undo().can_undo
    assert back.undo().undo().redo().redo().redo() == history


def test_something_new_ends_what_was_undone() -> None:
    history = PromptHistory().add(POINT).undo().add(OTHER)
    assert not history.can_redo
    assert history.undo().prompts == Prompts()


def test_clearing_can_be_undone_and_clearing_nothing_is_no_step() -> None:
    history = PromptHistory().add(POINT).clear()
    assert not history.prompts
    assert history.undo().prompts.points == (POINT,)
    assert not PromptHistory().clear().can_undo


def test_of_equal_prompts_one_is_removed() -> None:
    history = PromptHistory().add(POINT).add(OTHER).add(POINT).remove(POINT)
    assert history.prompts.points == (POINT, OTHER)


@pytest.mark.parametrize("step", ["undo", "redo"])
def test_a_step_that_is_not_there_is_an_error(step: str) -> None:
    with pytest.raises(InputError, match=f"nothing to {step}"):
        getattr(PromptHistory(), step)()


def test_a_prompt_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(InputError, match="no such prompt"):
        PromptHistory().add(POINT).remove(OTHER)
