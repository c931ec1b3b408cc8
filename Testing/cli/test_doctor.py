from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib import api
from AutoLabelLib.cli.main import main
from AutoLabelLib.core.errors import WorkerCrashed
from AutoLabelLib.install import checks

PASSED = {"passed": True, "dice": 0.98, "device": "cpu", "phase_seconds": {"network": 0.2}}
CPU = {"name": "cpu", "kind": "x86_64", "memory_bytes": 2**33}


@pytest.fixture
def healthy(install: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    monkeypatch.setattr(metadata, "version", lambda name: "9.9")
    monkeypatch.setattr(api, "doctor", lambda **options: {"devices": [CPU], "self_test": {"cpu": {"passed": True}}})
    monkeypatch.setattr(api, "self_test", lambda: PASSED)


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    def version(name: str) -> str:
        if name in missing:
            raise metadata.PackageNotFoundError(name)
        return "9.9"

    monkeypatch.setattr(metadata, "version", version)


def by_name(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told = json.loads(capsys.readouterr().out)
    return {check["name"]: check for check in told["checks"]} | {"healthy": told["healthy"]}


def test_a_healthy_machine(healthy: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "Everything that is needed works." in text
    assert "8 GiB" in text


def test_without_torch_it_runs_and_says_what_to_do(
    healthy: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, "torch", "monai")
    assert main(["doctor", "--json"]) == 1
    found = by_name(capsys)
    assert found["torch"]["state"] == checks.MISSING
    assert found["torch"]["hint"] == "pip install torch"
    assert "torch, monai missing" in found["worker"]["detail"]
    assert found["healthy"] is False


def test_optional_packages_are_optional(
    healthy: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, "slicer-core", "openvino")
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "pip install slicer-core" in text
    assert "(optional)" in text


def test_an_altered_model_is_found(healthy: None, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle.parent / "home" / "models" / "bright" / "configs" / "metadata.json"
    content = json.loads(path.read_text())
    content["autolabel"]["sha256"] = {"models/model.safetensors": "0" * 64}
    path.write_text(json.dumps(content))
    assert main(["doctor", "--json"]) == 1
    assert "missing" in by_name(capsys)["bright"]["detail"]


def test_a_worker_that_does_not_start(
    healthy: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(**options: Any) -> None:
        raise WorkerCrashed("The worker ended.", "Look into its log.")

    monkeypatch.setattr(api, "doctor", crash)
    assert main(["doctor", "--json"]) == 1
    assert by_name(capsys)["worker"]["hint"] == "Look into its log."


def test_a_device_that_computes_wrongly(
    healthy: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = {"name": "cuda:0", "kind": "Some GPU", "memory_bytes": None}
    tests = {"cpu": {"passed": True}, "cuda:0": {"passed": False, "problem": "no kernel image"}}
    monkeypatch.setattr(api, "doctor", lambda **options: {"devices": [CPU, gpu], "self_test": tests})
    assert main(["doctor", "--json"]) == 1
    found = by_name(capsys)["cuda:0"]
    assert found["state"] == checks.FAILED
    assert "no kernel image" in found["detail"]


def test_a_nodule_that_is_not_found(
    healthy: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "self_test", lambda: PASSED | {"passed": False, "dice": 0.1})
    assert main(["doctor", "--json"]) == 1
    assert "Dice 0.10 in 0.2 s on cpu: not where it is" in by_name(capsys)["self-test"]["detail"]


def test_the_real_worker_answers(install: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    install()
    main(["doctor", "--json"])
    found = by_name(capsys)
    assert found["worker"]["state"] == checks.OK
    assert found["cpu"]["state"] == checks.OK
    assert found["self-test"]["state"] == checks.OK
