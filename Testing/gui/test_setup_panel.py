from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from AutoLabelLib import api
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.stepwise import stepwise
from AutoLabelLib.client import default_worker
from AutoLabelLib.core.errors import WorkerCrashed
from Testing.gui.setting_up import Site, Told, pytorch_extension, shared, site, told
from Testing.host.pictures import cut_texts

__all__ = ["pytorch_extension", "shared", "site", "told"]


@pytest.fixture
def panel(shared: Any, site: Site) -> Any:
    from AutoLabelLib.gui.setup_panel import SetupPanel

    return SetupPanel(shared)


def look_again(panel: Any, site: Site, **versions: str | None) -> None:
    """Let the user come back to a Slicer in which other packages are installed."""
    for name, version in versions.items():
        if version is None:
            site.versions.pop(name, None)
        else:
            site.versions[name] = version
    panel.enter()


def wait(host: Any, panel: Any) -> None:
    host.wait_until(lambda: not panel._runner.busy, 240)


def row(panel: Any, name: str) -> tuple[str, str]:
    table = panel.ui.packagesTable
    [found] = [index for index in range(table.rowCount) if table.item(index, 0).text() == name]
    return table.item(found, 1).text(), table.item(found, 2).text()


# What is there


def test_a_complete_installation_says_so(panel: Any, told: Told) -> None:
    assert panel.ui.stateLabel.text == "Ready. Everything that is needed is installed."
    assert told.notice == ""
    assert row(panel, "torch") == ("2.13.0+cpu", "ok")
    assert row(panel, "openvino") == ("–", "optional")
    assert (panel.ui.installButton.enabled, panel.ui.installButton.toolTip) == (False, "Nothing is missing.")
    assert panel.ui.testButton.enabled


def test_what_is_missing_is_named(panel: Any, site: Site, told: Told, pytorch_extension: ModuleType) -> None:
    look_again(panel, site, torch=None, monai="1.2.0")
    assert "2 Python packages are missing or too old (torch, monai)" in panel.ui.stateLabel.text
    assert told.notice == panel.ui.stateLabel.text
    assert row(panel, "monai") == ("1.2.0", "too old")
    assert panel.ui.installButton.enabled
    assert not panel.ui.testButton.enabled
    assert "install them first" in panel.ui.testButton.toolTip


def test_slicers_own_packages_are_kept_though_old(panel: Any, site: Site) -> None:
    look_again(panel, site, SimpleITK="2.2.0")
    assert row(panel, "SimpleITK") == ("2.2.0", "old, kept")
    assert panel.ui.stateLabel.text.startswith("Ready")


def test_an_old_slicer_is_told_and_installs_nothing(
    panel: Any, site: Site, pytorch_extension: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from AutoLabelLib.gui import setup_packages
    from AutoLabelLib.install.surroundings import Surroundings

    old = Surroundings((5, 8), False, False, True, False)
    monkeypatch.setattr(setup_packages, "surroundings", lambda: old)
    look_again(panel, site, monai=None)
    assert "AutoLabel needs 5.10 or newer" in panel.ui.stateLabel.text
    assert not panel.ui.installButton.enabled
    assert "5.10" in panel.ui.installButton.toolTip


def test_without_the_pytorch_extension_it_says_how_to_get_it(panel: Any, site: Site) -> None:
    look_again(panel, site, torch=None)
    assert "Extensions Manager" in panel.ui.stateLabel.text
    assert not panel.ui.installButton.enabled


def test_while_slicer_runs_its_tests_nothing_is_installed(host: Any, panel: Any, site: Site) -> None:
    host.slicer.app.setTestingEnabled(True)
    look_again(panel, site, monai=None)
    assert "runs its tests" in panel.ui.installButton.toolTip
    assert not panel.ui.installButton.enabled


# Installing


def test_the_user_is_told_what_and_how_large_and_then_it_is_installed(host: Any, panel: Any, site: Site) -> None:
    look_again(panel, site, monai=None, nibabel=None)
    host.packages.output = ["Collecting monai", "Successfully installed monai-99.0"]
    host.answer("ok")
    panel.ui.installButton.click()
    [question] = host.messages
    for words in ("monai>=1.5: about 2 MB", "nibabel>=5.2: about 4 MB", "about 6 MB to download", "stays as it is"):
        assert words in question.text
    wait(host, panel)
    assert host.packages.installed == ["monai>=1.5", "nibabel>=5.2"]
    assert "Installed: monai 99.0, nibabel 99.0." in panel.ui.installLabel.text
    assert "Successfully installed" in panel.ui.logText.plainText
    assert panel.ui.stateLabel.text.startswith("Ready")


def test_torch_comes_from_its_extension(host: Any, panel: Any, site: Site, pytorch_extension: ModuleType) -> None:
    look_again(panel, site, torch=None)
    host.answer("ok")
    panel.ui.installButton.click()
    wait(host, panel)
    assert "about 230 MB (for processors)" in host.messages[0].text
    assert "Installed: torch 99.0." in panel.ui.installLabel.text


def test_declining_installs_nothing_and_says_so(host: Any, panel: Any, site: Site) -> None:
    look_again(panel, site, monai=None)
    host.answer("cancel")
    panel.ui.installButton.click()
    assert host.packages.installed == []
    assert "you declined" in panel.ui.installLabel.text
    assert panel.ui.installButton.enabled


def test_without_a_network_one_sentence_says_it(host: Any, panel: Any, site: Site) -> None:
    look_again(panel, site, monai=None)
    host.packages.fails = True
    host.packages.output = ["NewConnectionError: Temporary failure in name resolution", "ERROR: No matching"]
    host.answer("ok")
    panel.ui.installButton.click()
    wait(host, panel)
    assert panel.ui.installLabel.text.startswith("The server of the Python packages cannot be reached. Check")
    assert "Traceback" not in panel.ui.installLabel.text
    assert panel.ui.installButton.enabled


def test_a_full_disk_is_said_before_anything_is_asked(
    host: Any, panel: Any, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1_000_000))
    look_again(panel, site, monai=None)
    assert "not enough room on the disk" in panel.ui.stateLabel.text
    assert host.messages == []


