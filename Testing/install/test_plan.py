from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from AutoLabelLib.core.errors import SetupError
from AutoLabelLib.install.packages import needed_packages
from AutoLabelLib.install.plan import Plan, check_possible, make_plan
from AutoLabelLib.install.surroundings import Surroundings
from Testing.install.test_packages import VERSIONS

SLICER = Surroundings((5, 12), False, True, True, False)


def plan(versions: dict[str, str | None] = VERSIONS, optional: bool = False, around: Surroundings = SLICER) -> Plan:
    return make_plan(needed_packages(versions), optional, around)


def test_only_what_is_lacking_is_planned_and_never_slicers_own() -> None:
    planned = plan()
    assert planned.torch is not None
    assert [str(item.wanted) for item in planned.packages] == ["monai>=1.5"]
    assert [package.name for package in planned.too_old] == ["SimpleITK"]
    assert planned.optional == ()


def test_what_slicer_lacks_of_its_own_is_planned() -> None:
    assert "SimpleITK" in [item.wanted.name for item in plan(VERSIONS | {"SimpleITK": None}).packages]


def test_the_optional_package_is_planned_if_it_was_asked_for() -> None:
    assert [item.wanted.name for item in plan(optional=True).items] == ["torch", "monai", "openvino"]
    assert plan(VERSIONS | {"openvino": "2026.1"}, optional=True).optional == ()


def test_the_size_depends_on_the_graphics_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    small, large = plan(), plan(around=replace(SLICER, has_nvidia_gpu=True))
    assert 100 < small.download_mb < 500
    assert 2000 < large.download_mb < 5000
    assert large.disk_mb > large.download_mb
    assert large.with_cuda


def test_an_old_slicer_is_refused() -> None:
    with pytest.raises(SetupError, match=r"Slicer 5\.8, but AutoLabel needs 5\.10"):
        check_possible(plan(), replace(SLICER, slicer_version=(5, 8)))
    check_possible(plan(), replace(SLICER, slicer_version=(5, 10)))
    check_possible(plan(), replace(SLICER, slicer_version=(6, 0)))


def test_slicers_tests_change_nothing() -> None:
    with pytest.raises(SetupError, match="runs its tests"):
        check_possible(plan(), replace(SLICER, is_testing=True))


def test_the_missing_extension_is_named_only_if_it_is_needed() -> None:
    around = replace(SLICER, has_pytorch_extension=False)
    with pytest.raises(SetupError, match="Extensions Manager"):
        check_possible(plan(), around)
    check_possible(plan(VERSIONS | {"torch": "2.8"}), around)


def test_a_full_disk_is_noticed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10_000_000))
    with pytest.raises(SetupError, match="10 MB are free"):
        check_possible(plan(), SLICER)
