from __future__ import annotations

import errno
import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from AutoLabelLib.core import bundle, catalogue, user_models
from AutoLabelLib.core.errors import ChecksumError, FileError, ModelError

WEIGHTS = b"weights" * 1000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A complete bundle somewhere else."""
    return make_bundle(tmp_path / "download" / "mine")


def make_bundle(folder: Path, name: str = "mine", **own: Any) -> Path:
    for part in ("configs", "models", "docs"):
        (folder / part).mkdir(parents=True)
    own |= {"name": name, "sha256": {"models/model.pt": hashlib.sha256(WEIGHTS).hexdigest()} | own.get("sha256", {})}
    metadata = {"network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "configs" / "inference.json").write_text("{}")
    (folder / "models" / "model.pt").write_bytes(WEIGHTS)
    (folder / "docs" / "README.md").write_text("# Card")
    return folder


def left_over() -> list[str]:
    return [path.name for path in user_models.folder().iterdir()] if user_models.folder().is_dir() else []


def test_a_bundle_is_copied_whole(source: Path) -> None:
    spec = user_models.add(source)
    assert spec.folder == user_models.folder() / "mine"
    assert (spec.folder / "models" / "model.pt").read_bytes() == WEIGHTS
    assert bundle.card(spec.folder) == "# Card"
    assert bundle.size_bytes(spec.folder) == bundle.size_bytes(source) > len(WEIGHTS)
    assert [one.name for one in catalogue.models()][-1] == "mine"
    assert left_over() == ["mine"]


def test_a_copy_is_trusted_if_the_original_was(source: Path) -> None:
    assert not catalogue.is_trusted(source)
    catalogue.trust(source)
    spec = user_models.add(source)
    assert spec.folder is not None
    assert catalogue.is_trusted(spec.folder)


def test_while_it_is_copied_it_is_in_no_list_and_closing_undoes_it(source: Path) -> None:
    steps = user_models.adding(source)
    assert 0 < next(steps) <= 1
    assert "mine" not in [spec.name for spec in catalogue.models()]
    assert len(left_over()) == 1
    steps.close()
    assert left_over() == []


def test_a_name_is_taken_once(source: Path, tmp_path: Path) -> None:
    user_models.add(source)
    with pytest.raises(ModelError, match="installed already"):
        user_models.add(make_bundle(tmp_path / "other"))


def test_a_bundled_models_name_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="installed already"):
        user_models.add(make_bundle(tmp_path / "other", "hippocampus_mr"))


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "C:\\evil"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="name"):
        user_models.add(make_bundle(tmp_path / "other", name))
    assert left_over() == []


@pytest.mark.parametrize("missing", ["configs/inference.json", "models/model.pt", "configs/metadata.json"])
def test_an_incomplete_bundle_is_refused(missing: str, source: Path) -> None:
    (source / missing).unlink()
    with pytest.raises(ModelError, match=r"incomplete|not a MONAI bundle"):
        user_models.add(source)
    assert left_over() == []


def test_an_altered_bundle_is_refused(source: Path) -> None:
    (source / "models" / "model.pt").write_bytes(b"altered")
    with pytest.raises(ChecksumError, match="not the published one"):
        user_models.add(source)
    assert left_over() == []


def test_a_published_file_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "other", sha256={"models/second.pt": "0" * 64})
    with pytest.raises(ChecksumError, match=r"models/second\.pt .* is missing"):
        user_models.add(folder)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no folder"):
        user_models.add(tmp_path / "missing")


def test_a_full_disk_leaves_nothing(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(FileError, match=r"not enough room.*disk is full"):
        user_models.add(source)
    assert left_over() == []


def test_an_own_model_is_removed(source: Path) -> None:
    spec = user_models.add(source)
    assert user_models.is_users_own(spec)
    user_models.remove(spec)
    assert left_over() == []


def test_a_bundled_model_stays() -> None:
    spec = catalogue.find("hippocampus_mr")
    assert not user_models.is_users_own(spec)
    with pytest.raises(ModelError, match="came with AutoLabel"):
        user_models.remove(spec)


def test_a_link_is_removed_and_not_what_it_points_to(source: Path) -> None:
    user_models.folder().mkdir(parents=True)
    try:
        (user_models.folder() / "mine").symlink_to(source, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    user_models.remove(catalogue.find("mine"))
    assert left_over() == []
    assert (source / "models" / "model.pt").exists()


def test_what_cannot_be_deleted_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = user_models.add(source)

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(FileError, match="cannot be deleted"):
        user_models.remove(spec)
    assert catalogue.find("mine").name == "mine"
