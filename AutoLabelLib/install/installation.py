"""Installing what is missing, step by step, and looking at the outcome."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from AutoLabelLib.api.stepwise import Steps
from AutoLabelLib.core.errors import SetupError
from AutoLabelLib.core.job import Progress
from AutoLabelLib.install.packages import SLICERS_OWN, installed_versions, lacking, needed_packages
from AutoLabelLib.install.pip_failure import pip_failure
from AutoLabelLib.install.pip_steps import Lines, child_pip, slicer_pip, torch_pip
from AutoLabelLib.install.plan import Item, Plan
from AutoLabelLib.install.surroundings import Surroundings

_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_BUILDS = ("torch", "torchvision")  # chosen for the graphics card: another package must not bring others


def installing(plan: Plan, around: Surroundings) -> Steps:
    """Install what a plan says; nothing else is changed.

    Args:
        plan: Checked by `plan.check_possible`.
        around: The Slicer that it goes into.

    Returns:
        installed: Version per package that is new; warnings: sentences; restart: whether Slicer must be restarted.

    Raises:
        SetupError: If something that is needed could not be installed.
    """
    names = (*SLICERS_OWN, *(package.name for package in needed_packages()))
    before = installed_versions(names)
    warnings: list[str] = []
    done = 0.0
    if plan.torch:
        share = plan.torch.download_mb / plan.download_mb
        with _constraints(SLICERS_OWN) as fixed:
            yield from _run(torch_pip(plan.torch.wanted.oldest, fixed), "PyTorch", (0.0, share))
        done = share
    with _constraints((*SLICERS_OWN, *_BUILDS)) as fixed:
        if plan.packages:
            end = done + sum(item.download_mb for item in plan.packages) / plan.download_mb
            yield from _run(_pip(plan.packages, fixed, around), _listed(plan.packages), (done, end))
            done = end
        if plan.optional:
            warnings += yield from _optional(_pip(plan.optional, fixed, around), plan.optional, done)
    yield Progress(1.0, "looking at the outcome")
    return _outcome(before, installed_versions(names), warnings)


def _pip(items: Sequence[Item], constraints: Path, around: Surroundings) -> Lines:
    wanted = [str(item.wanted) for item in items]
    if around.has_packaging:
        return slicer_pip(wanted, constraints)
    return child_pip(["install", *wanted], constraints)


def _listed(items: Sequence[Item]) -> str:
    return ", ".join(item.wanted.name for item in items)


def _run(lines: Lines, what: str, part: tuple[float, float]) -> Generator[Progress | str | None, None, None]:
    """Pass on what a run of pip prints, as progress within its part of the whole where it tells how far it is."""
    yield Progress(part[0], f"installing {what}")
    file_name, last_percent = what, -1
    while True:
        try:
            line = next(lines)
        except StopIteration as end:
            code, printed = end.value
            break
        match = _RAW_PROGRESS.match(line or "")
        if match and int(match[2]):
            fraction = int(match[1]) / int(match[2])
            if int(100 * fraction) == last_percent:
                continue
            last_percent = int(100 * fraction)
            megabytes = f"{int(match[1]) / 1e6:.0f} of {int(match[2]) / 1e6:.0f} MB"
            # The largest file is nearly all of a step; small ones before and behind it do not move the bar.
            if int(match[2]) > 20e6:
                yield Progress(part[0] + (part[1] - part[0]) * fraction * 0.9, f"{file_name}: {megabytes}")
            continue
        if line and line.lstrip().startswith("Downloading "):
            file_name = line.split()[1].rpartition("/")[2].partition("-")[0]
        if line and line.startswith("Installing collected packages"):
            yield Progress(part[0] + (part[1] - part[0]) * 0.9, f"unpacking {what}")
        yield line
    if code != 0:
        raise pip_failure(code, printed)
    yield Progress(part[1], f"installed {what}")


def _optional(lines: Lines, items: Sequence[Item], done: float) -> Generator[Progress | str | None, None, list[str]]:
    """Try to install what is not needed; return in one sentence why it failed, if it did."""
    try:
        yield from _run(lines, _listed(items), (done, 1.0))
    except SetupError as error:
        return [f"{_listed(items)} could not be installed, but AutoLabel works without it. {error.message}"]
    return []


@contextmanager
def _constraints(names: Sequence[str]) -> Iterator[Path]:
    """Give a file that tells pip to leave the installed versions of some packages as they are."""
    folder = Path(tempfile.mkdtemp(prefix="autolabel-"))
    try:
        path = folder / "constraints.txt"
        fixed = (f"{name}=={version}\n" for name, version in installed_versions(names).items() if version)
        path.write_text("".join(fixed), encoding="utf-8")
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _outcome(before: Mapping[str, str | None], after: Mapping[str, str | None], warnings: list[str]) -> dict[str, Any]:
    """Return what has changed.

    Raises:
        SetupError: If something is still missing, or one of Slicer's own packages was replaced.
    """
    replaced = [name for name in SLICERS_OWN if before[name] is not None and after[name] != before[name]]
    if replaced:
        was = ", ".join(f"{name}=={before[name]}" for name in replaced)
        raise SetupError(
            f"The installation replaced packages of Slicer's own ({', '.join(replaced)}).",
            f'In the Python console: slicer.util.pip_install("{was}"), then restart Slicer.',
        )
    still = [package.name for package in lacking(needed_packages(after)) if not package.is_kept]
    if still:
        raise SetupError(
            f"pip reports success, but {', '.join(still)} is still not there.",
            "Restart Slicer and look here again; copy the report if it stays so.",
        )
    new = {name: version for name, version in after.items() if version != before[name]}
    # The worker is another process, which starts anew; only what this process has loaded is out of date.
    restart = any(before[name] is not None and name in sys.modules for name in new)
    return {"installed": new, "warnings": warnings, "restart": restart}
