"""What the worker finds on this machine: versions, devices, memory, threads; and whether a network runs here.

Options:
    self_test: If true, run a small convolution on every device and compare it with the same in double precision.

The result's values:
    python: version, executable, platform.
    packages: Version per package; None where it is not installed.
    devices: One object per device: name, kind, memory_bytes, free_bytes (None where nobody knows).
    cpu: name, cores, allowed_cores, torch_threads, instructions (what torch uses, and flags that matter for speed).
    self_test: Per device: passed, milliseconds, largest_difference; {} if it was not asked for.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext

_PACKAGES = (
    "torch",
    "monai",
    "numpy",
    "scipy",
    "safetensors",
    "openvino",
    "SimpleITK",
    "nibabel",
    "pydicom",
    "psutil",
    "slicer-core",
)
_FAST_INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")
_TOLERANCE = 1e-2  # of the largest value: TF32, which GPUs may use, has 10 bits


def run(job: Job, context: TaskContext) -> Result:
    """Return what there is; a missing package is a finding, not an error.

    Raises:
        InputError: If an option is not known.
    """
    unknown = sorted(set(job.options) - {"self_test"})
    if unknown:
        raise InputError(f"The diagnosis has no option {', '.join(unknown)}.", "It has: self_test.")
    with context.phase("packages"):
        context.progress(0.0, "looking at the packages")
        packages = {name: _version(name) for name in _PACKAGES}
    with context.phase("devices"):
        context.progress(0.2, "looking at the devices")
        devices = _devices() if packages["torch"] else [_cpu_device()]
    if not packages["torch"]:
        context.warn("PyTorch is not installed where the worker runs: nothing can be segmented.")
    self_test = {}
    if job.options.get("self_test") and packages["torch"]:
        with context.phase("self_test"):
            for index, device in enumerate(devices):
                context.progress(0.5 + 0.5 * index / len(devices), f"trying {device['name']}")
                self_test[device["name"]] = _try_device(device["name"])
    context.progress(1.0, "done")
    values = {
        "python": {
            "version": platform.python_version(),
            "executable": sys.executable,
            "platform": platform.platform(),
        },
        "packages": packages,
        "devices": devices,
        "cpu": _cpu(bool(packages["torch"])),
        "self_test": self_test,
    }
    return Result(job.id, values=values)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_device() -> dict[str, Any]:
    memory = free = None
    try:
        import psutil
    except ImportError:
        pass
    else:
        memory, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    return {
        "name": "cpu",
        "kind": platform.processor() or platform.machine(),
        "memory_bytes": memory,
        "free_bytes": free,
    }


def _devices() -> list[dict[str, Any]]:
    """Return the CPU and every GPU that torch can use."""
    import torch

    devices = [_cpu_device()]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, memory = torch.cuda.mem_get_info(index)
        kind = torch.cuda.get_device_name(index)
        devices.append({"name": f"cuda:{index}", "kind": kind, "memory_bytes": memory, "free_bytes": free})
    if torch.backends.mps.is_available():
        devices.append({"name": "mps", "kind": "Apple GPU", "memory_bytes": None, "free_bytes": None})
    return devices


def _cpu(has_torch: bool) -> dict[str, Any]:
    name, flags = _cpu_info()
    facts: dict[str, Any] = {
        "name": name,
        "cores": os.cpu_count(),
        "allowed_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "torch_threads": None,
        "instructions": [flag for flag in _FAST_INSTRUCTIONS if flag in flags],
    }
    if has_torch:
        import torch

        facts["torch_threads"] = torch.get_num_threads()
        facts["torch_instructions"] = torch.backends.cpu.get_cpu_capability()
    return facts


def _cpu_info() -> tuple[str, set[str]]:
    """Return the processor's name and instruction flags, as far as the system tells them."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine(), set()
    entries: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        entries.setdefault(key.strip(), value.strip())  # every core repeats them
    flags = entries.get("flags", entries.get("Features", ""))
    return entries.get("model name", platform.machine()), set(flags.split())


def _try_device(device: str) -> dict[str, Any]:
    """Run a small 3D convolution on a device, and compare it with the same in double precision on the CPU."""
    import torch

    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 4, 24, 24, 24), generator=generator)
    weights = torch.rand((8, 4, 3, 3, 3), generator=generator) - 0.5
    expected = torch.nn.functional.conv3d(image.double(), weights.double())
    try:
        on_device = image.to(device), weights.to(device)
        torch.nn.functional.conv3d(*on_device).cpu()  # the first one pays for loading libraries
        started = time.perf_counter()
        result = torch.nn.functional.conv3d(*on_device).cpu()
        milliseconds = 1000 * (time.perf_counter() - started)
    except (RuntimeError, NotImplementedError) as problem:
        return {"passed": False, "problem": str(problem).splitlines()[0]}
    difference = float((result.double() - expected).abs().max())
    passed = difference <= _TOLERANCE * float(expected.abs().max())
    return {"passed": passed, "milliseconds": round(milliseconds, 3), "largest_difference": difference}
