"""Labelmap files in and out: Slicer's .seg.nrrd, and plain label files (NIfTI, NRRD, MetaImage)."""

from __future__ import annotations

import colorsys
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine
from AutoLabelLib.core.errors import FileError, UnsupportedVolumeError
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files import formats, segment_texts
from AutoLabelLib.files.atomic import replacing
from AutoLabelLib.files.images import read_voxels

WRITABLE = (formats.SEGMENTATION, *formats.NIFTI, ".nrrd", ".mha")
_SELF_DESCRIBING = (formats.SEGMENTATION, ".nrrd")
_SIDECAR_SUFFIX = ".segments.json"
# More values than any atlas has: an image was given where labels were meant.
_MOST_LABEL_VALUES = 1000


def read_labelmap(path: str | Path, segments: Sequence[Segment] | None = None) -> Labelmap:
    """Return the labelmap in a file.

    What Slicer cropped to the segments comes back on the grid of the volume that was segmented, if the file says
    which that was.

    Args:
        path: A .seg.nrrd file, or a plain label file (.nii, .nii.gz, .nrrd, .mha, …).
        segments: What the values of a plain label file mean; other values are ignored then. Without it the names come
            from the .segments.json beside the file, else each value that occurs becomes a segment named by it.

    Raises:
        FileError: If it is missing, damaged or of another format.
        UnsupportedVolumeError: If it does not hold labels.
        GeometryError: If its affine is singular.
    """
    path = Path(path)
    formats.check_readable(path)
    if formats.suffix(path) in (formats.SEGMENTATION, *formats.NRRD):
        return _read_nrrd(path, segments)
    image = read_voxels(path)
    array = _as_labels(image.array, path.name)
    named = segments or _read_sidecar(path) or _segments_by_value(array, path.name)
    return _labelmap(array, image.affine, named)


