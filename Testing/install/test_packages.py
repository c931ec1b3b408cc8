from __future__ import annotations

import sys
from importlib import metadata

import pytest

from AutoLabelLib.install.packages import MISSING, OK, SLICERS_OWN, TOO_OLD, lacking, needed_packages

VERSIONS: dict[str, str | None] = {
    "numpy": "2.0.2", "scipy": "1.13.1", "torch": None, "monai": "1.4.0", "safetensors": "0.5", "SimpleITK": "2.3.1",
    "nibabel": "5.3", "pydicom": "2.4.4", "psutil": "6.0", "tqdm": "4.67",
    "matplotlib": "3.9", "scikit-learn": "1.6", "scikit-image": "0.25", "PyWavelets": "1.8", "einops": "0.8",
    "skops": "0.11",
}  # fmt: skip


def test_each_package_has_a_state() -> None:
    states = {package.name: package.state for package in needed_packages(VERSIONS)}
    assert states["numpy"] == OK
    assert states["torch"] == MISSING
    assert states["monai"] == TOO_OLD
    assert states["openvino"] == MISSING


def test_the_optional_one_is_not_lacking() -> None:
    assert [package.name for package in lacking(needed_packages(VERSIONS))] == ["torch", "monai", "SimpleITK"]


def test_slicers_own_packages_are_kept_however_old() -> None:
    kept = [package.name for package in needed_packages(VERSIONS) if package.is_kept]
    assert kept == ["numpy", "scipy", "SimpleITK", "pydicom"]
    assert set(kept) == set(SLICERS_OWN)
    without = VERSIONS | {"SimpleITK": None}
    assert "SimpleITK" not in [package.name for package in needed_packages(without) if package.is_kept]


def test_looking_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "9999")
    before = set(sys.modules)
    assert all(package.version == "9999" for package in needed_packages())
    assert not {"torch", "monai", "nibabel"} & (set(sys.modules) - before)
