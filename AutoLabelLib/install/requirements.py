"""What AutoLabel needs of Python packages, written down in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.locations import resources

OLDEST_PYTHON = (3, 11)

_LINE = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


@dataclass(frozen=True)
class Requirement:
    """A package and the oldest version of it that will do.

    Attributes:
        name: As pip knows it.
        oldest: Version, such as "2.6".
    """

    name: str
    oldest: str

    def __str__(self) -> str:
        return f"{self.name}>={self.oldest}"

    def is_met_by(self, version: str) -> bool:
        """Return whether a version is new enough.

        A pre-release counts as its release: Slicer bundles such a one of SimpleITK, and it works.
        """
        return _release(version) >= _release(self.oldest)


FASTER = Requirement("openvino", "2025.0")
"""Optional: runs networks several times faster on Intel and AMD processors."""


def requirements() -> tuple[Requirement, ...]:
    """Return everything that is needed to segment, in the order of the file.

    Raises:
        FileError: If the file is missing or cannot be understood.
    """
    path = resources() / "requirements.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FileError(
            f"The list of needed packages cannot be read: {error.strerror}.", "Install AutoLabel again."
        ) from error
    return tuple(_parsed(line) for line in lines if line.strip() and not line.startswith("#"))


def requirement(name: str) -> Requirement:
    """Return what is needed of one package."""
    return next(needed for needed in requirements() if needed.name == name)


def _parsed(line: str) -> Requirement:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise FileError(f'The list of needed packages has a line that cannot be understood: "{line}".')
    return Requirement(match[1], match[2])


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers in front of a version: (2, 5, 0) for "2.5.0rc2.dev907" and (2, 13) for "2.13+cu126"."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    parts = [int(part) for part in numbers[0].split(".")] if numbers else [0]
    while len(parts) > 1 and parts[-1] == 0:  # 2.0 and 2 are the same
        parts.pop()
    return tuple(parts)