def write_labelmap(
    path: str | Path,
    labelmap: Labelmap,
    algorithm_name: str = "",
    algorithm_type: str = "AUTOMATIC",
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write a labelmap in the format that the path's ending names; on failure the path stays as it was.

    A .seg.nrrd (and .nrrd) holds names, colours, codes and tags in its header. Beside other formats, which cannot,
    a .segments.json is written. Only a .seg.nrrd holds segments that overlap.

    Args:
        path: Where to.
        labelmap: What to write.
        algorithm_name: Who made it; DICOM needs it for segments that no person drew. "" for those that one did.
        algorithm_type: DICOM's "AUTOMATIC", or "SEMIAUTOMATIC" where a person pointed at it.
        tags: Further tags that every segment gets, such as its provenance.

    Raises:
        FileError: If the path cannot be written, names no supported format, or the format cannot hold an overlap.
    """
    path = Path(path)
    made_by = {"DICOM.SegmentAlgorithmType": algorithm_type, "DICOM.SegmentAlgorithmName": algorithm_name}
    all_tags = {**(made_by if algorithm_name else {}), **(tags or {})}
    ending = formats.suffix(path)
    if ending not in WRITABLE:
        raise formats.unknown_format(path, WRITABLE)
    if ending != formats.SEGMENTATION:
        labelmap = _flattened(labelmap, path.name)
    with replacing(path) as beside:
        if ending in _SELF_DESCRIBING:
            from AutoLabelLib.files import nrrd

            texts = segment_texts.texts_from_labelmap(labelmap, all_tags)
            nrrd.write(beside, labelmap.array, labelmap.affine, texts, kind="list")
        else:
            _write_with_sidecar(path, beside, labelmap, all_tags)


def sidecar(path: str | Path) -> Path:
    """Return where the names of a plain label file's segments are kept: beside it, as .segments.json."""
    base = formats.without_suffix(Path(path))
    return base.with_name(base.name + _SIDECAR_SUFFIX)


def has_sidecar(path: str | Path) -> bool:
    """Return whether a file's format needs another file beside it for the names of the segments."""
    return formats.suffix(Path(path)) not in _SELF_DESCRIBING


def _read_nrrd(path: Path, segments: Sequence[Segment] | None) -> Labelmap:
    from AutoLabelLib.files import itk

    content = itk.read(path)
    array = _as_labels(content.image.array, path.name)
    affine = content.image.affine
    try:
        described = segment_texts.segments_from_texts(content.metadata)
        reference = segment_texts.reference_grid(content.metadata)
    except ValueError as error:
        raise FileError(f'The segments of "{path.name}" are not described as Slicer does: {error}.') from error
    if reference:
        array, affine = segment_texts.padded_to(array, affine, reference)
    named = described or segments or _read_sidecar(path) or _segments_by_value(array, path.name)
    return _labelmap(array, affine, named)


def _as_labels(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return label values as the smallest unsigned integers that hold them."""
    hint = "Choose a file of label values: 0 for background and whole positive numbers."
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high >= 2**32:
        raise UnsupportedVolumeError(f'"{name}" holds values from {low:g} to {high:g}, which are no labels.', hint)
    smallest = np.min_scalar_type(int(high))
    labels = array.astype(smallest, copy=False)
    if array.dtype.kind == "f" and not np.array_equal(labels, array):
        raise UnsupportedVolumeError(f'"{name}" holds fractions, which are no labels.', hint)
    return labels


def _segments_by_value(array: NDArray[Any], name: str) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    for layer, values in enumerate(array):
        for value in _occurring(values):
            if len(segments) == _MOST_LABEL_VALUES:
                raise UnsupportedVolumeError(
                    f'"{name}" holds more than {_MOST_LABEL_VALUES} different values: it looks like an image.',
                    "Choose a file of label values.",
                )
            segments.append(Segment(str(value), value, layer, color=_distinct_color(len(segments))))
    return tuple(segments)


def _occurring(values: NDArray[Any]) -> list[int]:
    """Return the values above 0 that occur; counting is ten times as fast as sorting where they are small."""
    if values.dtype.itemsize <= 2:
        return [int(value) for value in np.flatnonzero(np.bincount(values.ravel(order="K"))) if value]
    return [int(value) for value in np.unique(values) if value]


def _distinct_color(index: int) -> tuple[float, float, float]:
    """Return a colour unlike its predecessors': hues a golden angle apart."""
    return colorsys.hsv_to_rgb((index * 0.618034) % 1.0, 0.65, 0.9)


def _labelmap(array: NDArray[Any], affine: Affine, segments: Sequence[Segment]) -> Labelmap:
    """Return a labelmap whose type holds the values of empty segments, too."""
    highest = max((segment.label_value for segment in segments), default=0)
    dtype = np.promote_types(array.dtype, np.min_scalar_type(highest))
    return Labelmap(array.astype(dtype, copy=False), affine, tuple(segments))


def _flattened(labelmap: Labelmap, name: str) -> Labelmap:
    """Return a labelmap with a single layer and the same label values."""
    if len(labelmap.array) == 1:
        return labelmap
    values = [segment.label_value for segment in labelmap.segments]
    occupied = np.count_nonzero(labelmap.array, axis=0)
    if len(set(values)) != len(values) or (occupied > 1).any():
        raise FileError(
            f'"{name}" cannot hold segments that overlap or share a label value.', "Write a .seg.nrrd instead."
        )
    flat = labelmap.array.max(axis=0, keepdims=True)
    return Labelmap(flat, labelmap.affine, tuple(dataclasses.replace(s, layer=0) for s in labelmap.segments))


def _write_with_sidecar(path: Path, beside: Path, labelmap: Labelmap, tags: Mapping[str, str]) -> None:
    if formats.suffix(path) in formats.NIFTI:
        from AutoLabelLib.files import nifti

        nifti.write(beside, labelmap.array, labelmap.affine)
    else:
        from AutoLabelLib.files import metaimage

        metaimage.write(beside, labelmap.array, labelmap.affine)
    description = {"segments": [segment.to_json() for segment in labelmap.segments], "tags": dict(tags)}
    with replacing(sidecar(path)) as names:
        names.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_sidecar(path: Path) -> tuple[Segment, ...]:
    names = sidecar(path)
    if not names.is_file():
        return ()
    try:
        entries = json.loads(names.read_text(encoding="utf-8"))["segments"]
        return tuple(Segment.from_json(entry) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f'The names of segments in "{names.name}" cannot be read.', "Correct or remove it.") from error
