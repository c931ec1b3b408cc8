"""What the worker tells about this machine."""

from __future__ import annotations

import importlib.metadata
import platform
import sys

import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Progress
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import diagnosis


def test_it_names_versions_devices_and_threads_and_tries_every_device() -> None:
    heard: list[Progress] = []
    context = TaskContext(heard.append)
    values = diagnosis.run(Job("diagnosis", options={"self_test": True}), context).values
    assert values["python"]["version"] == platform.python_version()
    assert values["packages"]["torch"] == importlib.metadata.version("torch")
    assert values["devices"][0]["name"] == "cpu"
    assert values["cpu"]["torch_threads"] >= 1
    assert values["cpu"]["allowed_cores"] >= 1
    assert set(values["self_test"]) == {device["name"] for device in values["devices"]}
    assert values["self_test"]["cpu"]["passed"]
    assert heard[-1].fraction == 1.0
    assert set(context.phase_seconds) == {"packages", "devices", "self_test"}


def test_a_machine_without_torch_is_described_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails
    context = TaskContext()
    values = diagnosis.run(Job("diagnosis", options={"self_test": True}), context).values
    assert values["packages"]["torch"] is None
    assert values["devices"][0]["name"] == "cpu"
    assert values["self_test"] == {}
    assert "PyTorch is not installed" in context.warnings[0]


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(InputError, match="self_test"):
        diagnosis.run(Job("diagnosis", options={"selftest": True}), TaskContext())
