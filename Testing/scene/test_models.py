from __future__ import annotations

from typing import Any

import numpy as np
import pytest


def test_tubes_have_the_radius_and_the_place_asked_for(scene: Any) -> None:
    from AutoLabelLib.scene.models import model_from_tubes

    starts, ends = np.array([[0.0, 0, 0], [10, 0, 0]]), np.array([[0.0, 0, 30], [10, 0, 30]])
    node = model_from_tubes("tubes", starts, ends, np.array([1.0, 3.0]), (0.5, 0.2, 0.2))
    low_x, high_x, low_y, high_y, low_z, high_z = node.GetPolyData().GetBounds()
    assert (low_x, high_x) == pytest.approx((-1, 13), abs=0.4)
    assert (low_y, high_y) == pytest.approx((-3, 3), abs=0.4)
    assert (low_z, high_z) == pytest.approx((0, 30), abs=0.1)
    assert node.GetDisplayNode().GetColor() == pytest.approx((0.5, 0.2, 0.2))
