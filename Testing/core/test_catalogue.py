from __future__ import annotations

import json
from pathlib import Path

import pytest

from AutoLabelLib.core import catalogue, locations
from AutoLabelLib.core.errors import FileError, ModelError

METADATA = {"network_data_format": {"inputs": {"image": {"num_channels": 1}}}}


def add_model(folder: Path, name: str, modality: str = "MR", task: str = "segmentation") -> Path:
    own = {"name": name, "task": task, "channels": [{"name": "image", "modality": modality}]}
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "metadata.json").write_text(json.dumps(METADATA | {"autolabel": own}))
    return folder


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    resources = tmp_path / "Resources"
    add_model(resources / "Models" / "hippocampus_mr", "hippocampus_mr")
    add_model(resources / "Models" / "lung_nodule_ct", "lung_nodule_ct", "CT")
    monkeypatch.setattr(locations, "resources", lambda: resources)
    return resources / "Models"


@pytest.fixture
def user_models() -> Path:
    folder = locations.user_data() / "models"
    folder.mkdir(parents=True)
    return folder


def names(**criteria: str) -> list[str]:
    return [spec.name for spec in catalogue.models(**criteria)]


def test_bundled_models_come_before_the_users(bundled: Path, user_models: Path) -> None:
    add_model(user_models / "a_model", "a_model")
    assert names() == ["hippocampus_mr", "lung_nodule_ct", "a_model"]


def test_models_of_a_task_and_a_modality(bundled: Path, user_models: Path) -> None:
    add_model(user_models / "anything", "anything", modality="")
    add_model(user_models / "classifier", "classifier", task="classification")
    assert names(modality="CT") == ["lung_nodule_ct", "anything"]
    assert names(task="classification") == ["classifier"]
    assert names(task="segmentation", modality="MR") == ["hippocampus_mr", "anything"]


def test_other_folders_and_files_are_no_models(bundled: Path) -> None:
    (bundled / "notes").mkdir()
    (bundled / "README.md").write_text("text")
    assert len(names()) == 2


def test_a_broken_model_hides_no_other_but_can_be_asked_for(bundled: Path, user_models: Path) -> None:
    (user_models / "broken" / "configs").mkdir(parents=True)
    (user_models / "broken" / "configs" / "metadata.json").write_text("{")
    assert len(names()) == 2
    assert catalogue.find("hippocampus_mr").name == "hippocampus_mr"
    with pytest.raises(ModelError, match='"broken" cannot be read'):
        catalogue.find("broken")


def test_find_by_name_and_by_folder(bundled: Path, tmp_path: Path) -> None:
    assert catalogue.find("lung_nodule_ct").folder == bundled / "lung_nodule_ct"
    elsewhere = add_model(tmp_path / "elsewhere", "mine")
    assert catalogue.find(elsewhere).name == "mine"
    assert catalogue.find(str(elsewhere)).name == "mine"


def test_an_unknown_name_lists_the_known_ones(bundled: Path) -> None:
    with pytest.raises(ModelError, match=r'no model "liver"\. Installed: hippocampus_mr, lung_nodule_ct\.'):
        catalogue.find("liver")


def test_a_bundled_model_is_trusted(bundled: Path) -> None:
    assert catalogue.is_trusted(bundled / "hippocampus_mr")


def test_trust_holds_for_exactly_these_files(bundled: Path, tmp_path: Path) -> None:
    folder = add_model(tmp_path / "elsewhere", "mine")
    assert not catalogue.is_trusted(folder)
    catalogue.trust(folder)
    assert catalogue.is_trusted(folder)
    script = folder / "configs" / "inference.json"
    script.write_text('{"x": "$import os"}')
    assert not catalogue.is_trusted(folder)
    script.unlink()
    assert catalogue.is_trusted(folder)


def test_trusting_one_keeps_the_others(bundled: Path, tmp_path: Path) -> None:
    folders = [add_model(tmp_path / name, name) for name in ("a", "b")]
    for folder in folders:
        catalogue.trust(folder)
    assert all(catalogue.is_trusted(folder) for folder in folders)


def test_a_link_out_of_the_bundled_models_is_not_trusted(bundled: Path, tmp_path: Path) -> None:
    folder = add_model(tmp_path / "elsewhere", "mine")
    try:
        (bundled / "link").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    assert not catalogue.is_trusted(bundled / "link")


@pytest.mark.parametrize("text", ["{", "5", "[[1]]", "null", '{"a": 1}'])
def test_a_broken_trust_store_approves_nothing(bundled: Path, tmp_path: Path, text: str) -> None:
    folder = add_model(tmp_path / "elsewhere", "mine")
    store = locations.user_data() / "approved_bundles.json"
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text(text)
    assert not catalogue.is_trusted(folder)
    catalogue.trust(folder)
    assert catalogue.is_trusted(folder)


def test_an_approval_that_cannot_be_written(bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(FileError, match="cannot be written"):
        catalogue.trust(add_model(tmp_path / "elsewhere", "mine"))


def test_the_users_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path))
    assert locations.user_data() == tmp_path
    monkeypatch.delenv("AUTOLABEL_HOME")
    assert locations.user_data().name == "AutoLabel"
