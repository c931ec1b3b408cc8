"""The synthetic chest that the worker makes for those who wait for it in a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import load_task, phantom


def test_it_makes_a_chest_ct_whose_nodules_are_known() -> None:
    options = {"seed": 3, "spacing_mm": [3.0, 3.0, 3.0]}
    result = load_task("phantom")(Job("phantom", options=options), TaskContext())
    (image,), (truth,) = result.images, result.labelmaps
    assert (image.modality, image.unit) == ("CT", "HU")
    assert image.spatial_shape == (112, 80, 63)
    assert image.spacing_mm == pytest.approx((3.0, 3.0, 3.0))
    nodules: Any = result.values["nodules"]
    assert [nodule["name"] for nodule in nodules] == [segment.name for segment in truth.segments]
    largest = max(nodules, key=lambda nodule: nodule["volume_ml"])
    index = np.linalg.inv(np.asarray(image.affine)) @ [*largest["center_ras_mm"], 1.0]
    i, j, k = np.rint(index[:3]).astype(int)
    assert image.array[0, i, j, k] > -300, "the middle of the largest nodule is soft tissue"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"colour": "red"}, 'no option "colour"'),
        ({"seed": -1}, "whole number of 0 or more"),
        ({"seed": True}, "whole number of 0 or more"),
        ({"spacing_mm": [1, 1]}, "three numbers"),
        ({"spacing_mm": [1, 1, 0.1]}, "from 0.5 to 3.0"),
        ({"spacing_mm": "fine"}, "three numbers"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        phantom.run(Job("phantom", options=options), TaskContext())
