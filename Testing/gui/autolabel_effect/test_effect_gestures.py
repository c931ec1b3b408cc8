"""Which mouse and key events are the effect's, and which stay Slicer's."""

from __future__ import annotations

from typing import Any

import pytest

from AutoLabelLib.core.prompt import Point
from Testing.gui.autolabel_effect.interacting import User

SLICERS_KEYS = {
    *"1234567890",
    *(f"Shift+{digit}" for digit in "1234567890"),
    *("Esc", "Space", "Z", "Ctrl+Z", "Y", "Ctrl+Y", "Q", "W", "/", "*", ",", ".", ">", "<", "I"),  # Segment Editor
    *("G", "T", "F", "B", "V", "Shift+V", "R", "[", "]", "{", "}", "Left", "Right", "Up", "Down"),  # slice views
}


@pytest.mark.parametrize("keys", ["", "Shift"])
@pytest.mark.parametrize(
    "event",
    [
        "MouseMoveEvent",
        "RightButtonPressEvent",
        "RightButtonReleaseEvent",
        "MiddleButtonPressEvent",
        "MiddleButtonReleaseEvent",
        "MouseWheelForwardEvent",
        "KeyPressEvent",
        "LeaveEvent",
    ],
)
def test_other_gestures_stay_slicers(user: User, event: str, keys: str) -> None:
    assert user.event(event, user.world(20, 18, 12), keys=keys)


@pytest.mark.parametrize("keys", ["Ctrl", "Alt", "Ctrl+Shift"])
def test_the_left_button_with_ctrl_or_alt_stays_slicers(user: User, keys: str) -> None:
    position = user.world(20, 18, 12)

    assert user.event("LeftButtonPressEvent", position, keys=keys)
    assert user.event("LeftButtonReleaseEvent", position, keys=keys)
    assert not user.conversation.prompts


def test_a_click_is_ours(user: User) -> None:
    position = user.world(20, 18, 12)
    user.show(position)

    assert not user.event("LeftButtonPressEvent", position)
    assert not user.event("LeftButtonReleaseEvent", position)
    assert not user.event("LeftButtonDoubleClickEvent", position)  # which would enlarge the view
    assert user.event("LeftButtonReleaseEvent", position)
    user.settle()
    assert len(user.conversation.prompts) == 1


def test_a_mark_under_the_mouse_takes_the_button(user: User) -> None:
    user.click(20, 18, 12)
    display_node = user.marks()[0].GetDisplayNode()
    display_node.SetActiveComponent(display_node.ComponentControlPoint, 0)

    assert user.event("LeftButtonPressEvent", user.world(20, 18, 12))
    assert len(user.conversation.prompts) == 1


def test_the_slice_stays_while_something_is_drawn(user: User) -> None:
    user.ui.scribbleButton.click()
    start, end = user.world(14, 18, 12), user.world(24, 18, 12)
    user.show(start)
    renderer = user.view().sliceView().renderer()
    before = renderer.GetActors2D().GetNumberOfItems()

    user.event("LeftButtonPressEvent", start)
    assert not user.event("MouseMoveEvent", end)
    assert renderer.GetActors2D().GetNumberOfItems() == before + 1
    assert not user.event("MouseWheelForwardEvent", end)
    user.event("LeftButtonReleaseEvent", end)

    assert renderer.GetActors2D().GetNumberOfItems() == before
    assert user.event("MouseWheelForwardEvent", end)


def test_what_is_drawn_is_forgotten_with_the_effect(user: User) -> None:
    user.ui.boxButton.click()
    start = user.world(14, 18, 12)
    user.show(start)
    user.event("LeftButtonPressEvent", start)

    user.editor.setActiveEffectByName("")

    assert user.view().sliceView().renderer().GetActors2D().GetNumberOfItems() == 0
    user.activate()
    assert user.event("LeftButtonReleaseEvent", user.world(24, 24, 12))
    assert not user.conversation.prompts


@pytest.mark.parametrize("tool", ["boxButton", "lassoButton"])
def test_a_drag_that_is_too_short_says_what_to_do(user: User, tool: str) -> None:
    getattr(user.ui, tool).click()

    user.click(20, 18, 12)

    assert not user.conversation.prompts
    assert user.text.startswith("Drag")


def test_the_three_d_view_stays_slicers(user: User) -> None:
    interactor = user.slicer.app.layoutManager().threeDWidget(0).threeDView().interactor()
    passed: list[Any] = []
    interactor.AddObserver("LeftButtonPressEvent", lambda caller, event: passed.append(event), 0.0)

    interactor.InvokeEvent("LeftButtonPressEvent")

    assert passed and not user.conversation.prompts


def test_a_hidden_segment_is_asked_about(user: User) -> None:
    user.segmentation.GetDisplayNode().SetSegmentVisibility("ours", False)
    user.host.answer("yes")

    user.click(20, 18, 12)
    assert not user.conversation.prompts  # the dialog took the click
    user.click(20, 18, 12)

    assert len(user.conversation.prompts) == 1
    assert user.segmentation.GetDisplayNode().GetSegmentVisibility("ours")


def test_keys(user: User) -> None:
    user.press_key("X")
    assert user.ui.boxButton.checked and user.effect.session.gestures.kind == "box"
    user.press_key("P")
    user.press_key("N")
    assert user.ui.outsideButton.checked
    user.click(20, 18, 12)
    assert not user.conversation.prompts[0].positive
    user.press_key("N")
    user.click(24, 18, 12)
    user.press_key("Backspace")
    assert len(user.conversation.prompts) == 1
    user.press_key("Shift+Backspace")
    assert len(user.conversation.prompts) == 2
    user.ui.promptList.currentRow = 0
    user.press_key("Del")
    assert [prompt.positive for prompt in user.conversation.prompts] == [True]
    user.press_key("Return")
    assert not user.conversation.prompts and user.mask().any()
    user.click(10, 10, 6)
    held = user.expected(*user.conversation.prompts)
    user.press_key("Ctrl+Backspace")
    assert not (user.mask() & held).any()


def test_the_key_for_removal_takes_the_mark_under_the_mouse(user: User) -> None:
    user.click(20, 18, 12)
    user.click(28, 18, 12)
    display_node = user.marks()[1].GetDisplayNode()
    display_node.SetActiveComponent(display_node.ComponentControlPoint, 0)

    user.press_key("Del")

    (left,) = user.conversation.prompts
    assert isinstance(left, Point)
    assert left.position_ras_mm[0] == pytest.approx(user.world(20, 18, 12)[0], abs=0.6)


def test_no_key_is_slicers_own_and_they_go_with_the_effect(user: User) -> None:
    import qt

    window = user.slicer.util.mainWindow()
    keys = {shortcut.key.toString() for shortcut in user.effect.session.shortcuts._installed}
    assert len(keys) == 11
    assert not keys & SLICERS_KEYS
    before = len(window.findChildren(qt.QShortcut))

    user.editor.setActiveEffectByName("")
    user.host.process_events()

    assert len(window.findChildren(qt.QShortcut)) == before - 11
