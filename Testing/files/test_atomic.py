from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.atomic import check_target, replacing
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import sidecar, write_labelmap
from AutoLabelLib.files.tables import write_csv, write_json

NOISE = np.random.default_rng(0).integers(0, 250, (1, 60, 60, 60)).astype(np.uint8)  # 216 kB, hardly compressible


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let the operating system refuse to make any file longer than 100 kB."""
    resource = pytest.importorskip("resource", reason="limits of this kind are Unix's")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_whole_file_takes_the_place(tmp_path: Path) -> None:
    path = tmp_path / "out.nii.gz"
    path.write_text("old")
    with replacing(path) as beside:
        assert beside.parent == tmp_path
        assert beside.name.endswith(".nii.gz")
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_failing_disk_leaves_everything_as_it_was(tmp_path: Path, problem: int) -> None:
    path = tmp_path / "out.nrrd"
    path.write_text("old")
    with pytest.raises(FileError, match=r"out\.nrrd") as caught, replacing(path) as beside:
        beside.write_text("half")
        raise OSError(problem, os.strerror(problem))
    assert caught.value.hint
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"disk is full.*free some space"), replacing(tmp_path / "out.nrrd"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_any_other_failure_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "out.nrrd") as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_only_at_the_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(FileError, match="full"):
        write_json(tmp_path / "out.json", {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_every_image_format_on_a_disk_that_fills_up(tmp_path: Path, suffix: str, full_disk: None) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("old")
    with pytest.raises(FileError, match="cannot be written"):
        write_image(path, Image(NOISE, np.eye(4)))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".seg.nrrd", ".nii.gz"])
def test_every_labelmap_format_on_a_disk_that_fills_up(tmp_path: Path, suffix: str, full_disk: None) -> None:
    labelmap = Labelmap(NOISE, np.eye(4), (Segment("a", 1),))
    with pytest.raises(FileError, match="cannot be written"):
        write_labelmap(tmp_path / f"out{suffix}", labelmap)
    assert not list(tmp_path.iterdir())


def test_tables_on_a_disk_that_fills_up(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_csv(tmp_path / "out.csv", [{"a": "x" * 200_000}])
    with pytest.raises(FileError, match="cannot be written"):
        write_json(tmp_path / "out.json", ["x" * 200_000])
    assert not list(tmp_path.iterdir())


def test_a_labelmap_and_its_names_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelmap = Labelmap(np.ones((1, 2, 3, 4), np.uint8), np.eye(4), (Segment("a", 1),))
    sidecar(tmp_path / "out.nii").mkdir()  # so that the names cannot be written
    with pytest.raises(FileError):
        write_labelmap(tmp_path / "out.nii", labelmap)
    assert not (tmp_path / "out.nii").exists()


def test_a_link_keeps_pointing_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    target, link = tmp_path / "data" / "real.json", tmp_path / "link.json"
    link.symlink_to(target)
    write_json(link, 1)
    assert link.is_symlink()
    assert target.read_text() == "1\n"


def test_targets_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        check_target(tmp_path / "missing" / "out.nrrd")
    with pytest.raises(FileError, match="is a folder"):
        check_target(tmp_path)
    (tmp_path / "out.nrrd").write_text("old")
    with pytest.raises(FileError, match="exists already"):
        check_target(tmp_path / "out.nrrd", overwrite=False)
    check_target(tmp_path / "out.nrrd", overwrite=True)
    check_target(tmp_path / "new.nrrd", overwrite=False)


def test_a_folder_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # permissions do not bind root, which CI may be
    with pytest.raises(FileError, match=r"cannot be written to.*another folder"):
        check_target(tmp_path / "out.nrrd")
