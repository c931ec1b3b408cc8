"""The verb evaluate, from nodes, labelmaps and files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.serve import serve

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def block(width: int) -> Labelmap:
    array = np.zeros((1, 12, 10, 8), np.uint8)
    array[0, 2 : 2 + width, 2:8, 2:6] = 1
    return Labelmap(array, AFFINE, (Segment("Block", 1),))


def dice(report: dict[str, Any]) -> float:
    return float(report["cases"][0]["dice"])


def test_labelmaps_are_compared() -> None:
    assert dice(al.evaluate(block(4), block(4))) == 1.0
    assert dice(al.evaluate(block(2), block(4))) == pytest.approx(2 * 2 / (2 + 4))


def test_files_are_compared(tmp_path: Path) -> None:
    from AutoLabelLib.files.labelmaps import write_labelmap

    for name, width in (("a.seg.nrrd", 2), ("b.seg.nrrd", 4)):
        write_labelmap(tmp_path / name, block(width))
    assert dice(al.evaluate(tmp_path / "a.seg.nrrd", str(tmp_path / "b.seg.nrrd"))) == pytest.approx(2 / 3)


def test_nodes_are_compared_on_the_grid_of_the_reference() -> None:
    pytest.importorskip("slicer", reason="needs the Slicer libraries")
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import volume_from_image

    scene = headless_scene(fresh=True)
    volume_node = volume_from_image(Image(np.zeros((1, 12, 10, 8), np.int16), AFFINE), "Volume", scene)
    prediction = show_labelmap(block(2), volume_node, name="Prediction")
    reference = show_labelmap(block(4), volume_node, name="Reference")

    table = al.evaluate(prediction, reference).GetTable()

    assert table.GetColumnByName("dice").GetValue(0) == pytest.approx(2 / 3)


def test_something_else_is_refused() -> None:
    with pytest.raises(InputError, match="got int"):
        al.evaluate(3, block(2))
