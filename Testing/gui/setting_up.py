"""The panels Setup and Models on their own, with what they say and a pip that installs nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from AutoLabelLib.client import Worker, default_worker, set_default_worker

FINE = {
    "numpy": "2.4.6", "scipy": "1.17.1", "torch": "2.13.0+cpu", "monai": "1.6.1", "safetensors": "0.8.0",
    "SimpleITK": "2.5.5", "nibabel": "5.4.2", "pydicom": "3.0.2", "psutil": "7.2.2", "tqdm": "4.70.1",
    "matplotlib": "3.11.2", "scikit-learn": "1.9.1", "scikit-image": "0.26.0", "PyWavelets": "1.9.0", "einops": "0.8.1",
    "skops": "0.16.0",
}  # fmt: skip


class Told:
    """What panels said to the module.

    Attributes:
        notice: The text of the bar on top.
        reports: Sentences for the status row.
        models_changed: How often the other panels were told.
    """

    def __init__(self) -> None:
        self.notice = ""
        self.reports: list[str] = []
        self.models_changed = 0

    def note(self, text: str) -> None:
        """Keep the text of the bar."""
        self.notice = text

    def count(self) -> None:
        """Count that models have changed."""
        self.models_changed += 1


@pytest.fixture
def told() -> Told:
    """What the panels said."""
    return Told()


@pytest.fixture
def shared(host: Any, told: Told) -> Iterator[Any]:
    """What the module hands to its panels."""
    from AutoLabelLib.gui.runner import Runner
    from AutoLabelLib.gui.settings import Settings
    from AutoLabelLib.gui.shared import Shared

    nothing = lambda *_: None  # noqa: E731
    shared = Shared(
        settings=Settings(),
        runner=Runner(),
        logic=None,
        report=told.reports.append,
        announce=nothing,
        notice=told.note,
        open_panel=nothing,
        show_results=nothing,
        show_finding=nothing,
        models_changed=told.count,
    )
    yield shared
    shared.runner.stop()
    default_worker().stop()
    set_default_worker(Worker())


class Site:
    """What is installed in a Python that no test changes.

    Attributes:
        versions: By package.
    """

    def __init__(self) -> None:
        self.versions = dict(FINE)

    def look(self, names: Any) -> dict[str, str | None]:
        """Stand in for `installed_versions`."""
        return {name: self.versions.get(name) for name in names}


@pytest.fixture
def site(host: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Everything is installed unless a test says otherwise; what slicer.packaging "installs" is there afterwards."""
    from AutoLabelLib.install import installation, packages, pip_steps

    def no_pip() -> str:
        raise AssertionError("a test of the panel would have run pip")

    monkeypatch.setattr(pip_steps, "python_interpreter", no_pip)
    site = Site()
    for module in (installation, packages):
        monkeypatch.setattr(module, "installed_versions", site.look)
    install = host.slicer.packaging.pip_install

    def pip_install(requirements: list[str], **options: Any) -> None:
        def completed(code: int) -> None:
            if code == 0:
                site.versions.update({name.partition(">=")[0]: "99.0" for name in requirements})
            options["completedCallback"](code)

        install(requirements, **{**options, "completedCallback": completed})

    monkeypatch.setattr(host.slicer.packaging, "pip_install", pip_install)
    return site


@pytest.fixture
def pytorch_extension(monkeypatch: pytest.MonkeyPatch, site: Site) -> ModuleType:
    """The extension PyTorch, by its public function alone."""

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation=False, torchVersionRequirement=None):  # noqa: N802, N803
            site.versions["torch"] = "99.0"
            return object()

    module = ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
    return module


def make_bundle(folder: Path, name: str = "mine", **own: Any) -> Path:
    """Write a complete bundle, as a person downloads it."""
    for part in ("configs", "models", "docs"):
        (folder / part).mkdir(parents=True)
    own = {"name": name, "licence": "CC0-1.0", "description": "What is bright.", "anatomy": "Knee", **own}
    metadata = {"version": "3.1", "network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "configs" / "inference.json").write_text("{}")
    (folder / "models" / "model.pt").write_bytes(b"weights")
    (folder / "docs" / "README.md").write_text("# mine\n\nDice 0.900 on 52 cases.\n")
    return folder
