from __future__ import annotations

import math

import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding


def test_a_finding_holds_what_it_was_given() -> None:
    finding = Finding((1, 2, 3), (4, 5, 6), 0.5, "nodule", measurements={"volume_ml": 0.3})
    assert finding.measurements["volume_ml"] == 0.3
    assert finding == Finding((1, 2, 3), (4, 5, 6), 0.5, "nodule", measurements={"volume_ml": 0.3})


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_a_score_is_from_0_to_1(score: float) -> None:
    with pytest.raises(InputError, match="score"):
        Finding((0, 0, 0), (1, 1, 1), score, "nodule")


@pytest.mark.parametrize("size", [(0, 1, 1), (1, -1, 1), (1, 1, math.nan)])
def test_a_size_is_positive(size: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="size"):
        Finding((0, 0, 0), size, 0.5, "nodule")
