"""What the panel Setup says: packages, plans and findings in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.gui.words import duration
from AutoLabelLib.install.packages import MISSING, OK, Package
from AutoLabelLib.install.plan import Plan


def state_text(package: Package) -> tuple[str, str]:
    """Return the state of a package in a word, and what it means."""
    wanted = _("Needed: version {oldest} or newer.").format(oldest=package.wanted.oldest)
    if package.state == OK:
        return _("ok"), wanted
    if package.is_kept:
        return _("old, kept"), _(
            "{wanted} It came with Slicer and is not replaced; a newer Slicer has a newer one."
        ).format(wanted=wanted)
    if package.optional:
        return _("optional"), _("AutoLabel works without it. {wanted}").format(wanted=wanted)
    return (_("missing") if package.state == MISSING else _("too old")), wanted


def missing_text(names: Sequence[str]) -> str:
    """Return a sentence about packages without which nothing works."""
    if len(names) == 1:
        return _("AutoLabel cannot segment yet: the Python package {name} is missing or too old.").format(name=names[0])
    return _("AutoLabel cannot segment yet: {count} Python packages are missing or too old ({names}).").format(
        count=len(names), names=", ".join(names)
    )


def plan_text(plan: Plan) -> str:
    """Return what is about to be installed, with sizes, as a question."""
    sites = _("pypi.org and pytorch.org") if plan.torch else "pypi.org"
    lines = [_("These packages are downloaded from {sites} and put into Slicer's Python:").format(sites=sites), ""]
    for item in plan.items:
        lines.append(_("•  {package}: about {size}").format(package=item.wanted, size=size_text(item.download_mb)))
        if item is plan.torch:
            lines[-1] += " " + (_("(for your NVIDIA graphics card)") if plan.with_cuda else _("(for processors)"))
    total = _("Together about {download} to download and {disk} on the disk.").format(
        download=size_text(plan.download_mb), disk=size_text(plan.disk_mb)
    )
    rest = _("What Slicer came with stays as it is. The window stays free meanwhile, and you can cancel. Go on?")
    return "\n".join([*lines, "", total, rest])


def size_text(megabytes: float) -> str:
    """Return a size as a person says it: "12 kB", "2.9 MB", "230 MB", "3.0 GB"."""
    if megabytes >= 1000:
        return _("{size} GB").format(size=f"{megabytes / 1000:.1f}")
    if megabytes < 0.1:
        return _("{size} kB").format(size=f"{1000 * megabytes:.0f}")
    return _("{size} MB").format(size=f"{megabytes:.0f}" if megabytes >= 10 else f"{megabytes:.1f}".removesuffix(".0"))


def device_text(device: Mapping[str, Any]) -> str:
    """Return a device as the worker's diagnosis describes it: "cuda:0: NVIDIA RTX A2000 (12 GB)"."""
    memory = device.get("memory_bytes")
    size = f" ({size_text(memory / 1e6)})" if memory else ""
    return f"{device['name']}: {device['kind']}{size}"


def self_test_text(outcome: Mapping[str, Any], total_seconds: float) -> str:
    """Return in a sentence what a self-test found.

    Args:
        outcome: What `api.self_test` returns.
        total_seconds: How long the user waited, the start of the worker included.
    """
    phases = ", ".join(f"{name} {duration(seconds)}" for name, seconds in outcome["phase_seconds"].items())
    facts = {"dice": f"{outcome['dice']:.2f}", "device": outcome["device"], "phases": phases}
    facts["total"] = duration(total_seconds)
    if outcome["passed"]:
        text = _("Passed: a nodule in a phantom was segmented on {device}, Dice {dice}, in {total} ({phases}).")
    else:
        text = _(
            "Failed: a nodule in a phantom was not found where it is (Dice {dice} on {device}, in {total}). "
            "Install AutoLabel and torch again; copy the report if it stays so."
        )
    return text.format(**facts)
