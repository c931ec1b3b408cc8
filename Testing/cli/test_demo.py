from __future__ import annotations

import csv
import importlib.util
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from AutoLabelLib import api
from AutoLabelLib.cli import demo_scene
from AutoLabelLib.cli.demonstration import Demonstration, click_in, demonstrate, dice, layered
from AutoLabelLib.cli.main import main
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.phantom import chest
from AutoLabelLib.phantom.placement import Plan
from Testing.slicer_scene import opened

SPEC = ModelSpec(
    "stand_in", "1.0", "segmentation", (Channel("image", "CT", "HU"),), (Segment("Nodule", 1),), prompts=("point",)
)
PLANS = (Plan("solid", 14.0), Plan("lobulated", 20.0), Plan("solid", 12.0))
SEGMENTS = ("N1", "N2", "N3")


def thresholded(image: Image, click_ras_mm: tuple[float, float, float]) -> np.ndarray:
    """Return what is dense and connected to a click within 16 mm of it: a stand-in for the network."""
    from scipy import ndimage

    places = np.moveaxis(np.indices(image.spatial_shape), 0, -1) @ image.affine[:3, :3].T + image.affine[:3, 3]
    dense = (image.array[0] > -420) & (np.linalg.norm(places - click_ras_mm, axis=-1) < 16)
    parts, _ = ndimage.label(ndimage.binary_opening(dense))
    clicked = parts[tuple(np.rint(index_from_ras(image.affine, click_ras_mm)).astype(int))]
    return parts == clicked if clicked else np.zeros(image.spatial_shape, bool)


def stand_in_segment(
    image: Image, model: Any, prompts: list[tuple[float, float, float]], wait: bool, **options: Any
) -> Any:
    labelmap = Labelmap(thresholded(image, prompts[0])[None].astype(np.uint8), image.affine, SPEC.segments)
    given = Prompts.from_json({"points": [{"position": prompts[0]}]})
    result = Result("job", (labelmap,), warnings=("It is a stand-in.",), provenance={"prompts": given.to_json()})
    return pending(labelmap, result)


def pending(output: Any, result: Result) -> Any:
    return SimpleNamespace(on_progress=lambda show: None, wait=lambda: output, result=result, warnings=result.warnings)


def stand_in_classify(image: Image, model: Any, segment: list[str], **options: Any) -> Any:
    findings = tuple(
        Finding((0.0, 0.0, 0.0), (9.0, 9.0, 9.0), 0.8, "round", segment=name, model="stand_in 1.0", uncertain=doubt)
        for name, doubt in zip(segment, ("", "It is a stand-in.", ""), strict=True)
    )
    return pending(SimpleNamespace(findings=findings), Result("job"))


def stand_in_explain(image: Image, model: Any, method: str, segment: str, roi: Any, **options: Any) -> Any:
    heat = np.zeros((1, *image.spatial_shape), np.float32)
    heat[0, SEGMENTS.index(segment)] = 0.5
    return pending(Image(heat, image.affine), Result("job"))


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = partial(chest.chest_phantom, plans=PLANS, shape_ijk=(198, 142, 70), spacing_mm=(1.7, 1.7, 2.7))
    monkeypatch.setattr(chest, "chest_phantom", coarse)
    monkeypatch.setattr(catalogue, "find", lambda name: SPEC)
    monkeypatch.setattr(api, "segment", stand_in_segment)
    monkeypatch.setattr(api, "classify", stand_in_classify)
    monkeypatch.setattr(api, "explain", stand_in_explain)


def run(*words: str) -> int:
    return main(["demo", *words])


