"""The options frame: models, tools, choices that are kept; and how the effect comes into Slicer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from Testing.gui.autolabel_effect.interacting import ROOT, FakeModel, User
from Testing.gui.autolabel_effect.test_effect import assert_shows_answer


def choose_model(user: User, name: str) -> None:
    """Choose a model in the list."""
    box = user.ui.modelBox
    box.currentIndex = next(n for n in range(box.count) if box.itemText(n).startswith(name))
    user.settle()


def test_only_models_that_can_be_pointed_at_something_are_listed(user: User) -> None:
    texts = [user.ui.modelBox.itemText(n) for n in range(user.ui.modelBox.count)]

    assert texts == ["any_structure (any modality)", "lung_nodule_ct (CT)"]
    assert user.ui.modelBox.toolTip == "Segments anything that you point at. Takes: point, box, scribble, lasso."


def test_what_a_model_does_not_take_is_disabled_and_says_why(user: User) -> None:
    user.ui.boxButton.click()

    choose_model(user, "lung_nodule_ct")

    assert user.ui.pointButton.enabled and user.ui.pointButton.checked
    for button in (user.ui.boxButton, user.ui.scribbleButton, user.ui.lassoButton):
        assert not button.enabled
        assert button.toolTip == "“lung_nodule_ct” does not understand this; it takes: point."
    user.press_key("X")
    assert user.effect.session.gestures.kind == "point"
    choose_model(user, "any_structure")
    assert user.ui.boxButton.enabled and "Drag" in user.ui.boxButton.toolTip


def test_another_model_answers_the_same_prompts_as_far_as_it_understands_them(user: User) -> None:
    user.ui.scribbleButton.click()
    user.drag(*[user.world(i, 18, 12) for i in range(10, 22, 2)])
    user.ui.pointButton.click()
    user.click(30, 18, 12)

    choose_model(user, "lung_nodule_ct")

    assert user.listed() == [user.listed()[0]] and "Point" in user.listed()[0]
    assert len(user.model.sessions) == 2
    assert_shows_answer(user)


def test_several_structures_can_be_chosen_from(host: Any, model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from AutoLabelLib.core.labelmap import Segment
    from Testing.gui.autolabel_effect.interacting import ANYTHING
    from Testing.slicer_scene import GRIDS

    two = replace(ANYTHING, segments=(Segment("Head", 1), Segment("Tail", 2)))
    monkeypatch.setattr("AutoLabelLib.core.catalogue.models", lambda *filters: [two])
    user = User(host, model, GRIDS["anisotropic"])

    assert not user.ui.structureBox.isHidden()
    user.ui.structureBox.currentIndex = 1

    assert user.conversation.asking.structure == "Tail"


def test_without_any_model_it_says_so(host: Any, model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from Testing.slicer_scene import GRIDS

    monkeypatch.setattr("AutoLabelLib.core.catalogue.models", lambda *filters: [])
    user = User(host, model, GRIDS["anisotropic"])

    assert "see the panel Models" in user.ui.modelBox.toolTip
    assert not user.ui.pointButton.enabled
    user.click(20, 18, 12)
    assert user.text == "No model is chosen. Choose one at the top of the options."


def test_choices_are_kept_in_the_scene(user: User) -> None:
    choose_model(user, "lung_nodule_ct")
    user.ui.newSegmentBox.checked = True

    assert user.parameters.GetAttribute("AutoLabel.Model") == "lung_nodule_ct"
    assert user.parameters.GetAttribute("AutoLabel.NewSegment") == "1"

    user.parameters.SetAttribute("AutoLabel.Model", "any_structure")
    user.parameters.SetAttribute("AutoLabel.Tool", "lasso")
    user.parameters.SetAttribute("AutoLabel.NewSegment", "0")
    user.parameters.InvokeEvent(user.parameters.EffectParameterModified)

    assert user.ui.modelBox.currentText.startswith("any_structure")
    assert user.ui.lassoButton.checked
    assert not user.ui.newSegmentBox.checked


def test_buttons_that_make_no_sense_are_disabled(user: User) -> None:
    names = ("undoButton", "redoButton", "removeButton", "resetButton", "acceptButton")
    assert not any(getattr(user.ui, name).enabled for name in names)
    assert user.ui.progressBar.isHidden() and user.ui.setupButton.isHidden() and user.ui.structureBox.isHidden()

    user.click(20, 18, 12)

    assert [getattr(user.ui, name).enabled for name in names] == [True, False, False, True, True]


def test_a_missing_source_volume_is_said(user: User) -> None:
    user.editor.setActiveEffectByName("")
    user.editor.setSourceVolumeNode(None)
    user.activate()

    assert user.text == "No source volume is chosen. Choose one at the top of the Segment Editor."


def test_the_help_names_the_keys(user: User) -> None:
    text = user.effect.helpText()

    for key in ("P", "X", "S", "L", "N", "Backspace", "Return"):
        assert f"<b>{key}</b>" in text


@pytest.mark.parametrize(("width", "dark"), [(420, False), (280, True)])
def test_nothing_is_cut_off(user: User, tmp_path: Path, width: int, dark: bool) -> None:
    from Testing.host.pictures import cut_texts

    user.click(20, 18, 12)
    user.click(24, 18, 12, keys="Shift")

    widget = user.effect.session.panel.widget
    widget.setParent(None)  # out of the editor, which has a width of its own
    user.host.save_picture(widget, tmp_path / "options.png", width=width, dark=dark)

    assert not cut_texts(widget)


def test_the_picture_below_the_mouse_is_small(user: User) -> None:
    sizes = user.effect.icon().availableSizes()

    assert (sizes[0].width(), sizes[0].height()) == (21, 21)
    assert max(size.width() for size in sizes) >= 64  # for screens of high resolution


def test_registering_the_effect_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import AutoLabelLib\n"
        "heavy = {'torch', 'monai', 'scipy', 'SimpleITK', 'pydicom', 'numpy'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


def test_until_it_is_used_nothing_else_is_loaded(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("AutoLabelLib.gui.autolabel_effect")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "autolabel_effect", raising=False)
    host.load_module(ROOT / "AutoLabel" / "SegmentEditorAutoLabel.py")
    host.start_up()
    editor = host.segment_editor()

    assert "AutoLabel" in editor.availableEffectNames()
    assert not [name for name in sys.modules if name.startswith("AutoLabelLib.gui.autolabel_effect.")]
