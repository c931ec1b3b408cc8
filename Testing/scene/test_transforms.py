"""Positions and prompts through parent transforms, there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.prompt import Box, Lasso, Point, Prompts, Scribble
from AutoLabelLib.scene import transforms
from Testing.slicer_scene import GRIDS, add_transform, add_volume

POSITIONS = np.array([[[1.0, 2.0, 3.0], [-40.0, 20.0, -300.0]]])


@pytest.mark.parametrize("kind", ["none", "linear", "thin plate", "grid"])
def test_world_and_local_are_inverse(scene: Any, kind: str) -> None:
    node, parent = add_volume(GRIDS["oblique"]), add_transform(scene, kind)
    node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)

    world = transforms.world_from_local(node, POSITIONS)

    by_slicer = [0.0, 0.0, 0.0]
    node.TransformPointToWorld(POSITIONS[0, 1].tolist(), by_slicer)
    np.testing.assert_allclose(world[0, 1], by_slicer, atol=1e-9)
    # A non-linear transform is inverted step by step, to about a thousandth of a millimetre.
    np.testing.assert_allclose(transforms.local_from_world(node, world), POSITIONS, atol=2e-3)


@pytest.mark.parametrize(("kind", "linear"), [("none", True), ("linear", True), ("thin plate", False), ("grid", False)])
def test_only_linear_transforms_have_a_matrix(
    scene: Any, kind: str, linear: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    node, parent = add_volume(np.eye(4)), add_transform(scene, kind)
    node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)

    assert (transforms.matrix_between(node, None) is not None) == linear
    np.testing.assert_array_equal(transforms.matrix_between(node, node), np.eye(4))
    assert capfd.readouterr().err == ""


def test_matrices_go_there_and_back(slicer: Any) -> None:
    matrix = np.arange(16.0).reshape(4, 4)

    np.testing.assert_array_equal(transforms.numpy_matrix(transforms.vtk_matrix(matrix)), matrix)


PROMPTS = Prompts(
    (Point((1.0, 2.0, 3.0)), Point((4.0, 5.0, 6.0), False)),
    (Box((0.0, 0.0, 0.0), (4.0, 4.0, 4.0), False),),
    (Scribble(((1.0, 1.0, 1.0), (2.0, 2.0, 2.0))),),
    (Lasso(((1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (2.0, 2.0, 1.0))),),
)


def test_prompts_stay_where_the_image_is_in_world(scene: Any) -> None:
    node = add_volume(np.eye(4))
    node.SetAndObserveTransformNodeID(add_transform(scene, "linear").GetID())

    assert transforms.prompts_for_image(PROMPTS, node) is PROMPTS


def test_prompts_follow_an_image_that_is_left_in_its_local_frame(scene: Any) -> None:
    node = add_volume(np.eye(4))
    node.SetAndObserveTransformNodeID(add_transform(scene, "thin plate").GetID())

    moved = transforms.prompts_for_image(PROMPTS, node)

    for one, other in zip(moved.points, PROMPTS.points, strict=True):
        back = transforms.world_from_local(node, one.position_ras_mm)
        np.testing.assert_allclose(back, other.position_ras_mm, atol=2e-3)
        assert one.positive == other.positive
    assert [len(stroke.path_ras_mm) for stroke in moved.strokes] == [2, 3]
    corner = transforms.local_from_world(node, (4.0, 0.0, 4.0))
    assert (np.array(moved.boxes[0].low_ras_mm) <= corner).all()
    assert (corner <= np.array(moved.boxes[0].high_ras_mm)).all()
    assert not moved.boxes[0].positive
