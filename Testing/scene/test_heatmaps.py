"""Heat over a volume, in the scene: where it lies, what it knows, how it is shown and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from Testing.slicer_scene import GRIDS, SHAPE, add_transform, add_volume, opened

TAGS = {"AutoLabel.Model": "m", "AutoLabel.Options": '{"method": "gradcam"}', "DICOM.SegmentAlgorithmType": "AUTOMATIC"}


def heat_on(volume_node: Any) -> Image:
    from AutoLabelLib.scene.volumes import grid_of

    values = np.zeros((1, *SHAPE), np.float32)
    values[0, 2, 3, 1] = 1.0
    return Image(values, grid_of(volume_node).affine)


def shown(volume_node: Any, name: str = "heat") -> Any:
    from AutoLabelLib.scene.heatmaps import show_heatmap

    return show_heatmap(volume_node, heat_on(volume_node), name, TAGS)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("transform", ["none", "linear", "grid"])
def test_heat_lies_on_its_volume_and_moves_along(scene: Any, grid: str, transform: str) -> None:
    from AutoLabelLib.scene.transforms import world_from_local
    from AutoLabelLib.scene.volumes import grid_of, image_from_volume

    volume_node = add_volume(GRIDS[grid])
    parent = add_transform(scene, transform)
    if parent is not None:
        volume_node.SetAndObserveTransformNodeID(parent.GetID())
    node = shown(volume_node)
    assert image_from_volume(node).same_grid(image_from_volume(volume_node))
    np.testing.assert_array_equal(image_from_volume(node).array, heat_on(volume_node).array)
    places = [world_from_local(n, grid_of(n).local_affine[:3, 3]) for n in (node, volume_node)]
    np.testing.assert_allclose(*places)
    assert node.GetTransformNodeID() == volume_node.GetTransformNodeID()


def test_it_knows_what_it_belongs_to_and_what_made_it(scene: Any, tmp_path: Path) -> None:
    from AutoLabelLib.scene.heatmaps import heatmaps_of, is_heatmap, source_of

    volume_node, other = add_volume(GRIDS["oblique"]), add_volume(GRIDS["oblique"], name="other")
    first, second = shown(volume_node, "first"), shown(volume_node, "second")
    assert heatmaps_of(volume_node) == [first, second]
    assert heatmaps_of(other) == []
    assert is_heatmap(first)
    assert not is_heatmap(volume_node)
    assert source_of(first) is volume_node
    assert first.GetAttribute("AutoLabel.Model") == "m"
    assert first.GetAttribute("DICOM.SegmentAlgorithmType") is None
    display = first.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (1.0, 0.5)
    assert display.GetColorNodeID() == second.GetDisplayNode().GetColorNodeID()
    scene.RemoveNode(volume_node)
    assert source_of(first) is None


def test_views_show_one_at_a_time_with_its_own_opacity_and_threshold(scene: Any) -> None:
    from AutoLabelLib.scene import heatmaps
    from AutoLabelLib.scene.views import show_in_slice_views

    volume_node = add_volume(GRIDS["axis-aligned"])
    show_in_slice_views(volume_node)
    views = [scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode") for n in range(3)]
    first, second = shown(volume_node, "first"), shown(volume_node, "second")
    heatmaps.set_opacity(first, 0.3)
    heatmaps.set_opacity(second, 7)
    assert (heatmaps.opacity_of(first), heatmaps.opacity_of(second)) == (0.3, 1.0)
    assert {view.GetForegroundVolumeID() for view in views} == {second.GetID()}
    assert {view.GetForegroundOpacity() for view in views} == {1.0}
    heatmaps.bring_to_front(first)
    assert {(view.GetForegroundVolumeID(), view.GetForegroundOpacity()) for view in views} == {(first.GetID(), 0.3)}
    heatmaps.set_threshold(first, 0.4)
    assert heatmaps.threshold_of(first) == pytest.approx(0.4)
    heatmaps.hide(first)
    assert not heatmaps.is_shown(first)
    assert heatmaps.heatmaps_of(volume_node) == [first, second]


def test_removing_leaves_nothing_behind(scene: Any) -> None:
    from AutoLabelLib.scene.heatmaps import remove_heatmap
    from AutoLabelLib.scene.views import show_in_slice_views

    volume_node = add_volume(GRIDS["axis-aligned"])
    show_in_slice_views(volume_node)
    shown_first = shown(volume_node, "warm-up")  # whatever the first one leaves for good, such as a hierarchy
    remove_heatmap(shown_first)
    before = scene.GetNumberOfNodes()
    first, second = shown(volume_node), shown(volume_node)
    remove_heatmap(first)
    assert second.GetDisplayNode().GetColorNode() is not None
    remove_heatmap(second)
    assert scene.GetNumberOfNodes() == before
    with pytest.raises(InputError):
        remove_heatmap(volume_node.GetDisplayNode())


def test_a_picture_shows_heat_where_it_is_and_nothing_where_it_is_low(scene: Any) -> None:
    from AutoLabelLib.scene.heatmap_picture import heatmap_picture, set_fitting_window
    from AutoLabelLib.scene.heatmaps import hide, is_shown, show_heatmap
    from AutoLabelLib.scene.offscreen import working_window
    from AutoLabelLib.scene.views import show_in_slice_views
    from AutoLabelLib.scene.volumes import volume_from_image

    if working_window() is None:
        pytest.skip("needs OpenGL: a display, EGL or OSMesa")
    index = np.moveaxis(np.indices((41, 41, 41)), 0, -1)
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    values = np.random.default_rng(0).integers(90, 110, (1, 41, 41, 41)).astype(np.int16)
    volume_node = volume_from_image(Image(values, affine), "grey")
    set_fitting_window(volume_node)
    show_in_slice_views(volume_node)
    heat = np.exp(-((index - (30, 12, 20)) ** 2).sum(-1) / 32).astype(np.float32)
    node = show_heatmap(volume_node, Image(heat[None], affine), "heat")
    hide(node)
    pixels = heatmap_picture(node, "title", "subtitle\nand more").astype(int)
    assert not is_shown(node)  # as it was
    tinted = pixels[106:, :, 0] - pixels[106:, :, 2] > 40
    half = tinted.shape[0] // 2
    assert not tinted[:half].any()  # the row above shows the image alone
    assert 0.005 < tinted[half:].mean() < 0.2
    scene.RemoveNode(volume_node)
    with pytest.raises(InputError, match="gone"):
        heatmap_picture(node, "title")


def test_a_scene_file_keeps_heat_colours_and_what_they_belong_to(scene: Any, tmp_path: Path) -> None:
    from AutoLabelLib.scene import heatmaps
    from AutoLabelLib.scene.scene_files import write_scene

    node = shown(add_volume(GRIDS["oblique"]))
    heatmaps.set_opacity(node, 0.35)
    heatmaps.set_threshold(node, 0.4)
    color = [0.0] * 4
    node.GetDisplayNode().GetColorNode().GetColor(200, color)
    write_scene(tmp_path / "scene.mrb")
    again = opened(tmp_path / "scene.mrb", tmp_path / "cache")
    volume_node = again.GetFirstNodeByName("CT")
    (read,) = heatmaps.heatmaps_of(volume_node)
    assert heatmaps.opacity_of(read) == 0.35
    assert heatmaps.threshold_of(read) == pytest.approx(0.4)
    assert read.GetAttribute("AutoLabel.Model") == "m"
    kept = [0.0] * 4
    read.GetDisplayNode().GetColorNode().GetColor(200, kept)
    assert kept == pytest.approx(color, abs=0.01)