def test_cancelling_an_installation(host: Any, panel: Any, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host.slicer.packaging, "pip_install", lambda *_, **__: None)  # never comes to an end
    look_again(panel, site, monai=None)
    host.answer("ok")
    panel.ui.installButton.click()
    host.process_events(0.2)
    assert panel._runner.busy
    assert "is not finished yet" in panel.ui.installButton.toolTip
    assert "is not finished yet" in panel.ui.testButton.toolTip
    panel._runner.cancel()
    wait(host, panel)
    assert "was cancelled" in panel.ui.installLabel.text


def test_the_optional_package_is_installed_if_it_is_ticked(host: Any, panel: Any) -> None:
    panel.ui.optionalBox.checked = True
    assert panel.ui.installButton.enabled
    host.answer("ok")
    panel.ui.installButton.click()
    wait(host, panel)
    assert host.packages.installed == ["openvino>=2025.0"]


# The test and the report


@pytest.fixture
def worker_answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A worker that passes; a test changes what it says."""
    devices = [
        {"name": "cpu", "kind": "x86", "memory_bytes": 16e9},
        {"name": "cuda:0", "kind": "RTX", "memory_bytes": 12e9},
    ]
    answers: dict[str, Any] = {
        "doctor": {"devices": devices, "cpu": {"name": "Some CPU"}, "self_test": {"cpu": {"passed": True}}},
        "self_test": {"passed": True, "dice": 0.98, "device": "cuda:0", "phase_seconds": {"load": 1.5, "network": 0.2}},
        "options": {},
    }

    def answer(name: str) -> Any:
        def verb(wait: bool = True, **options: Any) -> Pending[Any]:
            answers["options"][name] = options

            def steps() -> Any:
                yield None
                if isinstance(answers[name], Exception):
                    raise answers[name]
                return answers[name]

            return stepwise(name, steps())

        return verb

    monkeypatch.setattr(api, "doctor", answer("doctor"))
    monkeypatch.setattr(api, "self_test", answer("self_test"))
    return answers


def test_the_test_says_passed_with_times_and_devices(host: Any, panel: Any, worker_answers: dict[str, Any]) -> None:
    panel.ui.testButton.click()
    wait(host, panel)
    text = panel.ui.testLabel.text
    assert text.startswith("Passed: a nodule in a phantom was segmented on cuda:0, Dice 0.98")
    assert "load 1.5 s, network 0.2 s" in text
    assert "cuda:0: RTX (12.0 GB)" in panel.ui.factsLabel.text
    assert "cpu: Some CPU (16.0 GB)" in panel.ui.factsLabel.text


def test_the_device_is_chosen_and_used(host: Any, panel: Any, worker_answers: dict[str, Any]) -> None:
    panel.ui.testButton.click()
    wait(host, panel)
    assert worker_answers["options"]["self_test"] == {"device": "auto"}
    box = panel.ui.deviceBox
    box.currentIndex = box.findData("cuda:0")
    box.activated(box.currentIndex)
    panel.enter()
    assert panel._runner is not None
    assert box.itemData(box.currentIndex) == "cuda:0"
    panel.ui.testButton.click()
    wait(host, panel)
    assert worker_answers["options"]["self_test"] == {"device": "cuda:0"}


def test_a_failed_test_says_what_to_do(host: Any, panel: Any, worker_answers: dict[str, Any]) -> None:
    worker_answers["self_test"] |= {"passed": False, "dice": 0.1}
    panel.ui.testButton.click()
    wait(host, panel)
    assert panel.ui.testLabel.text.startswith("Failed: a nodule in a phantom was not found")


def test_a_worker_that_crashes_is_one_sentence(host: Any, panel: Any, worker_answers: dict[str, Any]) -> None:
    worker_answers["doctor"] = WorkerCrashed("The worker crashed (signal SIGSEGV).", "The next job starts a new one.")
    panel.ui.testButton.click()
    wait(host, panel)
    assert panel.ui.testLabel.text == ("Failed: The worker crashed (signal SIGSEGV). The next job starts a new one.")


def test_the_test_can_be_cancelled(host: Any, panel: Any, worker_answers: dict[str, Any]) -> None:
    panel.ui.testButton.click()
    panel._runner.cancel()
    wait(host, panel)
    assert panel.ui.testLabel.text == "The test was cancelled."


def test_the_report_is_on_the_clipboard(
    host: Any, qt: Any, panel: Any, told: Told, worker_answers: dict[str, Any]
) -> None:
    panel.ui.testButton.click()
    wait(host, panel)
    panel.ui.reportButton.click()
    text = qt.QApplication.clipboard().text()
    for fact in ("AutoLabel 0", "Slicer: 5.13", "torch 2.13.0+cpu (ok)", "self-test: ok", "cuda:0"):
        assert fact in text
    assert str(Path.home()) not in text
    assert "on the clipboard" in told.reports[-1]


def test_the_real_worker_passes(host: Any, shared: Any) -> None:
    from AutoLabelLib.gui.setup_panel import SetupPanel
    from AutoLabelLib.gui.slicer_worker import use_slicer_worker

    use_slicer_worker(shared.settings, replace=True)
    panel = SetupPanel(shared)  # with the packages that are really there
    panel.ui.testButton.click()
    wait(host, panel)
    assert panel.ui.testLabel.text.startswith("Passed"), panel.ui.testLabel.text
    assert default_worker().hello is not None


# Another Python


def test_another_python_is_checked_and_then_used(host: Any, panel: Any, shared: Any, site: Site) -> None:
    look_again(panel, site, torch=None)
    assert not panel.ui.checkButton.enabled
    panel.ui.interpreterPath.setCurrentPath(sys.executable)
    before = default_worker()
    panel.ui.checkButton.click()
    wait(host, panel)
    assert shared.settings.worker_interpreter == sys.executable
    assert "The computation runs on Python 3." in panel.ui.interpreterLabel.text
    assert panel.ui.stateLabel.text == "Ready. The computation runs on the Python that you chose."
    assert row(panel, "torch")[1] == "ok"
    assert "left as it is" in panel.ui.installButton.toolTip
    assert default_worker() is not before
    panel.ui.ownButton.click()
    assert shared.settings.worker_interpreter == ""
    assert "Extensions Manager" in panel.ui.stateLabel.text


def test_what_is_no_python_changes_nothing(host: Any, panel: Any, shared: Any, tmp_path: Path) -> None:
    panel.ui.interpreterPath.setCurrentPath(str(tmp_path / "python"))
    panel.ui.checkButton.click()
    wait(host, panel)
    assert "There is no file" in panel.ui.interpreterLabel.text
    assert "Nothing was changed." in panel.ui.interpreterLabel.text
    assert shared.settings.worker_interpreter == ""


def test_a_chosen_python_that_is_gone_is_said(panel: Any, shared: Any, told: Told, tmp_path: Path) -> None:
    shared.settings.worker_interpreter = str(tmp_path / "python")
    panel.enter()
    assert "is gone" in panel.ui.stateLabel.text
    assert told.notice == panel.ui.stateLabel.text
    assert panel.ui.ownButton.enabled


# What it looks like


@pytest.mark.parametrize("width", [420, 280])
def test_nothing_is_cut_off(host: Any, panel: Any, site: Site, tmp_path: Path, width: int) -> None:
    look_again(panel, site, torch=None, monai="1.2")
    host.save_picture(panel.widget, tmp_path / "setup.png", width=width)
    assert cut_texts(panel.widget) == []
    buttons = ("installButton", "testButton", "checkButton", "ownButton")
    assert all(getattr(panel.ui, name).enabled or getattr(panel.ui, name).toolTip for name in buttons)


def test_after_its_end_it_touches_nothing(panel: Any) -> None:
    panel.exit()
    panel.cleanup()
    panel._runner._tell()
