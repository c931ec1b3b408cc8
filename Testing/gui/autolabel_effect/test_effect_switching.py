"""What the user does while the model computes: nothing is written to the wrong place, and each ends with a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import ContractError, MissingDependency, WorkerCrashed
from Testing.gui.autolabel_effect.interacting import SHAPE, User


@pytest.fixture
def waiting(user: User) -> User:
    """A user whose first click is answered, and whose second is being computed."""
    user.click(14, 12, 12)
    user.model.answers_at_once = False
    user.click(26, 24, 12)
    assert user.conversation.asking.busy
    return user


def let_it_answer(user: User) -> None:
    """Let the model answer, too late."""
    user.model.answer()
    user.host.process_events(0.12)


def test_while_it_computes_it_says_so_and_the_prompt_is_shown(waiting: User) -> None:
    assert waiting.text == "Segmenting with 2 prompts…"
    assert not waiting.ui.cancelButton.isHidden() and waiting.ui.cancelButton.enabled
    assert not waiting.ui.acceptButton.enabled
    assert len(waiting.marks()) == len(waiting.listed()) == 2

    waiting.model.questions[-1].handle.report_progress(_progress())
    waiting.host.process_events(0.12)
    assert waiting.text == "Segmenting with 2 prompts: 40 %, about 3.0 s left (network)"
    assert waiting.ui.progressBar.value == 40


def _progress() -> Any:
    from AutoLabelLib.core.job import Progress

    return Progress(0.4, "network", 3.0)


def test_a_newer_prompt_takes_the_place_of_the_one_that_is_computed(waiting: User) -> None:
    waiting.click(20, 18, 12)

    first, second = waiting.model.questions[-2:]
    assert first.state == "cancelled" and second.state == "queued"
    let_it_answer(waiting)
    assert len(waiting.conversation.prompts) == 3
    np.testing.assert_array_equal(waiting.mask(), waiting.expected(*waiting.conversation.prompts))


def test_cancel_takes_the_prompt_back(waiting: User) -> None:
    shown = waiting.mask()

    waiting.ui.cancelButton.click()
    waiting.host.process_events(0.12)

    assert waiting.text == "Cancelled: the prompt was taken back."
    assert len(waiting.marks()) == len(waiting.conversation.prompts) == 1
    np.testing.assert_array_equal(waiting.mask(), shown)


def test_reset_in_mid_computation(waiting: User) -> None:
    waiting.ui.resetButton.click()
    let_it_answer(waiting)

    assert not waiting.mask().any()
    assert not waiting.marks()


def choose_another_segment(user: User) -> None:
    user.choose("other")


def choose_another_effect(user: User) -> None:
    user.editor.setActiveEffectByName("")


def choose_another_volume(user: User) -> None:
    user.editor.setSourceVolumeNode(user.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "MR"))


def choose_another_segmentation(user: User) -> None:
    node = user.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.GetSegmentation().AddEmptySegment("elsewhere")
    user.editor.setSegmentationNode(node)


def leave_the_module(user: User) -> None:
    user.slicer.util.selectModule("")


@pytest.mark.parametrize(
    "switch",
    [
        choose_another_segment,
        choose_another_effect,
        choose_another_volume,
        choose_another_segmentation,
        leave_the_module,
    ],
)
def test_whoever_looks_elsewhere_finds_the_prompts_put_away(waiting: User, switch: Callable[[User], None]) -> None:
    shown = waiting.mask()

    switch(waiting)
    waiting.host.process_events(0.02)
    assert not waiting.marks()
    assert not waiting.conversation.prompts
    let_it_answer(waiting)

    np.testing.assert_array_equal(waiting.mask(), shown)
    assert not waiting.mask("other").any()
    assert waiting.model.questions[-1].state == "cancelled"


def test_another_segment_is_said_and_coming_back_begins_anew(waiting: User) -> None:
    shown = waiting.mask()
    waiting.choose("other")
    assert "the prompts were put away" in waiting.text and "dropped" in waiting.text

    waiting.model.answers_at_once = True
    waiting.click(36, 12, 12)
    np.testing.assert_array_equal(waiting.mask("other"), waiting.expected(*waiting.conversation.prompts))
    waiting.choose("ours")
    waiting.click(8, 30, 12)

    assert len(waiting.conversation.prompts) == 1
    np.testing.assert_array_equal(waiting.mask("ours"), shown | waiting.expected(*waiting.conversation.prompts))


def test_the_segment_is_deleted(waiting: User) -> None:
    waiting.segmentation.GetSegmentation().RemoveSegment("ours")
    waiting.host.process_events(0.02)
    let_it_answer(waiting)

    assert not waiting.marks()
    assert not waiting.mask("other").any()


def test_the_segmentation_is_deleted(waiting: User) -> None:
    waiting.slicer.mrmlScene.RemoveNode(waiting.segmentation)
    waiting.host.process_events(0.02)
    let_it_answer(waiting)

    assert not waiting.marks()


def test_the_volume_is_deleted(waiting: User) -> None:
    waiting.slicer.mrmlScene.RemoveNode(waiting.volume)
    waiting.host.process_events(0.02)
    let_it_answer(waiting)

    assert not waiting.marks()
    assert waiting.text.startswith("No source volume is chosen. Choose one at the top of the Segment Editor.")


def test_the_volume_is_moved(waiting: User) -> None:
    from AutoLabelLib.scene.transforms import vtk_matrix

    shown = waiting.mask()
    waiting.volume.SetIJKToRASMatrix(vtk_matrix(waiting.affine + np.eye(4, k=3)))
    let_it_answer(waiting)

    assert waiting.text == "The volume was changed or moved meanwhile: the result was dropped. Give the prompt again."
    waiting.volume.SetIJKToRASMatrix(vtk_matrix(waiting.affine))
    np.testing.assert_array_equal(waiting.mask(), shown)


def test_the_scene_is_closed(waiting: User) -> None:
    waiting.slicer.mrmlScene.Clear(False)
    waiting.host.process_events(0.02)
    let_it_answer(waiting)

    assert waiting.slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsNode") == 0
    assert waiting.slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") <= 1


def test_after_the_scene_was_closed_it_works_again(host: Any, waiting: User) -> None:
    waiting.slicer.mrmlScene.Clear(False)
    waiting.host.process_events(0.02)
    waiting.model.answers_at_once = True

    again = _user_in_a_new_scene(waiting)
    again.click(20, 18, 12)

    np.testing.assert_array_equal(again.mask(), again.expected(*again.conversation.prompts))


def _user_in_a_new_scene(user: User) -> User:
    user.slicer.util.selectModule("")
    return User(user.host, user.model, user.affine, registers=False)


def test_the_scene_is_saved_in_mid_computation(waiting: User, tmp_path: Any) -> None:
    path = tmp_path / "scene.mrml"
    waiting.slicer.mrmlScene.SetURL(str(path))
    waiting.slicer.mrmlScene.Commit()

    text = path.read_text(encoding="utf-8")
    assert "Markups" not in text
    assert "AutoLabel.Tool" in text


def test_slicer_quits(waiting: User) -> None:
    effect = waiting.effect
    waiting.slicer.app.aboutToQuit.emit()
    let_it_answer(waiting)

    assert waiting.model.questions[-1].state == "cancelled"
    assert not waiting.marks()
    effect.cleanup()


def test_the_editor_goes_away(waiting: User) -> None:
    waiting.effect.cleanup()
    let_it_answer(waiting)

    assert not waiting.marks()
    assert waiting.effect.session is None


def test_of_two_editors_with_one_node_only_the_latest_listens(user: User) -> None:
    from AutoLabelLib.gui.autolabel_effect.session import EffectSession

    user.click(14, 12, 12)
    session = user.effect.session
    newer = EffectSession(user.effect)
    newer.activate()  # as after the module Segment Editor was reloaded
    user.click(26, 24, 12)

    assert not session.conversation.prompts and not user.marks()
    newer.close()


def test_a_click_outside_of_the_volume_is_refused(user: User) -> None:
    user.click(20, 18, 12)
    shown = user.mask()

    user.click(60, 18, 12)

    assert "outside the volume" in user.text
    assert len(user.marks()) == len(user.listed()) == 1
    np.testing.assert_array_equal(user.mask(), shown)


def test_what_the_model_refuses_is_taken_back(user: User) -> None:
    user.model.refuses = ContractError('"x" was made for CT, but the volume is MR.', "Choose a model for MR.")

    user.click(20, 18, 12)

    assert user.text == '"x" was made for CT, but the volume is MR. Choose a model for MR.'
    assert not user.marks()
    assert user.ui.setupButton.isHidden()


def test_a_worker_that_crashes_leaves_the_prompts(waiting: User) -> None:
    waiting.model.fail(WorkerCrashed("The computing process ended.", "Try again."))
    waiting.host.process_events(0.12)

    assert waiting.text == "The computing process ended. Try again."
    assert len(waiting.listed()) == 2
    waiting.model.answers_at_once = True
    waiting.ui.promptList.currentRow = 1
    waiting.press("removeButton")
    np.testing.assert_array_equal(waiting.mask(), waiting.expected(*waiting.conversation.prompts))


def test_what_is_not_installed_leads_to_the_setup(waiting: User) -> None:
    waiting.model.fail(MissingDependency("PyTorch is not installed.", "Install it in the panel Setup."))
    waiting.host.process_events(0.12)

    assert waiting.text == "PyTorch is not installed. Install it in the panel Setup."
    assert not waiting.ui.setupButton.isHidden()
    waiting.ui.setupButton.click()
    assert waiting.slicer.util.selectedModule() == "AutoLabel"


def test_an_empty_answer_is_said(user: User) -> None:
    user.model.answers_at_once = False
    user.click(20, 18, 12)
    user.model.answer(mask=np.zeros(SHAPE, bool))
    user.host.process_events(0.12)

    assert user.text == "Nothing was found here: add a point inside, or remove a prompt."
    assert not user.ui.acceptButton.enabled
