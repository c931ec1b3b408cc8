"""Whatever cannot be segmented: one clear sentence in the module, no traceback, nothing changed in the scene."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.client import memory
from AutoLabelLib.core.image import Image
from Testing.gui.segmenting import Segmenting, add_image, bright_voxels, failing, module, segmentations, worker
from Testing.slicer_scene import GRIDS, add_transform

__all__ = ["module", "worker"]


@pytest.fixture
def user(host: Any, module: Any) -> Segmenting:
    return Segmenting(host, module)


def is_one_sentence_with_a_way_out(text: str) -> bool:
    return "\n" not in text and "Traceback" not in text and "Error:" not in text and 1 <= text.count(". ") + 1 <= 3


def contents(scene: Any) -> list[tuple[str, int]]:
    """Every node but the module's own and the views', with the time of its last change."""
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    kinds = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTransformNode", "vtkMRMLMarkupsNode")
    return [(node.GetID(), node.GetMTime()) for node in nodes if any(node.IsA(kind) for kind in kinds)]


def test_no_volume(user: Segmenting) -> None:
    assert not user.ui.runButton.enabled
    assert user.reason == "Choose a volume."


def test_a_volume_without_voxels(user: Segmenting, scene: Any) -> None:
    user.ui.volumeBox.setCurrentNode(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty"))
    user.ui.modelList.setCurrentRow(0)
    assert user.reason == 'The volume "Empty" has no voxels. Load it again.'


def test_a_single_slice(user: Segmenting, scene: Any) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    user.choose(volume_from_image(Image(np.zeros((1, 9, 7, 1), np.int16), np.eye(4), "MR"), "Slice", scene))
    assert "only one slice" in user.reason


def test_a_colour_volume(user: Segmenting, scene: Any) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    photo = volume_from_image(Image(np.zeros((3, 9, 7, 5), np.uint8), np.eye(4)), "Photo", scene)
    user.choose(photo)
    assert "colour volume" in user.reason


@pytest.mark.parametrize(("value", "said"), [(0.0, "the same value"), (np.nan, "NaN or infinite")])
def test_voxels_that_say_nothing_are_refused_when_the_button_is_clicked(
    user: Segmenting, scene: Any, value: float, said: str
) -> None:
    from AutoLabelLib.scene.volumes import volume_from_image

    voxels = np.full((1, 9, 7, 5), value, np.float32)
    user.choose(volume_from_image(Image(voxels, np.eye(4), "MR"), "Flat", scene))
    before = contents(scene)
    user.start()
    assert not user.panel.runner.busy
    assert said in user.status
    assert is_one_sentence_with_a_way_out(user.status)
    assert contents(scene) == before


def test_a_volume_for_which_there_is_no_memory(user: Segmenting, scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 100)
    user.choose(add_image(scene))
    assert user.reason.startswith("The volume is too large: ")
    assert user.reason.endswith("Choose a region of interest in it, or close other programs.")


@pytest.mark.parametrize("transform", ["thin plate", "grid"])
def test_a_volume_under_a_non_linear_transform_works_and_says_how(user: Segmenting, scene: Any, transform: str) -> None:
    volume = add_image(scene, affine=GRIDS["oblique"])
    user.choose(volume)
    node = add_transform(scene, transform)
    volume.SetAndObserveTransformNodeID(node.GetID())
    assert user.ui.runButton.enabled
    assert "under a non-linear transform" in user.reason
    assert "the result is put under the same transform" in user.reason
    user.run()
    (segmentation,) = segmentations(scene)
    assert segmentation.GetParentTransformNode() is node
    voxels = np.arange(np.prod((9, 7, 5))).reshape(9, 7, 5)
    np.testing.assert_array_equal(bright_voxels(segmentation, volume), voxels > 100)


def test_an_output_on_the_other_side_of_a_non_linear_transform(user: Segmenting, scene: Any) -> None:
    volume = add_image(scene)
    user.choose(volume)
    user.ui.outputBox.setCurrentNode(scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mine"))
    assert user.ui.runButton.enabled
    volume.SetAndObserveTransformNodeID(add_transform(scene, "thin plate").GetID())
    assert not user.ui.runButton.enabled
    assert "A non-linear transform lies between" in user.reason


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("disk", "disk"),
        ("torch", '"torch" is needed for this, but it is not installed. Open the panel Setup'),
        ("memory", "not enough memory"),
        ("bug", "nobody foresaw"),
        ("input", "The input is wrong. Take another."),
    ],
)
def test_what_goes_wrong_in_the_worker_is_one_sentence(user: Segmenting, scene: Any, failure: str, said: str) -> None:
    user.choose(add_image(scene))
    before = contents(scene)
    failing.append(failure)
    user.run()
    assert said in user.status
    assert is_one_sentence_with_a_way_out(user.status)
    assert "Miller" not in user.status
    assert contents(scene) == before
    assert user.ui.runButton.enabled


def test_a_model_that_was_removed_meanwhile(user: Segmenting, scene: Any) -> None:
    import shutil

    from AutoLabelLib.core.locations import user_data

    user.choose(add_image(scene))
    shutil.rmtree(user_data() / "models" / "bright_mr")
    user.start()
    assert user.status.startswith('There is no model "bright_mr".')
    user.panel.shared.models_changed()
    assert user.reason == "Choose a model."


def test_a_huge_volume_keeps_the_window_free(user: Segmenting, scene: Any) -> None:
    """512 x 512 x 400 voxels: the button is enabled at once, and the click takes no longer than a copy of them."""
    from AutoLabelLib.scene.volumes import volume_from_image

    rows = np.arange(512, dtype=np.int16)
    voxels = np.broadcast_to(rows, (400, 512, 512)).T[np.newaxis]
    volume = volume_from_image(Image(voxels, np.eye(4), "MR"), "Huge", scene)
    started = time.perf_counter()
    user.choose(volume)
    volume.Modified()
    choosing_seconds = time.perf_counter() - started
    started = time.perf_counter()
    array = np.array(voxels)
    copying_seconds = time.perf_counter() - started
    del array
    started = time.perf_counter()
    user.start()
    starting_seconds = time.perf_counter() - started
    user.panel.ui.cancelButton.click()
    user.wait()
    assert choosing_seconds < 0.5
    assert starting_seconds < 0.5 + 4 * copying_seconds
