from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

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


def test_survives_json() -> None:
    finding = Finding(
        (1, 2, 3),
        (4, 5, 6),
        0.9,
        "malignant",
        class_probabilities={"benign": 0.1, "malignant": 0.9},
        measurements={"volume_ml": 0.3},
        attributes={"spiculation": 3.5},
        uncertain="It is larger than any that the model has seen.",
        structure="Nodule",
        lines_ras_mm={"long_axis": ((1.0, 2.0, 3.0), (4.0, 5.0, 3.0))},
        corrected_label="benign",
        note="seen before",
    )

    again = Finding.from_json(json.loads(json.dumps(finding.to_json())))

    assert again == finding
    assert again.final_label == "benign"
    assert again.id == finding.id


@pytest.mark.parametrize(
    "spoil", [lambda f: f.pop("label"), lambda f: f.update(size_mm="wide"), lambda f: f.update(colour="red")]
)
def test_refuses_json_that_is_no_finding(spoil: Callable[[dict[str, Any]], object]) -> None:
    fields = Finding((1, 2, 3), (4, 5, 6), 0.5, "nodule").to_json()
    spoil(fields)

    with pytest.raises(InputError, match="cannot be read"):
        Finding.from_json(fields)
