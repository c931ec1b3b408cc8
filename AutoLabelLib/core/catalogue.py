"""Which models there are: those that come with AutoLabel, and those that the user added."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from AutoLabelLib.core import bundle, locations
from AutoLabelLib.core.errors import FileError, ModelError
from AutoLabelLib.core.model import ModelSpec


def _folders() -> list[Path]:
    roots = [locations.resources() / "Models", locations.user_data() / "models"]
    found = [folder for root in roots if root.is_dir() for folder in sorted(root.iterdir()) if folder.is_dir()]
    return [folder for folder in found if not folder.name.startswith(".")]  # those are on their way in or out


def _readable() -> list[ModelSpec]:
    specs = []
    for folder in _folders():
        with suppress(ModelError):
            specs.append(bundle.read_spec(folder))
    return specs


def models(task: str | None = None, modality: str | None = None) -> list[ModelSpec]:
    """Return the installed models, bundled ones first; one that cannot be read must not hide the others.

    Args:
        task: Only those for this task, such as "segmentation".
        modality: Only those for this modality, such as "MR" (and those for any).
    """
    return [
        spec
        for spec in _readable()
        if (task is None or spec.task == task) and (modality is None or spec.modality in ("", modality))
    ]


def find(name_or_folder: str | Path) -> ModelSpec:
    """Return the model of a name, or the bundle in a folder.

    Raises:
        ModelError: If there is neither.
    """
    installed = models()
    for spec in installed:
        if spec.name == str(name_or_folder):
            return spec
    # A broken model is in no list, but asking for it must say what is broken.
    broken = [folder for folder in _folders() if folder.name == str(name_or_folder)]
    folder = broken[0] if broken else Path(name_or_folder)
    if folder.is_dir():
        return bundle.read_spec(folder)
    names = ", ".join(spec.name for spec in installed) or "none"
    raise ModelError(f'There is no model "{name_or_folder}".', f"Installed: {names}. A bundle's folder works, too.")


def is_bundled(folder: Path) -> bool:
    """Return whether a bundle came with AutoLabel."""
    return folder.resolve().is_relative_to((locations.resources() / "Models").resolve())


def is_trusted(folder: Path, sha256: str | None = None) -> bool:
    """Return whether a bundle came with AutoLabel or the user approved exactly these files.

    Args:
        folder: Of the bundle.
        sha256: Its `bundle_sha256`, where it is known already.
    """
    return is_bundled(folder) or (sha256 or bundle.bundle_sha256(folder)) in _approvals()


def trust(folder: Path, sha256: str | None = None) -> str:
    """Remember that the user approves exactly these files of a bundle; return their common hash.

    Args:
        folder: Of the bundle.
        sha256: Its `bundle_sha256`, where it is known already.

    Raises:
        FileError: If it cannot be written down.
    """
    approved = sha256 or bundle.bundle_sha256(folder)
    path = _approvals_path()
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(sorted({*_approvals(), approved}), indent=1), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise FileError(f'The approval cannot be written to "{path}": {error.strerror}.') from error
    return approved


def _approvals_path() -> Path:
    return locations.user_data() / "approved_bundles.json"


def _approvals() -> set[str]:
    try:
        return set(json.loads(_approvals_path().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # unreadable or not a list of hashes: nothing is approved
        return set()
