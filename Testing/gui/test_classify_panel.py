"""The panel Classify, driven as a user would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from AutoLabelLib.scene import heatmaps
from AutoLabelLib.scene.findings import find_table, read_findings
from AutoLabelLib.scene.views import slice_logic
from Testing.gui.classifying import DOUBT, Classifying, asked, classifying, compared
from Testing.host.pictures import cut_texts

__all__ = ["classifying"]


def judge_segments(user: Classifying, *names: str) -> Any:
    """Classify new segments, which are chosen by themselves; return their node."""
    node = user.add_segments(*names)
    user.module.enter()  # back from where they were made
    assert user.ui.segmentationBox.currentNode() is node
    user.ui.runButton.click()
    user.wait()
    return node


def test_the_first_model_for_the_volume_is_chosen(classifying: Classifying) -> None:
    assert classifying.texts("modelBox")[-1] == "a_mr (MR)"
    assert classifying.ui.modelBox.currentText != "a_mr (MR)"
    classifying.choose("modelBox", "a_mr")
    assert "was made for MR, but the volume is CT" in classifying.ui.reasonLabel.text
    assert not classifying.ui.runButton.enabled


def test_all_segments_are_classified_and_doubt_is_told(classifying: Classifying) -> None:
    judge_segments(classifying, "One", "Two")

    text = classifying.ui.resultLabel.text
    assert "One: round, probability 0.90" in text
    assert "Two: uncertain; round with probability 0.60" in text
    assert DOUBT in text
    assert classifying.status.startswith("2 findings in ")
    table = find_table(classifying.scene)
    assert [finding.segment for finding in read_findings(table)] == ["One", "Two"]


def test_one_segment_can_be_chosen(classifying: Classifying) -> None:
    classifying.choose("modelBox", "shape_any")
    classifying.add_segments("One", "Two")
    classifying.choose("subjectBox", "Segments")
    assert classifying.texts("segmentBox") == ["All segments", "One", "Two"]
    classifying.choose("segmentBox", "Two")
    classifying.ui.runButton.click()
    classifying.wait()

    assert [segment.name for segment in asked[-1].labelmaps[0].segments] == ["Two"]


def test_what_is_clicked_is_segmented_and_classified(classifying: Classifying) -> None:
    classifying.choose("modelBox", "shape_any")
    classifying.choose("subjectBox", "What I click")
    assert classifying.ui.runButton.text == "Click on it…"
    classifying.ui.runButton.click()
    assert "press here to stop" in classifying.ui.runButton.text
    points = classifying.scene.GetNthNodeByClass(0, "vtkMRMLMarkupsFiducialNode")
    points.AddControlPoint(4, 5, 6)
    assert points.GetScene() is not None  # Slicer goes on drawing it until the event is over
    classifying.host.wait_until(lambda: bool(asked))
    classifying.wait()

    assert asked[-1].prompts.points[0].position_ras_mm == (4, 5, 6)
    assert classifying.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    assert "Clicked: round" in classifying.ui.resultLabel.text
    assert classifying.ui.segmentationBox.currentNode().GetSegmentation().GetNumberOfSegments() == 1


def test_the_click_can_be_given_up(classifying: Classifying) -> None:
    classifying.choose("modelBox", "shape_any")
    classifying.choose("subjectBox", "What I click")
    mouse = classifying.scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    ways = (
        mouse.SwitchToViewTransformMode,
        classifying.ui.runButton.click,
        classifying.module.exit,
        classifying.press_esc,
    )
    for give_up in ways:
        classifying.ui.runButton.click()
        give_up()
        classifying.host.process_events()
        assert classifying.ui.runButton.text == "Click on it…"
        assert mouse.GetCurrentInteractionMode() == mouse.ViewTransform
        assert classifying.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    assert not asked


def test_a_whole_volume_or_a_region_is_classified(classifying: Classifying) -> None:
    classifying.choose("modelBox", "view_any")
    assert classifying.texts("subjectBox")[:2] == ["The whole volume", "A region"]
    classifying.ui.runButton.click()
    classifying.wait()
    assert "Whole volume: round" in classifying.ui.resultLabel.text, classifying.status

    classifying.choose("subjectBox", "A region")
    assert "region" in classifying.ui.reasonLabel.text
    roi = classifying.scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Region")
    roi.SetCenter(5, 5, 4)
    roi.SetSize(4, 4, 4)
    classifying.ui.roiBox.setCurrentNode(roi)
    classifying.ui.runButton.click()
    classifying.wait()
    assert asked[-1].options["box"] == [[3, 3, 2], [7, 7, 6]]
    assert classifying.ui.resultLabel.text.startswith("Region: round")
    classifying.ui.explainButton.click()
    classifying.wait()
    assert asked[-1].options["box"] == [[4, 4, 4], [6, 6, 6]]  # where the finding is


def test_what_cannot_be_classified_says_why(classifying: Classifying) -> None:
    classifying.choose("modelBox", "shape_any")
    assert classifying.ui.subjectBox.currentText == "What I click"  # there is no segment yet
    classifying.choose("subjectBox", "Segments")
    assert classifying.ui.reasonLabel.text == "Choose a segmentation."
    assert not classifying.ui.runButton.enabled
    classifying.ui.segmentationBox.setCurrentNode(classifying.scene.AddNewNodeByClass("vtkMRMLSegmentationNode"))
    assert "no segments" in classifying.ui.reasonLabel.text
    classifying.ui.volumeBox.setCurrentNode(None)
    assert classifying.ui.reasonLabel.text == "Choose a volume."


def test_an_answer_is_explained_by_heat_that_can_be_adjusted(classifying: Classifying) -> None:
    slice_logic(classifying.volume, "Red")
    segments = judge_segments(classifying, "One", "Two")
    assert not classifying.ui.heatWidget.isVisibleTo(classifying.panel.widget)
    classifying.choose("findingBox", "Two")
    classifying.choose("methodBox", "Occlusion")
    classifying.ui.explainButton.click()
    classifying.wait()

    job = asked[-1]
    assert (job.options["method"], job.options["target"]) == ("occlusion", "round")
    assert [segment.name for segment in job.labelmaps[0].segments] == ["Two"]
    assert "better than chance" in classifying.ui.explainedLabel.text
    assert "it is large" in classifying.ui.explainedLabel.text
    (heat,) = heatmaps.heatmaps_of(classifying.volume)
    classifying.host.process_events()
    boxes = [classifying.module.panel.panels[name].ui.volumeBox for name in ("segment", "interactive", "classify")]
    assert [box.nodeCount() for box in boxes] == [1, 1, 1]
    classifying.ui.explainButton.click()
    classifying.wait()
    (heat,) = heatmaps.heatmaps_of(classifying.volume)  # instead of the one that said the same
    classifying.ui.opacitySlider.value = 0.3
    classifying.ui.thresholdSlider.value = 0.5
    assert abs(heatmaps.opacity_of(heat) - 0.3) < 1e-6
    assert abs(heatmaps.threshold_of(heat) - 0.5) < 1e-6
    display, two = segments.GetDisplayNode(), segments.GetSegmentation().GetSegmentIdBySegmentName("Two")
    assert not display.GetSegmentVisibility2DFill(two)
    classifying.ui.shownBox.click()
    assert display.GetSegmentVisibility2DFill(two)
    classifying.ui.removeHeatButton.click()
    assert not heatmaps.heatmaps_of(classifying.volume)
    assert not classifying.ui.heatWidget.isVisibleTo(classifying.panel.widget)


def test_a_closed_scene_takes_everything_along(classifying: Classifying) -> None:
    judge_segments(classifying, "One")
    classifying.ui.explainButton.click()
    classifying.wait()
    classifying.scene.Clear(False)
    classifying.host.process_events()
    assert not classifying.ui.resultLabel.isVisibleTo(classifying.panel.widget)
    assert classifying.texts("findingBox") == []


def charts_shown(scene: Any) -> str:
    """Return the name of the chart in the plot view."""
    view = scene.GetNthNodeByClass(0, "vtkMRMLPlotViewNode")
    return str(view.GetPlotChartNode().GetName())


def test_classifiers_are_compared_and_their_plots_shown(classifying: Classifying, tmp_path: Path) -> None:
    classifying.ui.compareSection.collapsed = False
    assert not classifying.ui.compareButton.enabled
    classifying.scene.AddNewNodeByClass("vtkMRMLPlotViewNode")
    classifying.ui.casesPath.currentPath = str(tmp_path / "cases.csv")
    classifying.ui.reportPath.currentPath = str(tmp_path / "report")
    classifying.ui.compareButton.click()
    classifying.wait()

    assert asked[-1].options["cases"] == str(tmp_path / "cases.csv")
    assert classifying.ui.comparedLabel.text.splitlines() == [
        "Best: Svm, AUC 0.750 [0.500, 0.900]",
        "Baseline, AUC 0.750 [0.500, 0.900]",
    ]
    assert charts_shown(classifying.scene) == "Comparison: ROC"
    classifying.choose("chartBox", "Calibration")
    assert charts_shown(classifying.scene) == "Comparison: Calibration"
    assert classifying.ui.reportButton.isVisibleTo(classifying.panel.widget)


def test_a_comparison_that_was_made_before_is_opened(classifying: Classifying, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "comparison.json").write_text(json.dumps(compared()), encoding="utf-8")
    classifying.host.answer_files(str(tmp_path / "other.json"), str(tmp_path / "comparison.json"))
    classifying.ui.openComparisonButton.click()
    assert "is not a comparison" in classifying.status
    classifying.ui.openComparisonButton.click()
    assert "Svm" in classifying.ui.comparedLabel.text
    assert classifying.texts("chartBox") == ["ROC", "Precision and recall", "Calibration"]


def test_no_text_is_cut(classifying: Classifying, tmp_path: Any) -> None:
    judge_segments(classifying, "One", "Two")
    classifying.ui.explainButton.click()
    classifying.wait()
    classifying.host.save_picture(classifying.panel.widget, tmp_path / "classify.png", width=320)
    assert cut_texts(classifying.panel.widget) == []
