"""The verb features, from nodes, labelmaps and files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.api.feature_extraction import table_of
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS

SHAPE = (40, 36, 30)


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def image(affine: Any = GRIDS["oblique"]) -> Image:
    values = np.random.default_rng(1).normal(0, 80, (1, *SHAPE)).astype(np.float32)
    return Image(values, affine, "CT", unit="HU")


def labelmap(affine: Any = GRIDS["oblique"]) -> Labelmap:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 18:25, 14:20, 12:17] = 1
    array[0, 30, 30, 20:22] = 2
    return Labelmap(array, affine, (Segment("Large", 1), Segment("Small", 2), Segment("Empty", 3)))


def test_images_and_files_give_rows(tmp_path: Path) -> None:
    large, small = al.features(image(), labelmap())
    assert (large["segment"], small["segment"]) == ("Large", "Small")
    write_image(tmp_path / "ct.nrrd", image())
    write_labelmap(tmp_path / "segments.seg.nrrd", labelmap())
    (row,) = al.features(tmp_path / "ct.nrrd", tmp_path / "segments.seg.nrrd", "Large", modality="CT")
    assert row.pop("segment") == large.pop("segment")
    assert row == pytest.approx(large, rel=1e-5)


def test_sending_only_what_lies_around_changes_nothing() -> None:
    from AutoLabelLib.worker.features.of_image import features_of
    from AutoLabelLib.worker.features.settings import from_mapping

    options = {"families": "all", "log_sigmas_mm": [1.0, 1.5], "resample_mm": 1.2}
    (row,) = al.features(image(), labelmap(), "Large", **options)
    whole = features_of(image(), labelmap().mask(labelmap().segments[0]), from_mapping(options))
    assert {name: row[name] for name in whole} == pytest.approx(whole, rel=1e-6)


def test_it_can_be_followed() -> None:
    seen: list[float] = []
    pending = al.features(image(), labelmap(), ["Large"], wait=False, families="stat")
    pending.on_progress(lambda progress: seen.append(progress.fraction))
    assert pending.wait()[0]["segment"] == "Large"
    assert seen[-1] == 1


def test_segments_that_are_not_there_or_empty() -> None:
    with pytest.raises(InputError, match='no segment "Liver"'):
        al.features(image(), labelmap(), "Liver")
    with pytest.raises(InputError, match='"Empty" is empty'):
        al.features(image(), labelmap(), "Empty")
    with pytest.raises(InputError, match="got int"):
        al.features(image(), 3)


@pytest.mark.parametrize("grid", ["oblique", "left-handed", "sheared"])
def test_a_node_gives_a_table_with_a_column_per_segment(scene: Any, grid: str) -> None:
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import volume_from_image

    given = image(GRIDS[grid])
    volume_node = volume_from_image(given, "Chest", scene)
    segmentation_node = show_labelmap(labelmap(GRIDS[grid]), volume_node)
    node = al.features(volume_node, segmentation_node, families=["morph", "stat"])
    table = node.GetTable()
    columns = [table.GetColumnName(number) for number in range(table.GetNumberOfColumns())]
    assert node.IsA("vtkMRMLTableNode")
    assert columns == ["feature", "Large", "Small", "meaning"]
    (row,) = al.features(given, labelmap(GRIDS[grid]), "Large", families=["morph", "stat"])
    names = table.GetColumnByName("feature")
    for number in range(table.GetNumberOfRows()):
        expected = row[names.GetValue(number)]
        assert table.GetColumnByName("Large").GetValue(number) == pytest.approx(expected, rel=1e-4)


def test_equal_names_get_columns_of_their_own() -> None:
    rows = [{"segment": "Nodule", "a": 1.0}, {"segment": "Nodule", "a": None}]
    assert table_of(rows, {"a": "how a it is"}) == [
        {"feature": "a", "Nodule": 1.0, "Nodule (2)": None, "meaning": "how a it is"}
    ]
