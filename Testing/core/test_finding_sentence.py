from __future__ import annotations

from typing import Any

import pytest

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.finding_sentence import intensity_text, probability_text, sentence, volume_text
from AutoLabelLib.core.model import Attribute

NODULE: dict[str, float] = {"long_axis_mm": 12.2, "short_axis_mm": 8.6, "volume_ml": 0.6218, "mean_hu": 34.4}
SOLID: dict[str, float] = {"solid_percent": 94.9, "parts": 1}


def finding(score: float = 1.0, label: str = "", **fields: Any) -> Finding:
    return Finding((0, 0, 0), (1, 1, 1), score, label, **fields)


def test_a_nodule() -> None:
    nodule = finding(
        0.868,
        "malignant",
        structure="Nodule",
        segment="Lung nodule 1",
        measurements={**NODULE, **SOLID},
        attributes={"spiculation": 3.9},
        model="not_installed 1.0.0",
    )
    assert sentence(nodule, (Attribute("spiculation"),)) == (
        "Nodule in segment 'Lung nodule 1', 12 × 9 mm on axial image, 0.622 ml, mean 34 HU, 95 % solid; "
        "malignant with probability 0.87, spiculation 4 of 5"
    )
    assert sentence(nodule).endswith("spiculation 3.9")


def test_any_organ() -> None:
    liver = finding(segment="Liver", measurements={"volume_ml": 1493.7, "mean_intensity": 812.31, "parts": 2})
    assert sentence(liver) == "Segment 'Liver', 1494 ml, mean intensity 812.3, in 2 parts"


def test_a_doubt_says_why() -> None:
    doubtful = finding(0.55, "malignant", model="m 1", uncertain="The probability lies between both classes.")
    assert sentence(doubtful) == (
        "Finding; malignant with probability 0.55; uncertain: the probability lies between both classes"
    )
    assert sentence(finding(uncertain="CT of the chest is needed.")).endswith("uncertain: CT of the chest is needed")


def test_a_person_has_the_last_word() -> None:
    corrected = finding(0.9, "malignant", model="m 1", corrected_label="benign", author="jd", structure="Nodule")
    assert sentence(corrected) == "Nodule; benign according to jd"


@pytest.mark.parametrize(
    ("volume_ml", "text"), [(0.62, "0.62 ml"), (12.34, "12.3 ml"), (1450.2, "1450 ml"), (0.00034, "0.34 mm³")]
)
def test_volumes(volume_ml: float, text: str) -> None:
    assert volume_text(volume_ml) == text


def test_small_things_keep_a_decimal() -> None:
    assert "2.4 × 1.6 mm" in sentence(finding(measurements={"long_axis_mm": 2.42, "short_axis_mm": 1.58}))


def test_other_figures() -> None:
    assert intensity_text({"mean_hu": -651.2}) == "−651 HU"
    assert intensity_text({"mean_intensity_T1": 3.0}) == ""
    assert (probability_text(0.999), probability_text(0.001), probability_text(0.5)) == ("> 0.99", "< 0.01", "0.50")
