"""The models that the user added: copied in whole or not at all, and removed again."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import uuid
from collections.abc import Generator, Mapping
from pathlib import Path

from AutoLabelLib.core import bundle, catalogue, locations
from AutoLabelLib.core.errors import ChecksumError, FileError, ModelError
from AutoLabelLib.core.model import ModelSpec

_PIECE_BYTES = 4 * 2**20
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REMARKS = {
    errno.ENOSPC: "The disk is full: free some space.",
    errno.EDQUOT: "Your disk quota is used up: free some space.",
    errno.EACCES: "You may not write there, or not read the model's files.",
    errno.ELOOP: "A link in it points to itself: choose a folder without such links.",
}


def folder() -> Path:
    """Return the folder of the user's own models. Not created here."""
    return locations.user_data() / "models"


def is_users_own(spec: ModelSpec) -> bool:
    """Return whether the user added a model, so that it can be removed."""
    # The folder itself is not resolved: a link in there is the user's, wherever it points to.
    return spec.folder is not None and spec.folder.parent.resolve() == folder().resolve()


def check_can_be_added(source: Path) -> ModelSpec:
    """Return the contract of a bundle from elsewhere.

    Raises:
        ModelError: If it is no complete bundle, or a model of its name is installed already.
    """
    if not source.is_dir():
        raise ModelError(f'There is no folder "{source}".', "Choose the folder of a MONAI bundle.")
    spec = bundle.read_spec(source)
    if not any((source / config).is_file() for config in bundle.INFERENCE_CONFIGS):
        raise ModelError(
            f'The bundle "{source.name}" is incomplete: it has no configs/inference.json.',
            "Download it again, with all its files.",
        )
    weights = [path for path in (source / "models").rglob("*") if path.is_file() and path.stat().st_size > 0]
    if not weights:
        raise ModelError(
            f'The bundle "{source.name}" is incomplete: its folder models holds no weights.',
            "Download it again, with all its files.",
        )
    if not _SAFE_NAME.fullmatch(spec.name):
        raise ModelError(f'"{spec.name}" cannot be a model\'s name: it may hold letters, digits, "_", "-" and ".".')
    for installed in catalogue.models():
        if installed.name == spec.name:
            raise ModelError(f'A model "{spec.name}" is installed already.', "Remove it first.")
    if (folder() / spec.name).exists():
        raise ModelError(f'The folder "{folder() / spec.name}" is in the way.', "Delete it first.")
    return spec


def adding(source: Path) -> Generator[float, None, ModelSpec]:
    """Copy a bundle into the folder of the user's models, piece by piece; it appears there whole or not at all.

    Yields the fraction that is copied; closing the generator undoes everything. It does not approve what is
    copied: see `catalogue.trust`.

    Returns:
        The contract of the copy.

    Raises:
        ModelError: See `check_can_be_added`; ChecksumError if a file is not the published one.
        FileError: If it cannot be copied.
    """
    spec = check_can_be_added(source)
    target = folder() / spec.name
    beside = folder() / f".{spec.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        folder().mkdir(parents=True, exist_ok=True)
        yield from _copy(source, beside, spec)
        beside.rename(target)
    except OSError as error:
        remark = _REMARKS.get(error.errno or 0, "Look whether the folder can be read and the disk has room.")
        raise FileError(f'The model "{spec.name}" cannot be copied: {error.strerror or error}.', remark) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return bundle.read_spec(target)


def add(source: Path) -> ModelSpec:
    """Copy a bundle into the folder of the user's models; see `adding`."""
    return bundle.drained(adding(source))


def remove(spec: ModelSpec) -> None:
    """Delete a model that the user added, all its files.

    Raises:
        ModelError: If it is not one of those.
        FileError: If it cannot be deleted; it is then still there, or gone from the list.
    """
    if not is_users_own(spec):
        raise ModelError(
            f'"{spec.name}" came with AutoLabel and stays.', "Only models that you added yourself can be removed."
        )
    assert spec.folder is not None
    # Renamed first: a half-deleted model must not stay in the list.
    doomed = spec.folder.with_name(f".{spec.folder.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        if spec.folder.is_symlink():
            spec.folder.unlink()
            return
        spec.folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise FileError(
            f'The model "{spec.name}" cannot be deleted: {error.strerror or error}.',
            "A program may be using it: cancel what runs, then try again.",
        ) from error


def _copy(source: Path, target: Path, spec: ModelSpec) -> Generator[float, None, None]:
    files = sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    total = sum(path.stat().st_size for path in files)
    if shutil.disk_usage(folder()).free < total:
        raise OSError(errno.ENOSPC, "there is not enough room on the disk")
    done = 0
    hashes: dict[str, str] = {}
    for path in files:
        relative = path.relative_to(source)
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("rb") as reading, (target / relative).open("wb") as writing:
            while piece := reading.read(_PIECE_BYTES):
                writing.write(piece)
                digest.update(piece)
                done += len(piece)
                yield done / total if total else 1.0
        hashes[relative.as_posix()] = digest.hexdigest()
    _check_hashes(spec, hashes)


def _check_hashes(spec: ModelSpec, hashes: Mapping[str, str]) -> None:
    for relative, expected in spec.sha256.items():
        if hashes.get(relative) != expected:
            what = "is not the published one" if relative in hashes else "is missing"
            raise ChecksumError(f'The file {relative} of the model "{spec.name}" {what}.', "Download it again.")
