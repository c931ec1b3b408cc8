from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.core.errors import JobCancelled, SetupError
from AutoLabelLib.install.installation import installing
from AutoLabelLib.install.packages import needed_packages
from AutoLabelLib.install.plan import make_plan
from AutoLabelLib.install.surroundings import Surroundings
from Testing.install.conftest import INSTALLED, FakePip

SLICER_5_10 = Surroundings((5, 10), False, False, True, False)
SLICER_5_12 = replace(SLICER_5_10, slicer_version=(5, 12), has_packaging=True)


def start(
    pip: FakePip, around: Surroundings = SLICER_5_10, optional: bool = False, log: list[str] | None = None
) -> Pending[dict[str, Any]]:
    names = [package.name for package in needed_packages()]
    plan = make_plan(needed_packages(pip.versions(names)), optional, around)
    return stepwise("installation", installing(plan, around), None if log is None else log.append)


def test_torch_comes_first_and_from_its_extension(pip: FakePip, pytorch_extension: Callable[..., type]) -> None:
    pytorch_extension()
    outcome = start(pip).wait(20)
    assert [arguments for arguments, _, _ in pip.calls] == [
        ["-m", "pip", "install", "light-the-torch>=0.5"],
        ["-m", "light_the_torch", "install", "torch>=2.6", "torchvision"],
        ["-m", "pip", "install", "monai>=1.5"],
    ]
    assert outcome == {"installed": {"torch": "99.0", "monai": "99.0"}, "warnings": [], "restart": False}


def test_slicers_own_packages_and_the_torch_build_are_held(pip: FakePip) -> None:
    pip.site(**INSTALLED, torch="2.13.0+cu126", torchvision="0.28.0+cu126")
    start(pip).wait(20)
    [(_, constraints, _)] = pip.calls
    assert constraints == [
        "numpy==2.4.6", "scipy==1.17.1", "SimpleITK==2.5.5", "pydicom==3.0.2", "torch==2.13.0+cu126",
        "torchvision==0.28.0+cu126",
    ]  # fmt: skip


def test_a_new_slicer_installs_the_rest_itself_without_blocking(pip: FakePip, packaging: SimpleNamespace) -> None:
    pip.site(**INSTALLED, torch="2.13.0")
    log: list[str] = []
    pending = start(pip, SLICER_5_12, log=log)
    pending.handle.poll()
    [(wanted, constraints, blocking, show_progress)] = packaging.calls
    assert (wanted, blocking, show_progress) == (["monai>=1.5"], False, False)
    assert "numpy==2.4.6" in constraints
    packaging.finish(0, "Collecting monai")
    assert pending.wait(5)["installed"] == {"monai": "99.0"}
    assert "Collecting monai" in log
    assert pip.calls == []


def test_slicer_installs_something_else_just_now(pip: FakePip, packaging: SimpleNamespace) -> None:
    pip.site(**INSTALLED, torch="2.13.0")
    packaging.busy = True
    with pytest.raises(SetupError, match=r"already in progress.* Try again later"):
        start(pip, SLICER_5_12).wait(5)


def test_progress_comes_from_the_largest_files(pip: FakePip, pytorch_extension: Callable[..., type]) -> None:
    pytorch_extension()
    pip.site(**INSTALLED, **{"light-the-torch": "0.8.1"})
    pip.does(
        "  Downloading torch-2.13.0-cp312-win.whl (200.0 MB)",
        *(f"Progress {n}000000 of 200000000" for n in range(0, 201, 50)),
        "Installing collected packages: torch",
    )
    pending = start(pip)
    heard: list[tuple[float, str]] = []
    pending.on_progress(lambda progress: heard.append((progress.fraction, progress.message)))
    pending.wait(20)
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert "torch: 100 of 200 MB" in [message for _, message in heard]
    assert fractions[-1] == 1.0


@pytest.mark.parametrize(("version", "bar"), [("25.1.1", "raw"), ("23.2.1", "")])
def test_an_old_pip_is_not_asked_for_what_it_does_not_know(pip: FakePip, version: str, bar: str) -> None:
    pip.site(**INSTALLED, torch="2.13.0", pip=version)
    start(pip).wait(20)
    assert pip.calls[0][2] == bar


def test_without_a_network_nothing_after_torch_is_tried(pip: FakePip, pytorch_extension: Callable[..., type]) -> None:
    pytorch_extension()
    pip.does("Temporary failure in name resolution", "ERROR: No matching distribution found", code=1)
    with pytest.raises(SetupError, match="cannot be reached"):
        start(pip).wait(20)
    assert len(pip.calls) == 1


def test_cancelling_ends_pip(pip: FakePip, pytorch_extension: Callable[..., type]) -> None:
    pytorch_extension()
    pip.does("Collecting torch", seconds=60)
    log: list[str] = []
    pending = start(pip, log=log)
    until = time.monotonic() + 20
    while "Collecting torch" not in log and time.monotonic() < until:
        pending.handle.poll()
        time.sleep(0.02)
    pending.cancel()
    with pytest.raises(JobCancelled):
        pending.wait(5)
    assert len(pip.calls) == 1


def test_a_replaced_numpy_is_noticed(pip: FakePip) -> None:
    pip.site(**INSTALLED, torch="2.13.0")
    pip.does(also={"numpy": "3.0"})
    with pytest.raises(SetupError, match=r"replaced.*numpy.*pip_install\(\"numpy==2\.4\.6\"\)"):
        start(pip).wait(20)


def test_what_is_still_missing_is_named(pip: FakePip) -> None:
    pip.site(**INSTALLED, torch="2.13.0")
    pip.does(also={"monai": "1.0"})
    with pytest.raises(SetupError, match="monai is still not there"):
        start(pip).wait(20)


def test_the_optional_package_may_fail(pip: FakePip) -> None:
    pip.site(**INSTALLED, torch="2.13.0", monai="1.5")
    pip.does("ERROR: No matching distribution found for openvino", code=1)
    outcome = start(pip, optional=True).wait(20)
    assert outcome["installed"] == {}
    assert "AutoLabel works without it" in outcome["warnings"][0]


def test_what_is_loaded_and_was_replaced_asks_for_a_restart(pip: FakePip) -> None:
    pip.site(**(INSTALLED | {"psutil": "5.0"}), torch="2.13.0", monai="1.5")
    import psutil  # noqa: F401 - loaded, as in a Slicer where somebody has used it

    assert start(pip).wait(20)["restart"]


def test_an_unknown_extension_is_asked_by_its_public_function(
    pip: FakePip, pytorch_extension: Callable[..., type], monkeypatch: pytest.MonkeyPatch
) -> None:
    logic: Any = pytorch_extension(private=False)
    seen: list[str] = []

    def install(self: Any, **options: Any) -> object:
        seen.append(os.environ["PIP_CONSTRAINT"])
        logic.asked.append(options)
        pip.site(**INSTALLED, torch="2.13.0")
        return object()

    monkeypatch.setattr(logic, "installTorch", install)
    start(pip).wait(20)
    assert logic.asked == [{"askConfirmation": False, "torchVersionRequirement": ">=2.6"}]
    assert seen
    assert "PIP_CONSTRAINT" not in os.environ


def test_an_extension_that_fails_or_declines_is_an_error(pip: FakePip, pytorch_extension: Callable[..., type]) -> None:
    logic: Any = pytorch_extension(private=False)
    logic.gives = None
    with pytest.raises(SetupError, match="did not install it"):
        start(pip).wait(20)
