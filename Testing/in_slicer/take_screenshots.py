"""Take the pictures for the README and the Extensions Manager in the real application.

    Slicer --no-splash --additional-module-paths AutoLabel --python-script Testing/in_slicer/take_screenshots.py FOLDER

It goes through the tutorial of the README as a person would: makes the chest phantom, starts the effect, clicks nodules
in the axial view, opens the results, classifies the nodules, asks why, and opens the findings.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
import vtk

SIZE = (1280, 860)
ZOOM = 0.5
CLICKED = (2, 0, 1)  # three of the nodules, the largest at last


def main(folder: Path) -> None:
    """Take all pictures, and quit."""
    folder.mkdir(parents=True, exist_ok=True)
    slicer.util.mainWindow().resize(*SIZE)
    slicer.util.setApplicationLogoVisible(False)
    slicer.util.findChild(slicer.util.mainWindow(), "DataProbeCollapsibleWidget").collapsed = True
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    volume_node, markups_node = chest()
    start_effect(volume_node)
    for number in CLICKED:
        click_nodule(markups_node, number)
    show_surfaces()
    save(folder / "effect.png")
    open_results()
    save(folder / "results.png")
    markups_node.GetDisplayNode().SetVisibility(False)
    classify()
    explain()
    save(folder / "classify.png")
    open_findings()
    save(folder / "findings.png")


def wait(seconds: float, until: Callable[[], Any] = lambda: False) -> None:
    """Let Slicer work for a time, or until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        slicer.app.processEvents()
        time.sleep(0.01)


def chest() -> tuple[Any, Any]:
    """Return the chest phantom's volume and markups nodes, made as the module Sample Data makes them."""
    from AutoLabelLib.gui import sample_data

    sample_data.load_chest_phantom()
    wait(180, lambda: slicer.mrmlScene.GetFirstNodeByName(sample_data.NODE_NAME) is not None)
    wait(1)
    return (
        slicer.util.getNode(sample_data.NODE_NAME),
        slicer.util.getNode(f"{sample_data.NODE_NAME}: nodules"),
    )


def start_effect(volume_node: Any) -> None:
    """Choose volume and model in the panel Interactive, and click its button."""
    slicer.util.selectModule("AutoLabel")
    wait(0.5)
    panel = slicer.modules.AutoLabelWidget.panel.panels["interactive"]
    panel.ui.volumeBox.setCurrentNode(volume_node)
    panel.ui.modelBox.currentIndex = panel.ui.modelBox.findText("lung_nodule_ct", qt.Qt.MatchStartsWith)
    wait(0.5)
    panel.ui.startButton.click()
    wait(1)


def click_nodule(markups_node: Any, number: int) -> None:
    """Bring a nodule into the axial view, click it, wait for the segment, and accept it."""
    show(markups_node, number)
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    x, y = pixel(markups_node.GetNthControlPointPositionVector(number))
    slicer.util.clickAndDrag(view, start=(x, y), end=(x, y), steps=0)
    editor = slicer.modules.SegmentEditorWidget.editor
    segmentation_node = editor.segmentationNode()
    segment_id = editor.currentSegmentID()
    wait(180, lambda: has_voxels(segmentation_node, segment_id))
    wait(1)
    segmentation = segmentation_node.GetSegmentation()
    segmentation.GetSegment(segment_id).SetName(f"Nodule N{number + 1}")
    if number != CLICKED[-1]:
        editor.setCurrentSegmentID(segmentation.AddEmptySegment())
        wait(0.5)


def has_voxels(segmentation_node: Any, segment_id: str) -> bool:
    """Return whether a segment has any voxel."""
    return bool(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation_node, segment_id).any())


def pixel(position_ras_mm: Any) -> tuple[int, int]:
    """Return where a position is in the axial view."""
    to_xy = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().GetXYToRAS(), to_xy)
    x, y, _z, _one = to_xy.MultiplyPoint([*position_ras_mm, 1.0])
    return round(x), round(y)


def show(markups_node: Any, number: int) -> None:
    """Bring a nodule into the slice views."""
    slicer.util.resetSliceViews()
    slicer.modules.markups.logic().JumpSlicesToNthPointInMarkup(markups_node.GetID(), number, False)
    wait(0.5)


def show_surfaces() -> None:
    """Show the segments in 3D, too."""
    slicer.modules.SegmentEditorWidget.editor.segmentationNode().CreateClosedSurfaceRepresentation()
    wait(1)
    slicer.app.layoutManager().threeDWidget(0).threeDView().resetFocalPoint()


def open_results() -> None:
    """Go back to the module, and show the results alone."""
    segmentation_node = slicer.modules.SegmentEditorWidget.editor.segmentationNode()
    slicer.util.selectModule("AutoLabel")
    panel = slicer.modules.AutoLabelWidget.panel
    for name in panel.panels:
        getattr(panel.ui, f"{name}Section").collapsed = True
    panel.shared.show_results(segmentation_node)


def classify() -> None:
    """Classify all segments, in the panel Classify alone."""
    panel = show_panel("classify")
    panel.ui.modelBox.currentIndex = panel.ui.modelBox.findText("lung_nodule_malignancy_ct", qt.Qt.MatchStartsWith)
    panel.ui.subjectBox.currentIndex = panel.ui.subjectBox.findText("Segments")
    run(panel.ui.runButton)


def explain() -> None:
    """Ask why the largest nodule was classified so."""
    slicer.util.resetSliceViews()
    for name in ("Red", "Yellow", "Green"):
        node = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()
        x, y, z = node.GetFieldOfView()
        node.SetFieldOfView(x * ZOOM, y * ZOOM, z)
    ui = slicer.modules.AutoLabelWidget.panel.panels["classify"].ui
    ui.findingBox.currentIndex = next(n for n in range(ui.findingBox.count) if f"N{CLICKED[-1] + 1}:" in text(ui, n))
    ui.methodBox.currentIndex = ui.methodBox.findText("Integrated", qt.Qt.MatchStartsWith)
    run(ui.explainButton)
    slicer.modules.AutoLabelWidget.panel.ui.panelsArea.ensureWidgetVisible(ui.whySection)


def text(ui: Any, number: int) -> str:
    """Return a finding as the panel offers it."""
    return str(ui.findingBox.itemText(number))


def open_findings() -> None:
    """Show the findings alone, the explained nodule chosen, with its axes instead of the heat."""
    from AutoLabelLib.scene.findings import find_table, read_findings

    slicer.modules.AutoLabelWidget.panel.panels["classify"].ui.shownBox.checked = False
    panel = show_panel("findings")
    panel.show(read_findings(find_table())[-1].id)
    panel.ui.axesBox.checked = True
    slicer.modules.AutoLabelWidget.panel.shared.report("")


def show_panel(name: str) -> Any:
    """Open one panel, close the others, and return it."""
    panel = slicer.modules.AutoLabelWidget.panel
    for other in panel.panels:
        getattr(panel.ui, f"{other}Section").collapsed = True
    panel.open_panel(name)
    wait(1)
    return panel.panels[name]


def run(button: Any) -> None:
    """Click a button, and wait for the end of its job."""
    button.click()
    wait(300, lambda: not slicer.modules.AutoLabelWidget.panel.runner.busy)
    wait(1)


def save(path: Path) -> None:
    """Save a picture of the window."""
    wait(1)
    slicer.util.mainWindow().grab().save(str(path))
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
    slicer.util.exit()
