"""Whatever a user may pass as an image becomes an `Image`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image, stack_channels

Source = Any
"""An `Image`, a path of an image file or of a folder with one DICOM series, a MRML volume node, or a list of those."""


def is_node(source: Source) -> bool:
    """Return whether something is a MRML node; loads nothing of Slicer to find out."""
    return hasattr(source, "IsA") and bool(source.IsA("vtkMRMLNode"))


def open_source(
    source: Source, modality: str = "", series_uid: str | None = None, time_point: int | None = None
) -> Image:
    """Return the image that a source stands for.

    Args:
        source: See `Source`; of a list, each element gives one or more channels, all on one grid.
        modality: DICOM modality, for files that do not say it (NIfTI, NRRD, MetaImage).
        series_uid: Which series of a DICOM folder, where there are several.
        time_point: Which volume of a 4D file, from 0.

    Raises:
        InputError: If it cannot be read, or is not one of these.
    """
    if isinstance(source, (list, tuple)):
        return _open_channels(source, modality, series_uid, time_point)
    if isinstance(source, Image):
        return replace(source, modality=modality) if modality and not source.modality else source
    if isinstance(source, (str, Path)):
        return _open_path(Path(source), modality, series_uid, time_point)
    if is_node(source):
        from AutoLabelLib.scene.volumes import image_from_volume

        return image_from_volume(source, modality=modality)
    raise InputError(
        f"Expected a volume node, an Image or a path, got {type(source).__name__}.",
        "Pass for example slicer.util.getNode('MRHead'), or the path of a NIfTI file.",
    )


def _open_channels(sources: Sequence[Source], modality: str, series_uid: str | None, time_point: int | None) -> Image:
    if not sources:
        raise InputError("The list of images is empty.", "Pass at least one image.")
    return stack_channels([open_source(source, modality, series_uid, time_point) for source in sources])


def _open_path(path: Path, modality: str, series_uid: str | None, time_point: int | None) -> Image:
    if path.is_dir():
        from AutoLabelLib.dicom.series import read_series

        return read_series(path, series_uid=series_uid)
    from AutoLabelLib.files.images import read_image

    return read_image(path, modality=modality, time_point=time_point)
