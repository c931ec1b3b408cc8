"""Whatever a user may pass as an image becomes an `Image`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.client.memory import check_fits
from AutoLabelLib.core.crop import IndexBox, Part, covering_box, cropped_image
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.core.prompt import Box

Source = Any
"""An `Image`, a path of an image file or of a folder with one DICOM series, a MRML volume node, or a list of those."""

Region = Any
"""A MRML markups ROI node, for a volume node; a `Box` in RAS mm, for anything else."""


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
    return _open(source, modality, series_uid, time_point, None)


def open_part(
    source: Source,
    roi: Region = None,
    modality: str = "",
    series_uid: str | None = None,
    time_point: int | None = None,
) -> Part:
    """Return the part of a source's image that a region of interest covers; without one, all of it.

    Args:
        source: See `Source`.
        roi: See `Region`; it may be turned against the image, whose smallest box of voxels around it is taken.
        modality: As in `open_source`.
        series_uid: As in `open_source`.
        time_point: As in `open_source`.

    Raises:
        InputError: If source or region cannot be used.
    """
    node = volume_node_of(source)
    if node is None:
        image = open_source(source, modality, series_uid, time_point)
        if roi is None:
            return Part(image, None, image)
        box = covering_box(image, _corners(roi))
        return Part(cropped_image(image, box), box, image)
    from AutoLabelLib.scene.regions import box_of_roi
    from AutoLabelLib.scene.volumes import check_kind, grid_of

    check_kind(node)
    grid = grid_of(node)
    box_or_all = box_of_roi(roi, node, grid) if roi is not None else None
    return Part(_open(source, modality, series_uid, time_point, box_or_all), box_or_all, grid)


def volume_node_of(source: Source) -> Any:
    """Return the (first) volume node of a source; None if it is none."""
    first = source[0] if isinstance(source, (list, tuple)) and source else source
    return first if is_node(first) else None


def _corners(roi: Region) -> Any:
    if not isinstance(roi, Box):
        raise InputError(
            f"Expected a Box as the region of an image that is no node, got {type(roi).__name__}.",
            "Make one from two opposite corners: AutoLabelLib.core.prompt.Box((r, a, s), (r, a, s)).",
        )
    return np.stack(np.meshgrid(*zip(roi.low_ras_mm, roi.high_ras_mm, strict=True)), axis=-1).reshape(-1, 3)


def _open(source: Source, modality: str, series_uid: str | None, time_point: int | None, box: IndexBox | None) -> Image:
    """Return the image of a source, and of a node only a box of it, so that the rest is not even copied."""
    if isinstance(source, (list, tuple)):
        if not source:
            raise InputError("The list of images is empty.", "Pass at least one image.")
        return stack_channels([_open(element, modality, series_uid, time_point, box) for element in source])
    if isinstance(source, Image):
        return replace(source, modality=modality) if modality and not source.modality else source
    if isinstance(source, (str, Path)):
        return _open_path(Path(source), modality, series_uid, time_point)
    if is_node(source):
        return _open_node(source, modality, box)
    raise InputError(
        f"Expected a volume node, an Image or a path, got {type(source).__name__}.",
        "Pass for example slicer.util.getNode('MRHead'), or the path of a NIfTI file.",
    )


def _open_node(volume_node: Any, modality: str, box: IndexBox | None) -> Image:
    from AutoLabelLib.scene.volumes import bytes_of, image_from_volume

    check_fits(bytes_of(volume_node, box))
    return image_from_volume(volume_node, modality, box)


def _open_path(path: Path, modality: str, series_uid: str | None, time_point: int | None) -> Image:
    if path.is_dir():
        from AutoLabelLib.dicom.series import read_series

        return read_series(path, series_uid=series_uid)
    from AutoLabelLib.files.images import read_image

    return read_image(path, modality=modality, time_point=time_point)