def test_demo_writes_scene_picture_and_table(
    stand_in: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    from AutoLabelLib.scene.findings import find_table, read_findings
    from AutoLabelLib.scene.heatmaps import heatmaps_of
    from AutoLabelLib.scene.offscreen import working_window

    assert run("--output", str(tmp_path / "out")) == 0
    printed = capsys.readouterr()
    assert "synthetic" in printed.out
    assert "It is a stand-in." in printed.err
    with (tmp_path / "out" / "nodules.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == list(SEGMENTS)
    assert all(abs(float(row["error_percent"])) < 25 for row in rows)
    assert [row["class"] for row in rows] == ["round"] * 3
    assert "uncertain 0.80" in printed.out
    assert (tmp_path / "out" / "demo.png").is_file() == (working_window() is not None)

    scene = opened(tmp_path / "out" / "demo.mrb", tmp_path / "cache")
    volume_node = slicer.util.getNode("Synthetic chest CT")
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert red.GetBackgroundVolumeID() == volume_node.GetID()
    segmentation = slicer.util.getNode("Nodules").GetSegmentation()
    assert [segmentation.GetNthSegment(n).GetName() for n in range(3)] == list(SEGMENTS)
    findings = read_findings(find_table(scene))
    assert [finding.segment for finding in findings] == list(SEGMENTS)
    assert findings[1].uncertain == "It is a stand-in."
    (heatmap,) = heatmaps_of(volume_node)
    np.testing.assert_allclose(slicer.util.arrayFromVolume(heatmap).max(axis=(0, 1))[:4], (0.5, 0.5, 0.5, 0), atol=1e-6)
    clicks = slicer.util.getNode("Clicks")
    assert clicks.GetNthControlPointPosition(0) == pytest.approx([float(rows[0][f"click_{axis}_mm"]) for axis in "ras"])


def test_demo_without_slicer_writes_plain_files_and_says_so(
    stand_in: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "slicer" else found(name, *a))
    assert run("--output", str(tmp_path), "--json", "--seed", "2") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["synthetic"] is True
    assert [nodule["name"] for nodule in summary["nodules"]] == list(SEGMENTS)
    assert [finding["segment"] for finding in summary["findings"]] == list(SEGMENTS)
    assert "autolabel[slicer]" in summary["remarks"][0]
    assert {path.name for path in tmp_path.iterdir()} == {"nodules.csv", "chest_ct.nrrd", "nodules.seg.nrrd"}


def test_an_output_folder_that_cannot_be_made_is_told_before_anything_is_computed(
    stand_in: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chest, "chest_phantom", lambda seed: pytest.fail("it was rendered"))
    (tmp_path / "file").write_text("")
    assert run("--output", str(tmp_path / "file")) == 1
    assert "cannot be made" in capsys.readouterr().err


def test_clicks_differ_by_seed_and_stay_inside() -> None:
    nodule = chest.Nodule("N1", "solid", (10.0, 20.0, 30.0), 8.0, 0.268)
    clicks = np.array([click_in(nodule, np.random.default_rng(seed)) for seed in range(50)])
    away = np.linalg.norm(clicks - nodule.center_ras_mm, axis=1)
    assert away.max() <= 0.31 * nodule.diameter_mm
    assert len(np.unique(clicks, axis=0)) > 40


def test_dice() -> None:
    first, second = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert dice(first, second) == 0.5
    assert dice(first, first) == 1
    assert dice(~first & first, second & ~second) == 1


def test_segments_that_overlap_go_into_layers() -> None:
    masks = [np.zeros((4, 4, 4), bool) for _ in range(3)]
    masks[0][:2], masks[1][1:3], masks[2][3:] = True, True, True
    labelmap = layered(masks, ["a", "b", "c"], SPEC, np.eye(4))
    assert [segment.layer for segment in labelmap.segments] == [0, 1, 0]
    for mask, segment in zip(masks, labelmap.segments, strict=True):
        assert np.array_equal(labelmap.mask(segment), mask)


def test_each_segment_keeps_its_own_click(stand_in: None) -> None:
    phantom = chest.chest_phantom(1)
    demonstration: Demonstration = demonstrate(
        phantom, SPEC, 1, lambda pending, label: (pending.wait(), pending.result)
    )
    assert demonstration.warnings == ("It is a stand-in.",)
    for row in demonstration.measurements:
        assert str(row.click_ras_mm[0]) in demonstration.tags[row.name]["AutoLabel.Prompts"]
    assert len({tags["AutoLabel.Prompts"] for tags in demonstration.tags.values()}) == len(SEGMENTS)


def test_a_missed_nodule_is_reported_as_such(
    stand_in: None, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    monkeypatch.setattr(demo_scene, "picture", lambda *_: b"")
    monkeypatch.setitem(globals(), "thresholded", lambda image, click: np.zeros(image.spatial_shape, bool))
    assert run("--output", str(tmp_path)) == 0
    captured = capfd.readouterr()
    assert captured.out.count("-100.0") == len(SEGMENTS)
    assert "ERR|" not in captured.err
