"""The scene into an .mrb file: everything in one zip archive that Slicer opens."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.files.atomic import check_target
from AutoLabelLib.scene.nodes import current_scene, load_slicer

SUFFIX = ".mrb"


def write_scene(path: str | Path, scene: Any = None) -> None:
    """Write a scene with all its data; on failure whatever was at the path stays as it was.

    Args:
        path: Name of the file, ending in .mrb.
        scene: The scene; None for the current one.

    Raises:
        FileError: If the path cannot be written, the disk is full, or a node cannot be stored.
    """
    path = Path(path)
    scene = scene or current_scene()
    if path.suffix.lower() != SUFFIX:
        raise FileError(f'A scene is written to a {SUFFIX} file, but "{path.name}" is none.', f"End it with {SUFFIX}.")
    with _folder_beside(path) as folder:
        beside = folder / path.name  # the archive's top folder gets the file's name
        messages = load_slicer().vtkMRMLMessageCollection()
        written = scene.WriteToMRB(str(beside), None, messages)
        if not written or not _is_whole(beside):
            reason = " ".join(messages.GetAllMessagesAsString().split())
            raise FileError(
                f'The scene could not be written to "{path}".' + (f" Slicer says: {reason}" if reason else ""),
                "Check that the disk has room enough, or choose another folder.",
            )
        try:
            beside.replace(path)
        except OSError as error:  # on Windows, while another program has it open
            raise FileError(f'"{path}" cannot be replaced: {error.strerror}.', "Close it where it is open.") from error


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """Give a new folder on the same disk as a path, and remove it afterwards with all that is in it."""
    check_target(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=".autolabel-", dir=path.resolve().parent))
    except OSError as error:
        raise FileError(f'"{path}" cannot be written: {error.strerror}.', "Choose another folder.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_whole(archive: Path) -> bool:
    """Return whether every file of an archive can be read back; a full disk cuts it off without an error."""
    try:
        with zipfile.ZipFile(archive) as content:
            return bool(content.namelist()) and content.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False
