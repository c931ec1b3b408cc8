"""A synthetic chest in the scene: the CT, and a locked mark in each nodule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.image import Image
from AutoLabelLib.scene.known_nodules import chest_nodes

NODULES = [
    {"name": "N1", "kind": "solid", "center_ras_mm": [10.0, -20.0, 30.0], "diameter_mm": 12.04, "volume_ml": 0.914},
    {"name": "N2", "kind": "pleural", "center_ras_mm": [-1.0, 2.0, 3.0], "diameter_mm": 6.0, "volume_ml": 0.113},
]


def test_each_nodule_has_a_mark_that_tells_its_size(scene: Any) -> None:
    image = Image(np.zeros((1, 5, 4, 3), np.int16), np.diag([1.0, 1.0, 1.5, 1.0]), modality="CT", unit="HU")

    volume_node, markups_node = chest_nodes(image, NODULES, "Chest phantom")

    assert volume_node.GetName() == "Chest phantom"
    assert volume_node.GetAttribute("DICOM.Modality") == "CT"
    assert volume_node.GetDisplayNode().GetLevel() == -600
    assert markups_node.GetNumberOfControlPoints() == 2
    assert markups_node.GetNthControlPointLabel(0) == "N1: 12.0 mm, 0.91 ml"
    assert markups_node.GetNthControlPointDescription(1) == "pleural"
    assert markups_node.GetNthControlPointPositionWorld(0) == pytest.approx((10.0, -20.0, 30.0))
    assert markups_node.GetLocked()
