"""Two labelmaps brought together: onto one grid, and segment by segment.

Which segments belong together is decided by their names. A plain label file has no names: its segments are called by
their values ("1", "2", …), and then the values decide; so they do where no name is the same. A segment that a plain
label file does not hold is empty there; one that a labelmap with names does not list was never asked for, and is left
out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import axis_order, index_from_ras, orientation, ras_from_index
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.grid import OnGrid
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.evaluation.metrics import Agreement, agreement

Box = tuple[slice, slice, slice]

# NIfTI keeps directions as float32 quaternions: corners of a large oblique volume come back a little off.
_TOLERANCE_VOXELS = 0.05


@dataclass(frozen=True)
class Pair:
    """A segment as it was predicted and as it is in the reference.

    Attributes:
        name: What a table calls it.
        predicted: None where the prediction does not hold it: it is empty there.
        reference: None where the reference does not hold it, likewise.
    """

    name: str
    predicted: Segment | None
    reference: Segment | None


@dataclass(frozen=True)
class Pairing:
    """Which segments belong together.

    Attributes:
        pairs: Those that are compared, in the reference's order.
        left_out: Names of those that only one side was asked for.
        by_value: Whether label values decided although both sides have names, of which none are the same.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...] = ()
    by_value: bool = False


@dataclass(frozen=True)
class Compared:
    """Agreement of one segment in one case.

    Attributes:
        segment: Name.
        agreement: The figures.
        in_reference: Whether the reference holds the segment, be it empty.
    """

    segment: str
    agreement: Agreement
    in_reference: bool


def compare(prediction: Labelmap, reference: Labelmap, resample: bool = False) -> tuple[list[Compared], Pairing]:
    """Return the agreement of each segment, and which segments were taken to belong together.

    Args:
        prediction: What is judged.
        reference: Taken as the truth; figures are measured on its grid.
        resample: Whether a prediction on another grid is brought onto the reference's.

    Raises:
        GeometryError: If the grids differ and resample is false.
        InputError: If no segments belong together.
    """
    prediction = on_grid_of(prediction, reference, resample)
    pairing = pair_segments(prediction.segments, reference.segments)
    boxes = _boxes(prediction), _boxes(reference)
    compared = []
    for pair in pairing.pairs:
        box = _union(_box(boxes[0], pair.predicted), _box(boxes[1], pair.reference))
        masks = _mask(prediction, pair.predicted, box), _mask(reference, pair.reference, box)
        compared.append(Compared(pair.name, agreement(*masks, reference.affine), pair.reference is not None))
    return compared, pairing


def _boxes(labelmap: Labelmap) -> list[list[Box | None]]:
    """Return per layer and label value (from 1 on) the box that holds its voxels: one pass for all segments.

    Looking for each segment in the whole volume took 28 s for 104 segments on 512 x 512 x 300 voxels, this 1 s.
    """
    from scipy.ndimage import find_objects

    # find_objects is seven times as fast along the memory, and Slicer's arrays lie the other way round.
    return [
        [found and found[::-1] for found in find_objects(layer.T)] if layer.flags.f_contiguous else find_objects(layer)
        for layer in labelmap.array
    ]


def _box(boxes: list[list[Box | None]], segment: Segment | None) -> Box | None:
    """Return the box that holds a segment; None where it has no voxels."""
    if segment is None or segment.label_value > len(boxes[segment.layer]):
        return None
    return boxes[segment.layer][segment.label_value - 1]


def _union(first: Box | None, second: Box | None) -> Box:
    """Return the box that holds two boxes; one without voxels where there is neither."""
    if first is None or second is None:
        return first or second or (slice(0, 0),) * 3
    sides = [slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True)]
    return (sides[0], sides[1], sides[2])


def _mask(labelmap: Labelmap, segment: Segment | None, box: Box) -> NDArray[np.bool_]:
    """Return the voxels of a segment within a box."""
    if segment is None:
        return np.zeros(tuple(side.stop - side.start for side in box), bool)
    return np.asarray(labelmap.array[segment.layer][box] == segment.label_value)


