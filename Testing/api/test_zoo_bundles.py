"""A promptable bundle of the zoo's form: added to the catalogue, approved, and then used as any other model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.cli.main import main
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import ContractError, UntrustedModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import read_labelmap, write_labelmap
from AutoLabelLib.worker.serve import serve
from Testing.grids import make_affine
from Testing.worker.test_deepedit import drawing
from Testing.zoo_bundles import write_deepedit, write_vista3d

AFFINE = make_affine("LPS", (1.0, 1.0, 1.5), (0, 0, 10), (0.0, 0.0, 0.0), (40, -30, 20))
SHAPE = (20, 18, 16)
SPLEEN = (slice(4, 10), slice(5, 12), slice(6, 10))


@pytest.fixture(autouse=True)
def _worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path / "home"))
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def scan() -> Image:
    array = np.zeros((1, *SHAPE), np.float32)
    array[0][SPLEEN] = 3
    array[0, 14:18, 4:9, 4:9] = 1
    return Image(array, AFFINE, "CT", unit="HU")


def mask() -> np.ndarray:
    spleen = np.zeros(SHAPE, bool)
    spleen[SPLEEN] = True
    return spleen


def position(*index: float) -> tuple[float, float, float]:
    r, a, s = (float(value) for value in ras_from_index(AFFINE, index))
    return (r, a, s)


def added(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Add a bundle as a user does, who has read what the command says, and approve it."""
    assert main(["models", "--add", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert not facts["approved"]
    with pytest.raises(UntrustedModelError):
        al.segment(scan(), facts["name"])
    assert main(["models", "--trust", facts["folder"]]) == 0
    capsys.readouterr()


def test_vista3d(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(write_vista3d(tmp_path / "vista3d", is_trusted=False), capsys)
    found = al.segment(scan(), "vista3d", structures=["spleen"])
    np.testing.assert_array_equal(found.mask(found.segment("spleen")), mask())

    session = al.interact(scan(), "vista3d")  # whatever is pointed at
    session.add_point(position(6, 8, 8)).add_point(position(15, 6, 6))
    session.add_point(position(16, 7, 7), positive=False)
    assert session.latest is not None and session.latest.volume_ml == pytest.approx(mask().sum() * 1.5e-3)
    session.undo()
    assert session.latest.volume_ml > mask().sum() * 1.5e-3
    np.testing.assert_array_equal(session.redo().accept().array[0] > 0, mask())

    named = al.interact(scan(), "vista3d", structure="spleen").add_point(position(6, 8, 8)).accept()
    assert [segment.name for segment in named.segments] == ["spleen"]
    with pytest.raises(ContractError, match=r'no structure "heart".*Choose one of: any structure, liver'):
        al.interact(scan(), "vista3d", structure="heart")


def test_deepedit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(write_deepedit(tmp_path / "edit", ("liver", "spleen", "background"), *drawing(3), is_trusted=False), capsys)
    session = al.interact(scan(), "edit", structure="spleen")
    session.add_point(position(6, 8, 8)).add_point(position(12, 8, 8), positive=False)
    found = session.accept()
    assert found.array[0, 6, 8, 8] and not found.array[0, 12, 8, 8]
    with pytest.raises(ContractError, match="has several structures"):
        al.interact(scan(), "edit")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalogue.trust(write_vista3d(tmp_path / "vista3d"))
    image, start, output = tmp_path / "ct.nrrd", tmp_path / "start.seg.nrrd", tmp_path / "out.seg.nrrd"
    write_image(image, scan())
    drawn = mask()
    drawn[4:6] = False
    drawn[0, 0, 0] = True
    write_labelmap(start, Labelmap(drawn[None].astype(np.uint8), AFFINE, (Segment("drawn", 1),)))
    shared = [str(image), "--model", str(tmp_path / "vista3d"), "--modality", "CT", "--device", "cpu"]
    shared += ["--output", str(output), "--overwrite"]
    assert main(["segment", *shared, "--structure", "liver", "--structure", "spleen"]) == 0
    assert [segment.name for segment in read_labelmap(output).segments] == ["liver", "spleen"]

    click = ",".join(f"{value:.3f}" for value in position(4, 8, 8))
    assert main(["interact", *shared, "--start", str(start), "--point", click]) == 0
    drawn |= mask()  # what is missing at the click, and the stray voxel that nobody pointed at
    np.testing.assert_array_equal(read_labelmap(output).array[0] > 0, drawn)
    capsys.readouterr()
