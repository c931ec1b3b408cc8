"""Which of the needed packages are there; found out from their metadata, without importing them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata

from AutoLabelLib.install.requirements import FASTER, Requirement, requirements

SLICERS_OWN = ("numpy", "scipy", "SimpleITK", "pydicom")
"""What Slicer comes with and is linked or tuned to: never replaced by another version."""

OK, TOO_OLD, MISSING = "ok", "too old", "missing"


@dataclass(frozen=True)
class Package:
    """A package that is needed, and what is there of it.

    Attributes:
        wanted: What is needed.
        version: What is installed; None if nothing is.
        optional: Whether AutoLabel does its main job without it.
    """

    wanted: Requirement
    version: str | None
    optional: bool = False

    @property
    def name(self) -> str:
        """As pip knows it."""
        return self.wanted.name

    @property
    def state(self) -> str:
        """`OK`, `TOO_OLD` or `MISSING`."""
        if self.version is None:
            return MISSING
        return OK if self.wanted.is_met_by(self.version) else TOO_OLD

    @property
    def is_kept(self) -> bool:
        """Whether it is Slicer's own and there, so that it stays as it is whatever its version."""
        return self.name in SLICERS_OWN and self.version is not None


def installed_versions(names: Iterable[str]) -> dict[str, str | None]:
    """Return the version of each package in this Python, None where it is not installed."""
    importlib.invalidate_caches()  # pip may have worked meanwhile, in another process
    return {name: _version(name) for name in names}


def needed_packages(versions: Mapping[str, str | None] | None = None) -> tuple[Package, ...]:
    """Return every package that is needed, then the optional one.

    Args:
        versions: What is installed in another Python; None looks into this one.
    """
    wanted = (*requirements(), FASTER)
    found = installed_versions(one.name for one in wanted) if versions is None else versions
    return tuple(Package(one, found.get(one.name), one == FASTER) for one in wanted)


def lacking(packages: Iterable[Package]) -> list[Package]:
    """Return those without which nothing can be segmented: missing, or too old."""
    return [package for package in packages if package.state != OK and not package.optional]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
