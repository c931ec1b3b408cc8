from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from AutoLabelLib.core import catalogue, user_models
from Testing.gui.setting_up import Told, make_bundle, shared, told
from Testing.host.pictures import cut_texts

__all__ = ["shared", "told"]


@pytest.fixture
def panel(shared: Any) -> Any:
    from AutoLabelLib.gui.models_panel import ModelsPanel

    return ModelsPanel(shared)


def choose(host: Any, panel: Any, name: str) -> None:
    tree = panel.ui.modelsTree
    rows = [row for row in range(tree.topLevelItemCount) if tree.topLevelItem(row).text(0) == name]
    tree.setCurrentItem(tree.topLevelItem(rows[0]))
    host.wait_until(lambda: "being checked" not in panel.ui.factsLabel.text)


def add(host: Any, panel: Any, folder: Path, answer: str = "ok") -> None:
    host.answer_files(str(folder))
    host.answer(answer)
    panel.ui.addButton.click()
    host.wait_until(lambda: not panel._shared.runner.busy)


def listed(panel: Any) -> list[str]:
    tree = panel.ui.modelsTree
    return [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount)]


def test_installed_models_show_facts_and_card(host: Any, panel: Any) -> None:
    assert {"hippocampus_mr", "lung_nodule_ct"} <= set(listed(panel))
    choose(host, panel, "hippocampus_mr")
    facts = panel.ui.factsLabel.text
    for fact in ("hippocampus_mr", "1.0.0", "CC-BY-SA 4.0", "verified", "AutoLabel", "Hippocampus"):
        assert fact in facts
    assert "Intended use" in panel.ui.cardBrowser.plainText
    item = panel.ui.modelsTree.currentItem()
    assert (item.text(1), item.text(2)) == ("MR", "2.9 MB")


def test_a_bundled_model_cannot_be_removed_and_says_why(host: Any, panel: Any) -> None:
    choose(host, panel, "lung_nodule_ct")
    assert not panel.ui.removeButton.enabled
    assert "came with AutoLabel" in panel.ui.removeButton.toolTip


def test_a_folder_is_added_after_a_warning(host: Any, panel: Any, told: Told, tmp_path: Path) -> None:
    add(host, panel, make_bundle(tmp_path / "download"))
    [question] = host.messages
    for word in ("mine 3.1", "CC0-1.0", "can run any code", "trust"):
        assert word in question.text
    assert listed(panel)[-1] == "mine"
    choose(host, panel, "mine")
    assert panel.selected.name == "mine"
    assert "was added" in panel.ui.messageLabel.text
    assert catalogue.is_trusted(panel.selected.folder)
    assert told.models_changed == 1
    assert not panel.ui.approveButton.visible
    assert "without published checksums" in panel.ui.factsLabel.text


def test_nothing_is_copied_without_consent(host: Any, panel: Any, tmp_path: Path) -> None:
    add(host, panel, make_bundle(tmp_path / "download"), "cancel")
    assert "mine" not in listed(panel)
    assert "was not added" in panel.ui.messageLabel.text
    assert not user_models.folder().exists()


def test_closing_the_dialog_does_nothing(host: Any, panel: Any) -> None:
    host.answer_files("")
    panel.ui.addButton.click()
    assert not panel.ui.messageLabel.visible


def test_a_broken_bundle_is_refused_in_one_sentence(host: Any, panel: Any, tmp_path: Path) -> None:
    host.answer_files(str(tmp_path))
    panel.ui.addButton.click()
    assert "is not a MONAI bundle" in panel.ui.messageLabel.text
    assert host.messages == []


def test_a_full_disk_is_said(host: Any, panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1))
    add(host, panel, make_bundle(tmp_path / "download"))
    assert "not enough room" in panel.ui.messageLabel.text
    assert "mine" not in listed(panel)


def test_an_own_model_is_removed_after_a_question(host: Any, panel: Any, told: Told, tmp_path: Path) -> None:
    add(host, panel, make_bundle(tmp_path / "download"))
    choose(host, panel, "mine")
    assert panel.ui.removeButton.enabled
    host.answer("cancel")
    panel.ui.removeButton.click()
    assert listed(panel)[-1] == "mine"
    host.answer("ok")
    panel.ui.removeButton.click()
    assert "mine" not in listed(panel)
    assert "was removed" in panel.ui.messageLabel.text
    assert told.models_changed == 2


def test_a_changed_model_must_be_approved_again(host: Any, panel: Any, tmp_path: Path) -> None:
    add(host, panel, make_bundle(tmp_path / "download"))
    (user_models.folder() / "mine" / "configs" / "inference.json").write_text('{"x": "$1"}')
    panel.enter()
    choose(host, panel, "mine")
    panel.widget.show()
    assert "not approved" in panel.ui.factsLabel.text
    assert panel.ui.approveButton.visible
    host.answer("ok")
    panel.ui.approveButton.click()
    host.wait_until(lambda: "being checked" not in panel.ui.factsLabel.text)
    assert catalogue.is_trusted(user_models.folder() / "mine")
    assert not panel.ui.approveButton.visible


def test_an_altered_model_is_said(host: Any, panel: Any, tmp_path: Path) -> None:
    make_bundle(user_models.folder() / "mine", sha256={"models/model.pt": "0" * 64})
    panel.enter()
    choose(host, panel, "mine")
    assert "not the published one" in panel.ui.factsLabel.text


def test_leaving_stops_the_check(host: Any, panel: Any) -> None:
    panel.enter()
    panel.exit()
    panel.cleanup()
    host.process_events(0.2)
    assert "being checked" in panel.ui.factsLabel.text


@pytest.mark.parametrize("width", [420, 280])
def test_nothing_is_cut_off(host: Any, panel: Any, tmp_path: Path, width: int) -> None:
    choose(host, panel, "lung_nodule_ct")
    host.save_picture(panel.widget, tmp_path / "models.png", width=width)
    assert cut_texts(panel.widget) == []
