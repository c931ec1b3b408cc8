"""The module as Slicer loads, opens, reloads and unloads it; and what becomes of a job when something goes away."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from AutoLabelLib.client import default_worker
from Testing.gui.segmenting import ROOT, Segmenting, add_image, go_on, module, segmentations, worker, write_bundle

__all__ = ["module", "worker"]


@pytest.fixture
def user(host: Any, module: Any) -> Segmenting:
    return Segmenting(host, module)


@pytest.fixture
def job(user: Segmenting, scene: Any) -> Any:
    """A job in the middle of its work, for the volume "Head"; gives its handle."""
    user.choose(add_image(scene))
    user.start_long_job()
    return user.panel.runner._pending.handle


def is_idle(user: Segmenting) -> bool:
    return not user.panel.runner.busy and not user.panel.ui.progressBar.isVisibleTo(user.panel.widget)


def test_the_module_says_what_slicer_asks(host: Any) -> None:
    loaded = host.load_module(ROOT / "AutoLabel" / "AutoLabel.py")
    assert loaded.title == "AutoLabel"
    assert loaded.categories == ["Segmentation"]


def test_the_self_test_passes(host: Any, module: Any) -> None:
    host.slicer.selfTests["AutoLabel"]()


def test_panels_open_and_close_by_themselves(user: Segmenting) -> None:
    ui = user.panel.ui
    assert not ui.segmentSection.collapsed
    assert ui.resultsSection.collapsed
    user.panel.shared.open_panel("results")
    assert not ui.resultsSection.collapsed
    assert not ui.segmentSection.collapsed


def test_the_panels_are_never_narrower_than_what_is_in_them(user: Segmenting) -> None:
    """Slicer gives a module as much width as it asks for, and a scroll area asks for next to nothing."""
    ui = user.panel.ui
    for name in user.panel.panels:
        user.panel.open_panel(name)
    needed = ui.panelsWidget.minimumSizeHint.width() + ui.panelsArea.verticalScrollBar().sizeHint.width()
    assert ui.panelsArea.minimumWidth >= needed


def test_a_notice_is_shown_until_it_is_taken_back(user: Segmenting) -> None:
    ui = user.panel.ui
    user.panel.shared.notice("")
    assert not ui.noticeBar.isVisibleTo(user.panel.widget)
    user.panel.shared.notice("PyTorch is not installed.")
    assert ui.noticeBar.isVisibleTo(user.panel.widget)
    assert ui.noticeLabel.text == "PyTorch is not installed."
    ui.noticeButton.click()
    assert not ui.setupSection.collapsed


def test_a_second_job_is_refused_while_one_runs(user: Segmenting, job: Any) -> None:
    failed: list[Any] = []
    begun: list[Any] = []
    started = user.panel.runner.start(
        lambda: begun.append(1), what="Another", on_done=lambda *_: None, on_failed=failed.append
    )
    assert started is None
    assert begun == []
    assert str(failed[0]) == "Segmenting Head is not finished yet. Wait for it, or cancel it first."
    assert job.state == "running"


def test_a_job_goes_on_while_the_user_is_in_another_module(user: Segmenting, job: Any, scene: Any) -> None:
    user.module.exit()
    go_on.set()
    user.wait()
    assert len(segmentations(scene)) == 1


def test_closing_the_scene_drops_the_job_with_a_word(user: Segmenting, job: Any, scene: Any) -> None:
    scene.Clear(False)
    assert is_idle(user)
    assert user.status == "The scene was closed: Segmenting Head was stopped, and its result was dropped."
    user.host.wait_until(lambda: job.state == "cancelled")
    go_on.set()
    user.host.process_events(0.2)
    assert segmentations(scene) == []
    assert user.reason == "Choose a volume."


def test_a_new_scene_with_nodes_of_the_same_id_gets_nothing(user: Segmenting, job: Any, scene: Any) -> None:
    scene.Clear(False)
    again = add_image(scene, "Other head")
    assert again.GetID() == "vtkMRMLScalarVolumeNode1"
    go_on.set()
    user.host.process_events(0.3)
    assert segmentations(scene) == []


def test_closing_the_scene_leaves_a_job_alone_that_is_not_for_it(user: Segmenting, scene: Any) -> None:
    import AutoLabelLib as al

    go_on.clear()
    done: list[Any] = []
    image = _image()
    user.panel.runner.start(
        lambda: al.segment(image, "bright_mr", wait=False),
        what="Testing",
        on_done=lambda output, pending: done.append(output),
        on_failed=done.append,
        for_scene=False,
    )
    scene.Clear(False)
    go_on.set()
    user.wait()
    assert done[0].same_grid(image)


def test_deleting_the_volume_in_mid_job_is_said_in_one_sentence(user: Segmenting, job: Any, scene: Any) -> None:
    scene.RemoveNode(scene.GetFirstNodeByName("Head"))
    assert is_idle(user)
    assert user.status == "Segmenting Head was stopped, because “Head” was deleted."
    user.host.wait_until(lambda: job.state == "cancelled")
    go_on.set()
    user.host.process_events(0.2)
    assert segmentations(scene) == []


def test_deleting_the_output_in_mid_job_is_said_in_one_sentence(user: Segmenting, scene: Any) -> None:
    volume = add_image(scene)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine")
    user.choose(volume)
    user.ui.outputBox.setCurrentNode(node)
    user.start_long_job()
    scene.RemoveNode(node)
    assert user.status == "Segmenting Head was stopped, because “Mine” was deleted."
    go_on.set()
    user.host.process_events(0.3)
    assert segmentations(scene) == []


def test_what_was_said_of_a_scene_goes_with_it(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    user.run()
    assert user.status
    scene.Clear(False)
    assert user.status == ""
    assert not user.panel.ui.resultsButton.isVisibleTo(user.panel.widget)


def test_a_volume_that_was_moved_in_mid_job_takes_its_segments_along(user: Segmenting, job: Any, scene: Any) -> None:
    from AutoLabelLib.scene.transforms import vtk_matrix
    from Testing.slicer_scene import make_affine

    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(vtk_matrix(make_affine(origin_mm=(50.0, 0.0, 0.0))))
    scene.GetFirstNodeByName("Head").SetAndObserveTransformNodeID(transform.GetID())
    go_on.set()
    user.wait()
    assert segmentations(scene)[0].GetParentTransformNode() is transform


def test_a_volume_that_was_cropped_in_mid_job_is_not_written_to(user: Segmenting, job: Any, scene: Any) -> None:
    import vtk

    image = vtk.vtkImageData()
    image.SetDimensions(3, 3, 3)
    image.AllocateScalars(vtk.VTK_SHORT, 1)
    scene.GetFirstNodeByName("Head").SetAndObserveImageData(image)
    go_on.set()
    user.wait()
    assert segmentations(scene) == []
    assert "changed while it was being segmented" in user.status


def test_reloading_the_module_ends_the_job_and_the_new_one_works(
    user: Segmenting, job: Any, scene: Any, host: Any
) -> None:
    old = user.panel
    host.slicer.util.reloadScriptedModule("AutoLabel")
    again = Segmenting(host, host.slicer.util.getModuleWidget("AutoLabel"))
    host.wait_until(lambda: job.state == "cancelled")
    go_on.set()
    host.process_events(0.2)
    assert again.panel is not old
    assert segmentations(scene) == []
    again.module.enter()
    again.choose(scene.GetFirstNodeByName("Head"))
    again.run()
    assert len(segmentations(scene)) == 1


def test_unloading_the_module_ends_the_job(user: Segmenting, job: Any, host: Any) -> None:
    host.unload_modules()
    host.wait_until(lambda: job.state == "cancelled")
    assert user.module.panel is None


def test_quitting_ends_the_job(user: Segmenting, job: Any, host: Any, scene: Any) -> None:
    host.slicer.app.aboutToQuit.emit()
    host.wait_until(lambda: job.state == "cancelled")
    go_on.set()
    host.process_events(0.2)
    assert segmentations(scene) == []
    user.panel.cleanup()  # Slicer unloads the module afterwards


def test_nothing_of_the_scene_is_held_after_the_cleanup(user: Segmenting, scene: Any) -> None:
    user.choose(add_image(scene))
    panel = user.panel
    user.module.cleanup()
    assert panel.panels["segment"].Observations == []
    assert panel.panels["results"].Observations == []
    assert user.module.Observations == []
    scene.Clear(False)


def test_an_old_slicer_is_told_to_be_updated(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 10, "final", 0))
    opened = host.open_module(host.load_module(ROOT / "AutoLabel" / "AutoLabel.py"))
    texts = [label.text for label in opened.parent.findChildren("QLabel")]
    assert any("needs 3D Slicer 5.10 or newer" in text for text in texts)
    opened.enter()
    opened.exit()
    host.slicer.mrmlScene.Clear(False)
    opened.cleanup()


def test_the_logic_segments_without_a_panel(host: Any, worker: Any, scene: Any) -> None:
    write_bundle("bright_mr", "MR")
    loaded = host.load_module(ROOT / "AutoLabel" / "AutoLabel.py")
    logic = sys.modules[type(loaded.self()).__module__].AutoLabelLogic() if hasattr(loaded, "self") else None
    if logic is None:
        pytest.skip("the host does not show the module's Python file")
    assert logic.segment(add_image(scene), "bright_mr").IsA("vtkMRMLSegmentationNode")
    assert default_worker() is worker


def _image() -> Any:
    import numpy as np

    from AutoLabelLib.core.image import Image

    return Image(np.arange(60, dtype=np.int16).reshape(1, 3, 4, 5), np.eye(4), "MR")
