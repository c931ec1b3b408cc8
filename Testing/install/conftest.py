"""A pip and the parts of Slicer that install packages, as stand-ins that write down what they were asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from AutoLabelLib.install import installation, packages, pip_steps

# Stands in for PythonSlicer: notes its arguments and constraints, prints what it shall, and "installs".
_PYTHON = """#!{executable}
import json, os, pathlib, re, sys, time
folder = pathlib.Path({folder!r})
script = json.loads((folder / "script.json").read_text())
constraints = pathlib.Path(os.environ["PIP_CONSTRAINT"]).read_text().split()
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([sys.argv[1:], constraints, os.environ.get("PIP_PROGRESS_BAR", "")]) + "\\n")
for line in script["prints"]:
    print(line, flush=True)
time.sleep(script["seconds"])
if script["code"] == 0:
    site = json.loads((folder / "site.json").read_text())
    for name in re.findall(r"([A-Za-z-]+)>=", " ".join(sys.argv)):
        site[name] = "99.0"
    (folder / "site.json").write_text(json.dumps(site | script["also"]))
sys.exit(script["code"])
"""

INSTALLED = {
    "numpy": "2.4.6", "scipy": "1.17.1", "SimpleITK": "2.5.5", "pydicom": "3.0.2", "psutil": "6.0", "tqdm": "4.67",
    "matplotlib": "3.9", "scikit-learn": "1.6", "scikit-image": "0.25", "PyWavelets": "1.8", "einops": "0.8",
    "skops": "0.11",
    "nibabel": "5.3", "safetensors": "0.5",
}  # fmt: skip


class FakePip:
    """What pip does, and what it was asked for.

    Attributes:
        folder: Where the stand-in for Python lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "PythonSlicer"
        self.python.write_text(_PYTHON.format(executable=sys.executable, folder=str(folder)))
        self.python.chmod(0o755)
        self.site(**INSTALLED)
        self.does()

    def site(self, **versions: str) -> None:
        """Say what is installed."""
        (self.folder / "site.json").write_text(json.dumps(versions))

    def does(self, *prints: str, code: int = 0, seconds: float = 0.0, also: dict[str, str] | None = None) -> None:
        """Say what pip prints, how it ends, and what else it installs."""
        script = {"prints": prints, "code": code, "seconds": seconds, "also": also or {}}
        (self.folder / "script.json").write_text(json.dumps(script))

    @property
    def calls(self) -> list[tuple[list[str], list[str], str]]:
        """Arguments, constraints and kind of progress bar of each run."""
        path = self.folder / "calls"
        return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []

    def versions(self, names: Any) -> dict[str, str | None]:
        """Stand in for `installed_versions`."""
        site = json.loads((self.folder / "site.json").read_text())
        return {name: site.get(name) for name in names}


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePip:
    """A pip that installs into a JSON file."""
    if sys.platform == "win32":
        pytest.skip("the stand-in for PythonSlicer is a script with a first line that Windows does not read")
    fake = FakePip(tmp_path)
    monkeypatch.setattr(pip_steps, "python_interpreter", lambda: str(fake.python))
    for module in (installation, packages, pip_steps):
        monkeypatch.setattr(module, "installed_versions", fake.versions)
    return fake


@pytest.fixture
def pytorch_extension(monkeypatch: pytest.MonkeyPatch) -> Callable[..., type]:
    """The extension PyTorch; with `private=False` one that only has its public function."""

    def add(private: bool = True) -> type:
        class PyTorchUtilsLogic:
            asked: list[Any] = []  # noqa: RUF012
            gives: Any = SimpleNamespace(__version__="2.13.0")

            def installTorch(self, askConfirmation=False, torchVersionRequirement=None):  # noqa: N802, N803
                self.asked.append((askConfirmation, torchVersionRequirement))
                return self.gives

        def arguments(backend: str | None = None, torchVersionRequirement: str = "") -> list[str]:  # noqa: N803
            return ["install", f"torch{torchVersionRequirement}", "torchvision"]

        if private:
            PyTorchUtilsLogic._getPipInstallArguments = staticmethod(arguments)  # type: ignore[attr-defined]
        module = ModuleType("PyTorchUtils")
        module.PyTorchUtilsLogic = PyTorchUtilsLogic  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
        return PyTorchUtilsLogic

    return add


@pytest.fixture
def packaging(pip: FakePip, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """slicer.packaging as Slicer 5.12 has it; call `finish` with an exit code to let it end."""
    fake = SimpleNamespace(calls=[], busy=False)

    def pip_install(requirements: list[str], **options: Any) -> None:
        if fake.busy:
            raise RuntimeError("A non-blocking pip_install is already in progress. Wait for it to complete.")
        fixed = Path(options["constraints"]).read_text().split()
        fake.calls.append((requirements, fixed, options["blocking"], options["show_progress"]))
        fake.log, fake.completed = options["logCallback"], options["completedCallback"]

    def finish(code: int = 0, *lines: str) -> None:
        for line in lines:
            fake.log(line)
        if code == 0:
            names = [name.partition(">=")[0] for name in fake.calls[-1][0]]
            site = json.loads((pip.folder / "site.json").read_text())
            pip.site(**site, **dict.fromkeys(names, "99.0"))
        fake.completed(code)

    fake.finish = finish
    slicer, module = ModuleType("slicer"), ModuleType("slicer.packaging")
    module.pip_install = pip_install  # type: ignore[attr-defined]
    slicer.packaging = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slicer", slicer)
    monkeypatch.setitem(sys.modules, "slicer.packaging", module)
    return fake
