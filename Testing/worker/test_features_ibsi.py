"""Every feature that the IBSI defines and agrees on, against its reference value for its digital phantom."""

from __future__ import annotations

import pytest

from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import IBSI, FeatureSettings
from Testing import ibsi_phantom as phantom

_PLANES_OF_LEVELS = FeatureSettings(IBSI, bin_width=1.0)


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    features = extraction.extract(phantom.VOXELS, phantom.MASK, phantom.SPACING_MM, _PLANES_OF_LEVELS)
    return {
        name.replace("_ml", "_mm3"): 1000 * value if name.endswith("_ml") else value for name, value in features.items()
    }


def test_each_feature_has_a_reference_and_each_reference_a_feature(found: dict[str, float]) -> None:
    assert set(found) == set(phantom.REFERENCE)


@pytest.mark.parametrize("name", phantom.REFERENCE)
def test_reference_value(found: dict[str, float], name: str) -> None:
    value, tolerance = phantom.REFERENCE[name]
    assert found[name] == pytest.approx(value, abs=tolerance, rel=0)


def test_six_bins_are_the_same_levels() -> None:
    families = tuple(family for family in IBSI if family != "ivh")  # which has a scale of its own for bin counts
    by_count = FeatureSettings(families, bin_width=None, bin_count=6)
    by_width = FeatureSettings(families, bin_width=1.0)
    arguments = phantom.VOXELS, phantom.MASK, phantom.SPACING_MM
    assert extraction.extract(*arguments, by_count) == extraction.extract(*arguments, by_width)
