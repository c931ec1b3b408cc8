"""The extension configured, built and installed, as Slicer's factory does it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUB = Path(__file__).parent / "slicer_stub"
SCRIPTED = "lib/Slicer-5.12/qt-scripted-modules"


@dataclass(frozen=True)
class Tools:
    """CMake and what it needs, and which package of Slicer it finds."""

    cmake: str
    slicer: Path

    def configure(self, source: Path, build: Path) -> None:
        python = f"-DPython3_EXECUTABLE={sys.executable}"
        run(self.cmake, "-S", source, "-B", build, "-G", "Ninja", f"-DSlicer_DIR={self.slicer}", python)

    def build(self, build: Path) -> None:
        run(self.cmake, "--build", build)

    def install(self, build: Path, prefix: Path) -> None:
        run(self.cmake, "--install", build, "--prefix", prefix)


@dataclass(frozen=True)
class Extension:
    """The extension, built and installed."""

    build: Path
    installed: Path

    @property
    def trees(self) -> tuple[Path, Path]:
        """Where the modules lie: in the build tree, from which developers run them, and where users have them."""
        return self.build / SCRIPTED, modules_folder(self.installed)


def run(*command: object, **variables: str) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": _path(), **variables},
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def modules_folder(prefix: Path) -> Path:
    """Return the folder of the scripted modules below an installation, which is deeper on macOS."""
    return next(prefix.rglob("qt-scripted-modules"))


def _path() -> str:
    """Return where programs are looked for, those of this Python's environment first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@pytest.fixture(scope="session")
def tools() -> Tools:
    for program in ("cmake", "ninja"):
        if shutil.which(program, path=_path()) is None:
            pytest.skip(f"needs {program}: pip install 'autolabel[test]'")
    if not any(shutil.which(compiler) for compiler in ("cc", "gcc", "clang", "cl")):
        pytest.skip("needs a C compiler, as every CMake project does that names no language")
    return Tools(str(shutil.which("cmake", path=_path())), STUB)


@pytest.fixture(scope="session")
def extension(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Extension:
    folder = tmp_path_factory.mktemp("extension")
    extension = Extension(folder / "build", folder / "installed")
    tools.configure(ROOT, extension.build)
    tools.build(extension.build)
    tools.install(extension.build, extension.installed)
    return extension
