"""What would be installed, and how large it is; decided before anything is downloaded."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass

from AutoLabelLib.core.errors import SetupError
from AutoLabelLib.install.packages import OK, Package
from AutoLabelLib.install.requirements import Requirement
from AutoLabelLib.install.surroundings import OLDEST_SLICER, Surroundings

# Megabytes of the files for Python 3.12 on PyPI and download.pytorch.org in late 2026, rounded up; for people to judge
# whether they want it now, not to be exact. What a package brings along is counted with it.
_DOWNLOAD_MB = {
    "numpy": 16, "scipy": 36, "SimpleITK": 53, "pydicom": 3, "monai": 2, "safetensors": 1, "nibabel": 4, "psutil": 1,
    "tqdm": 1, "matplotlib": 9, "scikit-learn": 9, "scikit-image": 13, "PyWavelets": 5, "einops": 1, "skops": 1,
    "openvino": 85,
}  # fmt: skip
_TORCH_CUDA_MB = 3000
_TORCH_CPU_MB = 230
_UNPACKED = 3.0  # how much larger packages become on the disk, the download itself included
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True)
class Item:
    """A package that would be installed.

    Attributes:
        wanted: What of it.
        download_mb: About how many megabytes are downloaded for it.
    """

    wanted: Requirement
    download_mb: int


@dataclass(frozen=True)
class Plan:
    """What would be installed.

    Attributes:
        torch: PyTorch, which its own extension installs; None if it is there.
        packages: The other packages that are needed.
        optional: What is not needed but was asked for; its failure spoils nothing.
        with_cuda: Whether PyTorch would come with CUDA.
        too_old: Packages of Slicer's own that are older than AutoLabel was tested with, and stay.
    """

    torch: Item | None
    packages: tuple[Item, ...]
    optional: tuple[Item, ...]
    with_cuda: bool
    too_old: tuple[Package, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything, in the order of the installation."""
        return (*([self.torch] if self.torch else []), *self.packages, *self.optional)

    @property
    def download_mb(self) -> int:
        """About how many megabytes are downloaded."""
        return sum(item.download_mb for item in self.items)

    @property
    def disk_mb(self) -> int:
        """About how many megabytes of the disk are needed for it."""
        return round(_UNPACKED * self.download_mb)


def make_plan(packages: Sequence[Package], with_optional: bool, around: Surroundings) -> Plan:
    """Return what is to be installed so that every package is there.

    Args:
        packages: What is needed and what is there.
        with_optional: Whether the optional ones are wanted, too.
        around: The Slicer that it goes into.
    """
    lacking = [package for package in packages if package.state != OK and not package.is_kept]
    items = {package.name: Item(package.wanted, _download_mb(package.name, around)) for package in lacking}
    torch = items.pop("torch", None)
    optional = tuple(items.pop(package.name) for package in lacking if package.optional)
    too_old = tuple(package for package in packages if package.state != OK and package.is_kept)
    return Plan(torch, tuple(items.values()), optional if with_optional else (), around.has_nvidia_gpu, too_old)


def _download_mb(name: str, around: Surroundings) -> int:
    if name != "torch":
        return _DOWNLOAD_MB.get(name, 10)
    return _TORCH_CUDA_MB if around.has_nvidia_gpu and sys.platform != "darwin" else _TORCH_CPU_MB


def check_possible(plan: Plan, around: Surroundings) -> None:
    """Raise SetupError if it is clear beforehand that a plan cannot be carried out."""
    if around.slicer_version < OLDEST_SLICER:
        version = ".".join(map(str, around.slicer_version))
        raise SetupError(
            f"This is Slicer {version}, but AutoLabel needs 5.10 or newer.", "Get the current one at slicer.org."
        )
    if around.is_testing:
        raise SetupError("Slicer runs its tests now, so nothing is installed.", "Start Slicer without --testing.")
    if plan.torch is not None and not around.has_pytorch_extension:
        raise SetupError(
            'PyTorch is installed by the extension "PyTorch", which is missing here.',
            'Install "PyTorch" in the Extensions Manager, restart Slicer, and come back to this panel.',
        )
    _check_disk(plan)


def _check_disk(plan: Plan) -> None:
    folder = sysconfig.get_path("purelib")
    try:
        free_mb = shutil.disk_usage(folder).free // _BYTES_PER_MB
    except OSError:  # nobody knows; pip will say it
        return
    if free_mb < plan.disk_mb:
        raise SetupError(
            f"There is not enough room on the disk that Slicer is on: about {plan.disk_mb} MB are needed, "
            f"{free_mb} MB are free.",
            "Free some space, then try again.",
        )
