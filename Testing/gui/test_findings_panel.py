"""The panel Findings, driven as a user would."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.serve import serve
from Testing.gui.segmenting import ROOT
from Testing.slicer_scene import opened

SHAPE = (24, 20, 16)
SEGMENT, LABEL, PROBABILITY, AXES, VOLUME, NOTE = range(6)


class User:
    """A user who looks at the panel Findings."""

    def __init__(self, host: Any, module: Any) -> None:
        self.host = host
        self.module = module
        self.shared = module.panel.shared
        self.panel = module.panel.panels["findings"]
        self.ui = self.panel.ui

    @property
    def status(self) -> str:
        return str(self.module.panel.ui.statusLabel.text)

    @property
    def cells(self) -> list[tuple[str, ...]]:
        table = self.ui.findingsTable
        return [tuple(table.item(row, column).text() for column in range(6)) for row in range(table.rowCount)]

    def measure(self) -> None:
        self.ui.measureButton.click()
        self.host.wait_until(lambda: not self.shared.runner.busy)

    def click(self, row: int) -> None:
        self.ui.findingsTable.setCurrentCell(row, SEGMENT)
        self.ui.findingsTable.cellClicked.emit(row, SEGMENT)

    def type(self, row: int, column: int, text: str) -> None:
        self.ui.findingsTable.setCurrentCell(row, column)
        self.ui.findingsTable.item(row, column).setText(text)

    def is_shown(self, name: str) -> bool:
        return bool(getattr(self.ui, name).isVisibleTo(self.panel.widget))


@pytest.fixture
def user(host: Any) -> Iterator[User]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield User(host, host.open_module(host.load_module(ROOT / "AutoLabel" / "AutoLabel.py")))
    set_default_worker(Worker())


@pytest.fixture
def segmentation(user: User, scene: Any) -> Any:
    """A segmentation of a CT, which is chosen in the panel."""
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.volumes import volume_from_image

    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 3:12, 4:8, 5:9] = 1
    array[0, 18:21, 12:15, 10:14] = 2
    voxels = np.where(array, 40, -800).astype(np.int16)
    volume_node = volume_from_image(Image(voxels, np.eye(4), "CT", unit="HU"), "CT", scene)
    segments = (Segment("Large", 1, color=(1, 0, 0)), Segment("Small", 2, color=(0, 1, 0)))
    node = show_labelmap(Labelmap(array, np.eye(4), segments), volume_node)
    user.ui.segmentationBox.setCurrentNode(node)
    return node


def classified(scene: Any, node: Any) -> Finding:
    """Put the finding of a classifier into the table."""
    from AutoLabelLib.scene.findings import add_findings

    finding = Finding(
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 1.0),
        0.62,
        "malignant",
        segment="Large",
        model="nodules 1.0",
        uncertain="The probability lies between the classes.",
    )
    (added,) = add_findings([finding], scene.GetFirstNodeByName("CT"), node)
    return added


def test_an_empty_panel_says_what_to_do(user: User) -> None:
    assert user.ui.emptyLabel.text.startswith("No findings yet: segment something")
    assert not user.is_shown("findingsTable")
    assert not user.is_shown("actionsWidget")
    assert not user.ui.measureButton.enabled


def test_segments_are_measured(user: User, segmentation: Any) -> None:
    assert "click Measure" in user.ui.emptyLabel.text
    user.measure()
    assert user.cells == [("Large", "", "", "9 × 4", "0.144", ""), ("Small", "", "", "4 × 4", "0.036", "")]
    assert user.status.startswith("Measured 2 segments in ")
    assert not user.is_shown("emptyLabel")
    assert "mean 40 HU, 100 % solid" in user.ui.sentenceLabel.text
    user.measure()
    assert len(user.cells) == 2


def test_what_the_user_says_of_the_volume_counts(user: User, segmentation: Any, scene: Any) -> None:
    volume_node = scene.GetFirstNodeByName("CT")
    volume_node.RemoveAttribute("DICOM.Modality")
    volume_node.SetVoxelValueUnits(None)
    user.measure()
    assert "mean intensity 40" in user.ui.sentenceLabel.text
    parameters = user.module.logic.getParameterNode()
    parameters.inputVolume, parameters.modality = volume_node, "CT"
    user.measure()
    assert "mean 40 HU" in user.ui.sentenceLabel.text


def test_a_click_goes_there_and_the_segment_lights_up(user: User, segmentation: Any, scene: Any) -> None:
    user.measure()
    slice_node = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    display = segmentation.GetDisplayNode()
    small = segmentation.GetSegmentation().GetSegmentIdBySegmentName("Small")
    display.SetSegmentVisibility(small, False)
    display.SetSegmentOpacity2DFill(small, 0.7)

    user.click(1)

    middle = [slice_node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
    assert middle == pytest.approx((19, 13, 11.5), abs=1.6)
    assert camera.GetFocalPoint() == pytest.approx(middle)
    assert display.GetSegmentVisibility(small)
    assert display.GetSegmentOpacity2DFill(small) != pytest.approx(0.7)
    assert "'Small'" in user.ui.sentenceLabel.text
    user.host.wait_until(lambda: not user.panel._flash._timer.isActive())
    assert display.GetSegmentOpacity2DFill(small) == pytest.approx(0.7)


def test_label_and_note_are_edited_in_place(user: User, segmentation: Any, scene: Any, qt: Any) -> None:
    from AutoLabelLib.scene.findings import find_table, login_name, read_findings

    classified(scene, segmentation)
    user.host.wait_until(lambda: len(user.cells) == 1)
    assert user.cells[0][:3] == ("Large", "malignant", "0.62 ?")
    assert "uncertain" in user.ui.sentenceLabel.text
    user.type(0, NOTE, "seen in 2019")
    user.type(0, LABEL, "benign")
    (finding,) = read_findings(find_table(scene))
    assert (finding.note, finding.corrected_label, finding.author) == ("seen in 2019", "benign", login_name())
    assert finding.edited
    assert user.cells[0][LABEL] == "benign"
    assert "nodules 1.0 said: malignant, probability 0.62" in user.ui.detailsLabel.text
    assert f"Edited by {login_name()}" in user.ui.detailsLabel.text
    user.type(0, LABEL, "malignant")
    assert read_findings(find_table(scene))[0].corrected_label == ""
    flags = user.ui.findingsTable.item(0, SEGMENT).flags()
    assert not flags & qt.Qt.ItemIsEditable


def test_a_row_is_deleted_and_put_back(user: User, segmentation: Any) -> None:
    user.measure()
    user.click(0)
    assert not user.is_shown("undoRow")
    user.ui.deleteButton.click()
    assert [cells[0] for cells in user.cells] == ["Small"]
    assert user.ui.undoLabel.text == "Deleted the finding “Large”."
    user.ui.undoButton.click()
    assert [cells[0] for cells in user.cells] == ["Large", "Small"]
    assert not user.is_shown("undoRow")
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 2


def test_axes_are_shown_and_hidden(user: User, segmentation: Any, scene: Any) -> None:
    user.measure()
    assert not user.ui.axesBox.checked
    user.ui.axesBox.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 4
    user.ui.deleteButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2
    user.ui.undoButton.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 4
    user.ui.axesBox.click()
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 0


def test_findings_are_exported(user: User, segmentation: Any, tmp_path: Path) -> None:
    user.measure()
    unnamed, nowhere = str(tmp_path / "out"), str(tmp_path / "none" / "out.csv")
    user.host.answer_files(unnamed, str(tmp_path / "out.json"), "", nowhere, unnamed)
    user.ui.csvButton.click()
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as stream:
        assert [row["segment"] for row in csv.DictReader(stream)] == ["Large", "Small"]
    assert user.status == f"Wrote 2 findings to {tmp_path / 'out.csv'}."
    user.ui.jsonButton.click()
    text = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert [finding["segment"] for finding in json.loads(text)["findings"]] == ["Large", "Small"]
    assert '"CT"' not in text  # a volume may be called by its patient
    user.ui.csvButton.click()
    assert "out.json" in user.status
    user.ui.csvButton.click()
    assert "does not exist" in user.status
    user.host.answer("cancel")
    user.ui.csvButton.click()
    assert user.host.messages[-1].text == "“out.csv” exists already. Replace it?"
    assert "does not exist" in user.status
    user.ui.copyButton.click()
    assert user.host.slicer.app.clipboard().text().startswith("Segment 'Large', 9 × 4 mm on axial image")


def test_it_follows_the_scene(user: User, segmentation: Any, scene: Any) -> None:
    user.measure()
    segments = segmentation.GetSegmentation()
    segments.GetSegment(segments.GetSegmentIdBySegmentName("Small")).SetName("Little")
    segments.RemoveSegment(segments.GetSegmentIdBySegmentName("Large"))
    user.host.wait_until(lambda: [cells[0] for cells in user.cells] == ["Large (removed)", "Little"])
    user.click(0)
    assert "Its segment was removed" in user.ui.detailsLabel.text
    user.host.wait_until(lambda: "removed" in scene.GetFirstNodeByClass("vtkMRMLTableNode").GetCellText(0, 8))
    scene.RemoveNode(segmentation)
    user.host.wait_until(lambda: not user.ui.measureButton.enabled)
    user.click(1)
    assert "Its segment was removed" in user.ui.detailsLabel.text
    scene.Clear(False)
    assert user.cells == []


def test_a_scene_that_is_opened_again_shows_them(user: User, segmentation: Any, scene: Any, tmp_path: Path) -> None:
    from AutoLabelLib.scene.findings import find_table, read_findings
    from AutoLabelLib.scene.scene_files import write_scene

    user.measure()
    user.type(0, NOTE, 'a "note"\twith a tab')
    expected = read_findings(find_table(scene))
    write_scene(tmp_path / "case.mrb")
    again = opened(tmp_path / "case.mrb", tmp_path / "cache")
    assert read_findings(find_table(again)) == expected


def test_what_cannot_be_measured_is_said(user: User, segmentation: Any, scene: Any) -> None:
    from AutoLabelLib.scene.findings import find_table

    segments = segmentation.GetSegmentation()
    for name in ("Large", "Small"):
        segments.RemoveSegment(segments.GetSegmentIdBySegmentName(name))
    user.measure()
    assert "has no segments" in user.status
    segments.AddEmptySegment("", "Empty")
    user.measure()
    assert '"Empty" is empty' in user.status
    scene.RemoveNode(scene.GetFirstNodeByName("CT"))
    user.measure()
    assert user.status == "There is no volume to measure in. Load the one that the segments were drawn on."
    assert find_table(scene) is None
