from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.phantom.canvas import blank_canvas
from AutoLabelLib.phantom.vessels import Tree, grow, paint_tree

ROOT = np.array([[0.0, 0, 0], [3.0, 0, 0]])


def test_a_tree_reaches_its_targets_and_tapers() -> None:
    rng = np.random.default_rng(0)
    targets = rng.uniform((10, -30, -30), (60, 30, 30), (150, 3))
    tree = grow(rng, ROOT, targets, tip_radius_mm=0.4)
    distance = np.linalg.norm(targets[:, None] - tree.nodes_ras_mm, axis=-1).min(axis=1)
    assert distance.max() < 5
    assert (tree.parents[1:] < np.arange(1, len(tree.parents))).all()
    assert (tree.radii_mm[tree.parents] >= tree.radii_mm - 1e-9).all()
    assert tree.radii_mm.min() == pytest.approx(0.4)


@pytest.mark.parametrize("radius", [0.4, 0.7, 2.0])
def test_a_tube_is_painted_with_its_volume(radius: float) -> None:
    nodes = np.stack([np.linspace(-12, 12, 9), np.full(9, 0.3), np.full(9, -0.4)], axis=1)
    tree = Tree(nodes, np.array([0, *range(8)]), np.full(9, radius))
    canvas, _ = blank_canvas((60, 40, 20), (0.8, 0.8, 1.5), 0.0)
    paint_tree(canvas, tree, 1.0, np.ones(canvas.values.shape, np.float32))
    volume_ml = float(canvas.values.sum()) * canvas.voxel_volume_ml
    caps = 4 / 3 * np.pi * radius**3 if radius > 0.75 else 0.0
    assert volume_ml == pytest.approx((np.pi * radius**2 * 24 + caps) / 1000, rel=0.1)
