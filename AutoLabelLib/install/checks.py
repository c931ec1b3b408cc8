"""What works and what does not, one finding each; each check works whatever else is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from AutoLabelLib import __version__
from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.install import packages
from AutoLabelLib.install.requirements import OLDEST_PYTHON
from AutoLabelLib.install.surroundings import has_nvidia_driver

OK, MISSING, FAILED = "ok", "missing", "failed"

_PURPOSE = {
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
    found_packages = list(_packages())
    found = [_python(), Check("autolabel", OK, __version__), *found_packages, *model_checks()]
    broken = [check.name for check in found_packages if check.state != OK and not check.optional]
    if broken:
        return [
            *found,
            Check("worker", FAILED, f"not started: {', '.join(broken)} missing", "Install what is missing."),
        ]
    return [*found, *_worker()]


def _python() -> Check:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info >= OLDEST_PYTHON:
        return Check("python", OK, detail)
    return Check("python", FAILED, detail, f"AutoLabel needs Python {'.'.join(map(str, OLDEST_PYTHON))} or newer.")


def _packages() -> Iterator[Check]:
    """Yield a check per package; nothing is imported, so that a broken package cannot break the check."""
    for package in packages.needed_packages():
        name, version = package.name, package.version
        if version is None:
            yield _missing(name, package.optional)
        elif package.state == packages.OK:
            yield Check(name, OK, version, optional=package.optional)
        else:
            detail = f"{version} is too old, {package.wanted.oldest} is needed"
            yield Check(name, FAILED, detail, f'pip install "{package.wanted}"', package.optional)
    version = packages.installed_versions(["slicer-core"])["slicer-core"]
    yield Check("slicer-core", OK, version, optional=True) if version else _missing("slicer-core", True)


def _missing(name: str, optional: bool) -> Check:
    return Check(name, MISSING, _PURPOSE.get(name, "not installed"), f"pip install {name}", optional)


def model_checks() -> Iterator[Check]:
    """Yield a check per installed model: whether its files are the published ones."""
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
    yield from device_checks(values)
    yield _phantom()


def _phantom() -> Check:
    from AutoLabelLib import api

    try:
        return self_test_check(api.self_test())
    except AutoLabelError as error:
        return Check("self-test", FAILED, error.message, error.hint)


def self_test_check(outcome: Mapping[str, Any]) -> Check:
    """Return in words what a self-test found.

    Args:
        outcome: What `api.self_test` returns.
    """
    seconds = sum(outcome["phase_seconds"].values())
    detail = f"a nodule of a phantom, Dice {outcome['dice']:.2f} in {seconds:.1f} s on {outcome['device']}"
    if outcome["passed"]:
        return Check("self-test", OK, detail)
    return Check("self-test", FAILED, f"{detail}: not where it is", "Install AutoLabel and torch again.")


def device_checks(values: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a check per device that a diagnosis of the worker has tried.

    Args:
        values: What `api.doctor(self_test=True)` returns.
    """
    for device in values["devices"]:
        yield _device(device, values["self_test"].get(device["name"], {}))
    if len(values["devices"]) == 1 and has_nvidia_driver():
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
