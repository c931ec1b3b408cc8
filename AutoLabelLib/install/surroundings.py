"""Which Slicer this is, and what it offers for installing packages."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass

OLDEST_SLICER = (5, 10)


@dataclass(frozen=True)
class Surroundings:
    """What an installation depends on.

    Attributes:
        slicer_version: Major and minor number.
        is_testing: Whether Slicer runs its tests, which must not change its Python.
        has_packaging: Whether Slicer has slicer.packaging (5.11 and newer).
        has_pytorch_extension: Whether the extension PyTorch is installed and loaded.
        has_nvidia_gpu: Whether an NVIDIA driver answers here: the PyTorch extension then chooses a CUDA build.
    """

    slicer_version: tuple[int, int]
    is_testing: bool
    has_packaging: bool
    has_pytorch_extension: bool
    has_nvidia_gpu: bool


def surroundings() -> Surroundings:
    """Return what is found in the Slicer that runs now."""
    import slicer

    return Surroundings(
        slicer_version=(int(slicer.app.majorVersion), int(slicer.app.minorVersion)),
        is_testing=bool(slicer.app.testingEnabled()),
        has_packaging=_can_import("slicer.packaging"),
        has_pytorch_extension=_can_import("PyTorchUtils"),
        has_nvidia_gpu=has_nvidia_driver(),
    )


def has_nvidia_driver() -> bool:
    """Return whether NVIDIA's driver is installed, by the same sign that the PyTorch extension goes by."""
    return shutil.which("nvidia-smi") is not None


def _can_import(name: str) -> bool:
    if name in sys.modules:  # a module that Slicer has loaded itself may have no spec to be found by
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # its parent is no package
        return False
