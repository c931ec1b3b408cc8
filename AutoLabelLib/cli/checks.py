"""The checks of `autolabel doctor`; each works whatever else is missing."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from AutoLabelLib import __version__
from AutoLabelLib.core.errors import AutoLabelError

OK, MISSING, FAILED = "ok", "missing", "failed"

_OLDEST_PYTHON = (3, 11)
_REQUIRED = (
    "numpy", "scipy", "torch", "monai", "safetensors", "SimpleITK", "nibabel", "pydicom", "psutil", "tqdm",
)  # fmt: skip
_OPTIONAL = {
    "slicer-core": "to write Slicer scenes (.mrb) and pictures",
    "openvino": "to segment several times faster on Intel and AMD processors",
}


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: What was checked.
        state: `OK`, `MISSING` or `FAILED`.
        detail: What was found.
        hint: What to do about it; "" if nothing.
        optional: Whether AutoLabel does its main job without it.
    """

    name: str
    state: str
    detail: str
    hint: str = ""
    optional: bool = False


def all_checks() -> list[Check]:
    """Return all checks, in the order in which one should mend what they find."""
    packages = list(_packages())
    found = [_python(), Check("autolabel", OK, __version__), *packages, *_models()]
    broken = [check.name for check in packages if check.state != OK and not check.optional]
    if broken:
        return [
            *found,
            Check("worker", FAILED, f"not started: {', '.join(broken)} missing", "Install what is missing."),
        ]
    return [*found, *_worker()]


def _python() -> Check:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info >= _OLDEST_PYTHON:
        return Check("python", OK, detail)
    return Check("python", FAILED, detail, f"AutoLabel needs Python {'.'.join(map(str, _OLDEST_PYTHON))} or newer.")


def _packages() -> Iterator[Check]:
    """Yield a check per package; nothing is imported, so that a broken package cannot break the check."""
    for name in (*_REQUIRED, *_OPTIONAL):
        optional = name in _OPTIONAL
        try:
            yield Check(name, OK, metadata.version(name), optional=optional)
        except metadata.PackageNotFoundError:
            detail = _OPTIONAL.get(name, "not installed")
            yield Check(name, MISSING, detail, f"pip install {name}", optional)


def _models() -> Iterator[Check]:
    try:
        from AutoLabelLib.core import bundle, catalogue

        specs = catalogue.models()
    except (AutoLabelError, ImportError) as error:  # without numpy there is no core
        yield Check("models", FAILED, str(error), getattr(error, "hint", ""))
        return
    if not specs:
        yield Check("models", MISSING, "none is installed", "Install AutoLabel again: its models came with it.")
    for spec in specs:
        try:
            bundle.verify(spec)
        except AutoLabelError as error:
            yield Check(spec.name, FAILED, error.message, error.hint)
        else:
            detail = "files are the published ones" if spec.sha256 else "has no checksums"
            yield Check(spec.name, OK, f"version {spec.version}, {detail}")


def _worker() -> Iterator[Check]:
    try:
        from AutoLabelLib import api

        values = api.doctor(self_test=True)
    except AutoLabelError as error:
        yield Check("worker", FAILED, error.message, error.hint)
        return
    yield Check("worker", OK, "starts and answers")
    for device in values["devices"]:
        yield _device(device, values["self_test"].get(device["name"], {}))
    if len(values["devices"]) == 1 and shutil.which("nvidia-smi"):
        detail = "an NVIDIA GPU is here, but this torch cannot use it"
        yield Check(
            "GPU", MISSING, detail, "Choose your CUDA version at https://pytorch.org/get-started", optional=True
        )


def _device(device: Mapping[str, Any], self_test: Mapping[str, Any]) -> Check:
    memory = device.get("memory_bytes")
    facts = f"{device['kind']}" + (f", {memory / 2**30:.0f} GiB" if memory else "")
    if self_test.get("passed", True):
        return Check(device["name"], OK, facts)
    problem = self_test.get("problem") or f"results are off by {self_test.get('largest_difference', 0):.2g}"
    hint = "Use --device cpu, and update the driver." if device["name"] != "cpu" else "Install torch again."
    return Check(device["name"], FAILED, f"{facts}: a convolution fails ({problem})", hint)
