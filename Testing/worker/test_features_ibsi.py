"""Every feature that the IBSI defines and agrees on, against its reference values for its digital phantom and a CT."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import IBSI, FeatureSettings
from Testing import ibsi_ct as ct
from Testing import ibsi_phantom as phantom

_LEVELS_AS_THEY_ARE = FeatureSettings(IBSI, bin_width=1.0)


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return in_mm3(extraction.extract(phantom.VOXELS, phantom.MASK, phantom.SPACING_MM, _LEVELS_AS_THEY_ARE))


def in_mm3(features: dict[str, float]) -> dict[str, float]:
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


@pytest.mark.skipif("AUTOLABEL_IBSI_DATA" not in os.environ, reason="set AUTOLABEL_IBSI_DATA; see Testing/ibsi_ct.py")
def test_reference_values_of_a_ct() -> None:
    voxels, mask = ct.resampled_ct(Path(os.environ["AUTOLABEL_IBSI_DATA"]))
    settings = FeatureSettings(IBSI, bin_width=25.0, intensity_range=(-1000, 400))
    found = in_mm3(extraction.extract(voxels, mask, (2, 2, 2), settings))
    wrong = {
        name: (found[name], value, tolerance)
        for name, (value, tolerance) in ct.REFERENCE.items()
        if abs(found[name] - value) > max(tolerance, phantom.half_a_digit(f"{value:g}"))
    }
    assert not wrong
    assert len(ct.REFERENCE) == 163
