"""The effect corrects what a segment holds already: another model's result, or a drawing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.gui.autolabel_effect.interacting import SHAPE, User


@pytest.fixture
def held(user: User) -> NDArray[np.bool_]:
    """Return what a segment holds that nobody made with the effect."""
    mask = np.zeros(SHAPE, bool)
    mask[10:24, 10:24, 6:16] = True
    user.fill("ours", mask)
    return mask


def test_ticked_prompts_correct_what_the_segment_holds(user: User, held: NDArray[np.bool_]) -> None:
    user.ui.correctBox.checked = True
    user.click(17, 17, 12, keys="Shift")
    user.click(28, 12, 12)

    near, far = (user.expected(prompt) for prompt in (_inside(user, 17, 17, 12), _inside(user, 28, 12, 12)))
    np.testing.assert_array_equal(user.mask(), (held | far) & ~near)

    user.press("undoButton")
    np.testing.assert_array_equal(user.mask(), held & ~near)
    user.press("redoButton")
    np.testing.assert_array_equal(user.mask(), (held | far) & ~near)
    user.press("resetButton")
    np.testing.assert_array_equal(user.mask(), held)


def test_a_first_prompt_outside_corrects_in_any_case(user: User, held: NDArray[np.bool_]) -> None:
    user.click(17, 17, 12, keys="Shift")
    np.testing.assert_array_equal(user.mask(), held & ~user.expected(_inside(user, 17, 17, 12)))
    user.press("acceptButton")
    user.click(30, 30, 12)
    near, far = (user.expected(_inside(user, *index)) for index in ((17, 17, 12), (30, 30, 12)))
    np.testing.assert_array_equal(user.mask(), held & ~near | far)


def test_unticked_a_prompt_inside_adds(user: User, held: NDArray[np.bool_]) -> None:
    user.click(28, 12, 12)
    np.testing.assert_array_equal(user.mask(), held | user.expected(_inside(user, 28, 12, 12)))


def test_slicers_own_undo_takes_a_correction_back(user: User, held: NDArray[np.bool_]) -> None:
    user.ui.correctBox.checked = True
    user.click(17, 17, 12, keys="Shift")
    user.click(12, 12, 12, keys="Shift")
    user.editor.undo()
    user.settle()
    np.testing.assert_array_equal(user.mask(), held & ~user.expected(_inside(user, 17, 17, 12)))
    assert len(user.conversation.prompts) == 1


def test_the_neighbours_get_back_what_a_correction_took(user: User, held: NDArray[np.bool_]) -> None:
    other = np.zeros(SHAPE, bool)
    other[24:34, 8:20, 8:16] = True
    user.fill("other", other)
    user.ui.correctBox.checked = True
    user.click(26, 14, 12)
    ball = user.expected(_inside(user, 26, 14, 12))
    np.testing.assert_array_equal(user.mask(), held | ball)
    np.testing.assert_array_equal(user.mask("other"), other & ~ball)
    user.press("resetButton")
    np.testing.assert_array_equal(user.mask(), held)
    np.testing.assert_array_equal(user.mask("other"), other)


def test_the_choice_stays_in_the_scene(user: User) -> None:
    user.ui.correctBox.checked = True
    assert user.editor.effectByName("AutoLabel").parameter("Correct") == "1"


def _inside(user: User, *index: float) -> object:
    from AutoLabelLib.core.prompt import Point

    return Point(user.world(*index))