def pair_segments(predicted: Sequence[Segment], reference: Sequence[Segment]) -> Pairing:
    """Return which segments belong together.

    Raises:
        InputError: If both sides have segments, and neither names nor label values fit.
    """
    matches = _matches(predicted, reference, _belong_together)
    by_value = not (matches or _names_nothing(predicted) or _names_nothing(reference))
    if by_value:
        matches = _matches(predicted, reference, _have_one_value)
    if by_value and not matches:
        raise InputError(
            f"The segments of prediction ({_listed(predicted)}) and reference ({_listed(reference)}) have "
            "neither names nor label values in common.",
            "Rename the segments of one of them.",
        )
    pairs = [Pair(mine.name if _is_unnamed(true) else true.name, mine, true) for mine, true in matches]
    alone_predicted = [segment for segment in predicted if all(segment is not mine for mine, _ in matches)]
    alone_reference = [segment for segment in reference if all(segment is not true for _, true in matches)]
    if _names_nothing(predicted):
        pairs += [Pair(segment.name, None, segment) for segment in alone_reference]
        alone_reference = []
    if _names_nothing(reference):
        pairs += [Pair(segment.name, segment, None) for segment in alone_predicted]
        alone_predicted = []
    left_out = tuple(segment.name for segment in (*alone_reference, *alone_predicted))
    return Pairing(tuple(pairs), left_out, by_value)


def _matches(
    predicted: Sequence[Segment], reference: Sequence[Segment], belong: Callable[[Segment, Segment], bool]
) -> list[tuple[Segment, Segment]]:
    """Return (predicted, reference) segments that belong together, each used once."""
    matches, rest = [], list(predicted)
    for true in reference:
        mine = next((segment for segment in rest if belong(segment, true)), None)
        if mine is not None:
            matches.append((mine, true))
            rest = [segment for segment in rest if segment is not mine]
    return matches


def _belong_together(first: Segment, second: Segment) -> bool:
    if _is_unnamed(first) or _is_unnamed(second):
        return _have_one_value(first, second)
    return first.name.casefold() == second.name.casefold()


def _have_one_value(first: Segment, second: Segment) -> bool:
    return first.label_value == second.label_value


def _is_unnamed(segment: Segment) -> bool:
    return segment.name == str(segment.label_value)


def _names_nothing(segments: Sequence[Segment]) -> bool:
    return all(_is_unnamed(segment) for segment in segments)


def _listed(segments: Sequence[Segment]) -> str:
    return ", ".join(segment.name for segment in segments) or "none"


def on_grid_of(prediction: Labelmap, reference: OnGrid, resample: bool = False) -> Labelmap:
    """Return a prediction on the reference's grid; exactly, if they differ only in order and direction of the axes.

    Args:
        prediction: What is moved.
        reference: Whose grid it gets.
        resample: Whether it may be resampled, each voxel taking the label at its centre.

    Raises:
        GeometryError: If the grids differ and it may not.
    """
    tolerance_mm = _TOLERANCE_VOXELS * min(reference.spacing_mm)
    if prediction.same_grid(reference, tolerance_mm):
        return replace(prediction, affine=reference.affine)
    order = axis_order(prediction.affine, orientation(reference.affine))
    affine = order.apply_to_affine(prediction.affine, prediction.spatial_shape)
    reordered = replace(prediction, array=order.apply(prediction.array), affine=affine)
    if reordered.same_grid(reference, tolerance_mm):
        return replace(reordered, affine=reference.affine)
    if not resample:
        raise GeometryError(
            f"Prediction and reference lie on different grids: {_grid_text(prediction)} and {_grid_text(reference)}.",
            "Choose files of the same volume, or ask for resampling onto the reference's grid.",
        )
    return _resampled(prediction, reference)


def _resampled(labelmap: Labelmap, grid: OnGrid) -> Labelmap:
    from scipy.ndimage import affine_transform

    origin = index_from_ras(labelmap.affine, ras_from_index(grid.affine, (0, 0, 0)))
    matrix = np.linalg.inv(labelmap.affine[:3, :3]) @ grid.affine[:3, :3]
    # "grid-constant" lets the outer half of the border voxels count; "constant" would cut it off.
    layers = [
        affine_transform(layer, matrix, origin, grid.spatial_shape, order=0, mode="grid-constant")
        for layer in labelmap.array
    ]
    return Labelmap(np.stack(layers), grid.affine, labelmap.segments)


def _grid_text(labelmap: OnGrid) -> str:
    spacing = " x ".join(f"{value:g}" for value in np.round(labelmap.spacing_mm, 3))
    shape = " x ".join(str(count) for count in labelmap.spatial_shape)
    return f"{shape} voxels of {spacing} mm from RAS {np.round(labelmap.affine[:3, 3], 1).tolist()}"
