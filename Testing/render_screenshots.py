"""Render each panel by itself, with real results in it, as it looks in Slicer's module panel.

    python -m Testing.render_screenshots [FOLDER] [--width PIXELS] [--dark]

Slicer's window is the test host's; the scene, the segments and the figures are real: the chest phantom, its nodules
segmented from a click each by the bundled model; and, where AUTOLABEL_TEST_DATA names the folder of the real images, a
hippocampus in the panel Segment. Pictures of the whole application come from
Testing/in_slicer/take_screenshots.py.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, SCALE = 720, 1.5
NODULES = 4


def main() -> None:
    """Render every panel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "Resources" / "Screenshots" / "panels")
    parser.add_argument("--width", type=int, default=440, metavar="PIXELS")
    parser.add_argument("--dark", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOLABEL_HOME"] = folder  # the user's own models and choices are not for the web
        from Testing.host.session import running_host

        with running_host(Path(folder)) as host:
            render(host, arguments.folder, arguments.width, arguments.dark)


def render(host: Any, target: Path, width: int, dark: bool) -> None:
    """Open the module on a segmented chest, and save a picture of each panel."""
    widget = host.open_module(host.load_module(ROOT / "AutoLabel" / "AutoLabel.py"))
    panel = widget.panel
    volume_node, segmentation_node = segmented_chest()
    for name, shown in panel.panels.items():
        for other in panel.panels:
            getattr(panel.ui, f"{other}Section").collapsed = other != name
        if name == "segment":
            choose(shown.ui, hippocampus() or volume_node)
        if name in ("interactive", "classify"):  # which took over the hippocampus
            shown.ui.volumeBox.setCurrentNode(volume_node)
        if name == "results":
            panel.shared.show_results(segmentation_node)
        if name == "findings":
            measure(volume_node, segmentation_node)
        host.process_events(0.3)
        print(host.save_picture(panel.widget, target / f"{name}.png", width, dark, height=HEIGHT, scale=SCALE))


def choose(ui: Any, volume_node: Any) -> None:
    """Choose a volume in the panel Segment, and the first model that can be used with it."""
    ui.volumeBox.setCurrentNode(volume_node)
    usable = (row for row in range(ui.modelList.count) if ui.modelList.item(row).flags() & qt_enabled())
    ui.modelList.setCurrentRow(next(usable, -1))


def measure(volume_node: Any, segmentation_node: Any) -> None:
    """Fill the findings table, and let a person say something about the first finding."""
    import AutoLabelLib
    from AutoLabelLib.scene.findings import edit_finding, find_table

    first, *_ = AutoLabelLib.measure(volume_node, segmentation_node)
    edit_finding(find_table(), first.id, note="new since 2024", label="suspicious", author="reader")


def qt_enabled() -> Any:
    """Return Qt's flag of an item that can be used; qt is there only while the host runs."""
    import qt

    return qt.Qt.ItemIsEnabled


def hippocampus() -> Any:
    """Return the volume node of a real T1 image around a hippocampus; None where there are no real images."""
    import slicer

    folder = os.environ.get("AUTOLABEL_TEST_DATA")
    images = sorted(Path(folder, "hippocampus_mr", "images").glob("*.nii.gz")) if folder else []
    if not images:
        return None
    volume_node = slicer.modules.volumes.logic().AddArchetypeVolume(str(images[0]), "T1 hippocampus")
    volume_node.SetAttribute("DICOM.Modality", "MR")
    return volume_node


def segmented_chest() -> tuple[Any, Any]:
    """Return the chest phantom's volume node, and a segmentation of its largest nodules from a click each."""
    import AutoLabelLib
    from AutoLabelLib.gui.sample_data import chest_phantom

    pending = chest_phantom()
    volume_node = pending.wait()
    nodules: Any = pending.result.values["nodules"] if pending.result is not None else []
    segmentation_node = None
    for nodule in sorted(nodules, key=lambda nodule: -nodule["volume_ml"])[:NODULES]:
        segmentation_node = AutoLabelLib.segment(
            volume_node,
            "lung_nodule_ct",
            [tuple(nodule["center_ras_mm"])],
            segmentation=segmentation_node,
            same_name="add",
        )
        segments = segmentation_node.GetSegmentation()
        segments.GetNthSegment(segments.GetNumberOfSegments() - 1).SetName(f"Nodule {nodule['name']}")
    return volume_node, segmentation_node


if __name__ == "__main__":
    main()
